/** Making elements in one expression. */

/** Return an element `tag.class` with `properties` (on… are listeners) and children. */
export function element(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name || "div");
  if (classes.length) made.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && !key.startsWith("aria")) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Set text only where it differs: a screen reader should not hear the same twice. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Set an attribute only where it differs. */
export function mark(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

const notices = document.getElementById("notices");

/** Show a sentence for some seconds. */
export function notice(text, bad = false) {
  const last = [...notices.children].find((each) => each.textContent === text);
  last?.remove();
  const shown = element(bad ? "p.notice.bad" : "p.notice", {}, text);
  notices.append(shown);
  while (notices.children.length > 4) notices.firstChild.remove();
  setTimeout(() => shown.remove(), bad ? 8000 : 4000);
}
