/** The page: who may come in, which page is open, what is asked for. */

import { notice, write } from "./element.js";
import { filesPage } from "./files.js";
import { Line } from "./line.js";
import { Listening } from "./listen.js";
import { meter } from "./meter.js";
import { parametersPage } from "./parameters.js";
import { playPage } from "./play.js";
import { presetsPage } from "./presets.js";
import { scopePage } from "./scope.js";
import { statusPage } from "./status.js";
import { Store } from "./store.js";

const at = (id) => document.getElementById(id);

const line = new Line("/live");
const store = new Store(line);
const pages = {
  play: playPage(at("page-play"), store),
  presets: presetsPage(at("page-presets"), store),
  parameters: parametersPage(at("page-parameters"), store),
  scope: scopePage(at("page-scope"), store),
  files: filesPage(at("page-files"), store),
  status: statusPage(at("page-status"), store),
};
let open = null;

function route() {
  const name = location.hash.slice(1);
  if (name === "main") return;
  const wanted = name in pages ? name : "play";
  for (const each of Object.keys(pages)) at(`page-${each}`).hidden = each !== wanted;
  for (const link of at("tabs").children) {
    if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${wanted[0].toUpperCase()}${wanted.slice(1)} – ${at("name").textContent}`;
  if (open !== wanted) pages[open]?.close?.();
  open = wanted;
  ask();
  pages[wanted].open?.();
}

/** Only what is on the screen is asked for: a hidden page costs the box nothing. */
function ask() {
  line.show(document.hidden ? [] : (pages[open]?.topics ?? []));
}

async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", location.pathname);
    await login(token);
  }
  while (!(await admitted())) await askForToken();
  line.open();
  route();
}

async function admitted() {
  const answer = await fetch("/login");
  return (await answer.json()).admitted;
}

async function login(token) {
  const answer = await fetch("/login", { method: "POST", body: JSON.stringify({ token }) });
  at("login-error").textContent = answer.ok ? "" : await answer.text();
  return answer.ok;
}

function askForToken() {
  const dialog = at("login");
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = async () => {
      await login(at("token").value);
      done();
    };
  });
}

store.addEventListener("status", () => {
  const { connected, engine } = store.status;
  at("link").classList.toggle("on", connected);
  write(at("link"), connected ? "playing" : "no engine");
  if (engine.name) write(at("name"), engine.name);
});
line.addEventListener("error", ({ detail }) => notice(detail.text, true));
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", ask);

meter(at("meter"), store);
const listening = new Listening(at("listen"));
at("keys").addEventListener("click", () => at("help").showModal());
addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, dialog")) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    line.command(event.shiftKey ? "/preset/redo" : "/preset/undo");
  } else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === "[") line.command("/preset/previous");
  else if (key === "]") line.command("/preset/next");
  else if (key === "?") at("help").showModal();
  else if (key === "l") listening.toggle();
  else if (!(open === "play" && pages.play.key(event))) return;
  event.preventDefault();
});

enter();
