/** The buttons and the strip of the surface. */

import { element, mark } from "./element.js";

/** A button that is held as long as it is pressed, with a lamp. */
export class Button {
  #send;
  #name;
  #text;
  #down = false;

  constructor(name, text, send) {
    this.#name = name;
    this.#send = send;
    this.#text = text;
    this.word = element("span", {}, text);
    this.node = element(
      "button.key",
      {
        type: "button",
        "data-name": name,
        onpointerdown: (event) => {
          if (event.button > 0) return;
          this.node.setPointerCapture(event.pointerId);
          this.#press(true);
        },
        onpointerup: () => this.#press(false),
        onpointercancel: () => this.#press(false),
        oncontextmenu: (event) => event.preventDefault(),
        onkeydown: (event) => this.#key(event, true),
        onkeyup: (event) => this.#key(event, false),
        onblur: () => this.#press(false),
      },
      this.word,
    );
  }

  /** Show a light [colour, level, motion]; `label` is another word for it, `use` what it does. */
  show([colour, level, motion], label, use) {
    this.node.style.setProperty("--colour", colour);
    this.node.dataset.level = level;
    this.node.dataset.motion = motion;
    const word = label ?? this.#text;
    if (this.word.textContent !== word) this.word.textContent = word;
    const about = use ? `${this.#text || word}: ${use}` : this.#text;
    mark(this.node, "title", about);
    mark(this.node, "aria-label", word && word !== this.#text ? `${word}, ${about}` : about);
    mark(this.node, "aria-pressed", String(level === 2));
  }

  tap() {
    this.#press(true);
    this.#press(false);
  }

  press(down) {
    this.#press(down);
  }

  #press(down) {
    if (down === this.#down) return;
    this.#down = down;
    this.node.classList.toggle("held", down);
    this.#send({ do: "button", name: this.#name, down });
  }

  #key(event, down) {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.#press(down);
  }
}

/** The touch strip, from 0 at the bottom to 1. */
export class Strip {
  #send;
  #share = 0;

  constructor(send) {
    this.#send = send;
    this.bar = element("div.level");
    this.node = element(
      "div.strip",
      {
        role: "slider",
        tabIndex: 0,
        "aria-label": "Strip, expression of the page",
        "aria-orientation": "vertical",
        "aria-valuemin": "0",
        "aria-valuemax": "100",
        onpointerdown: (event) => {
          if (event.button > 0) return;
          this.node.setPointerCapture(event.pointerId);
          this.#move(event);
        },
        onpointermove: (event) => this.node.hasPointerCapture(event.pointerId) && this.#move(event),
        onpointerup: () => this.#send({ do: "strip", place: null }),
        onpointercancel: () => this.#send({ do: "strip", place: null }),
        onkeydown: (event) => this.#key(event),
        onblur: () => this.#send({ do: "strip", place: null }),
      },
      this.bar,
    );
  }

  /** Show a bar from `rest` to `share`. */
  show({ share, rest }, colour) {
    this.#share = share;
    this.node.style.setProperty("--colour", colour);
    const [low, high] = share < rest ? [share, rest] : [rest, share];
    this.bar.style.bottom = `${100 * low}%`;
    this.bar.style.height = `${Math.max(100 * (high - low), 1)}%`;
    mark(this.node, "aria-valuenow", String(Math.round(100 * share)));
  }

  #move(event) {
    const box = this.node.getBoundingClientRect();
    const place = Math.min(Math.max((box.bottom - event.clientY) / box.height, 0), 1);
    this.#send({ do: "strip", place });
  }

  #key(event) {
    const by = { ArrowUp: 0.02, ArrowDown: -0.02, PageUp: 0.1, PageDown: -0.1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#share = Math.min(Math.max(this.#share + by, 0), 1);
    this.#send({ do: "strip", place: this.#share });
  }
}
