/** The 64 pads: struck by mouse, by any number of fingers, by keys; pressed harder while held. */

import { element, mark, write } from "./element.js";

const SIDE = 8;
const REACH = 90; // pixels of a drag that are full pressure

export class Pads {
  #send;
  #held = new Map();
  #last = [];

  constructor(send) {
    this.#send = send;
    this.pads = Array.from({ length: SIDE * SIDE }, (_, n) =>
      element("button.pad", {
        type: "button",
        tabIndex: n ? -1 : 0,
        "aria-label": `Pad ${Math.floor(n / SIDE) + 1}, ${(n % SIDE) + 1}`,
      }, element("span", { "aria-hidden": "true" })),
    );
    this.node = element(
      "div.pads",
      {
        role: "group",
        "aria-label": "Pads",
        onpointerdown: (event) => this.#down(event),
        onpointermove: (event) => this.#move(event),
        onpointerup: (event) => this.#up(event),
        onpointercancel: (event) => this.#up(event),
        onkeydown: (event) => this.#keyDown(event),
        onkeyup: (event) => this.#keyUp(event),
        onfocusout: () => this.#release("key"),
        oncontextmenu: (event) => event.preventDefault(),
      },
      ...this.pads,
    );
  }

  /** Show 64 lights, each [colour, level, motion]; `names` label the pads that have one. */
  show(lights, names) {
    lights.forEach(([colour, level, motion], n) => {
      const key = `${colour} ${level} ${motion}`;
      const pad = this.pads[n];
      if (this.#last[n] !== key) {
        this.#last[n] = key;
        pad.style.setProperty("--colour", colour);
        pad.dataset.level = level;
        pad.dataset.motion = motion;
      }
      const label = names?.get(n) ?? `Pad ${Math.floor(n / SIDE) + 1}, ${(n % SIDE) + 1}`;
      mark(pad, "aria-label", level ? label : `${label}, dark`);
      write(pad.firstChild, level && names?.has(n) ? names.get(n) : "");
    });
  }

  focus() {
    this.pads.find((pad) => pad.tabIndex === 0).focus();
  }

  #down(event) {
    const n = this.pads.indexOf(event.target.closest(".pad"));
    if (n < 0 || event.button > 0) return;
    event.target.releasePointerCapture?.(event.pointerId);
    this.node.setPointerCapture(event.pointerId);
    const box = this.pads[n].getBoundingClientRect();
    // A finger tells how hard it is; a mouse by how low on the pad it strikes.
    const hard = event.pointerType === "mouse" || event.pressure === 0.5 || !event.pressure
      ? 0.35 + 0.65 * ((event.clientY - box.top) / box.height)
      : event.pressure;
    this.#strike(event.pointerId, n, Math.max(1, Math.round(127 * Math.min(hard, 1))));
    this.#held.get(event.pointerId).y = event.clientY;
  }

  #move(event) {
    const held = this.#held.get(event.pointerId);
    if (!held) return;
    const pressed = event.pointerType !== "mouse" && event.pressure && event.pressure !== 0.5;
    const pressure = pressed ? event.pressure : (held.y - event.clientY) / REACH;
    const rounded = Math.round(64 * Math.min(Math.max(pressure, 0), 1)) / 64;
    if (rounded === held.pressure) return;
    held.pressure = rounded;
    this.pads[held.pad].style.setProperty("--pressure", rounded);
    this.#send({ do: "pressure", pad: held.pad, pressure: rounded });
  }

  #up(event) {
    this.#release(event.pointerId);
  }

  #strike(id, pad, velocity) {
    this.#release(id);
    this.#held.set(id, { pad, y: 0, pressure: 0 });
    this.pads[pad].classList.add("held");
    this.#send({ do: "pad", pad, velocity });
    this.#rove(pad);
  }

  #release(id) {
    const held = this.#held.get(id);
    if (!held) return;
    this.#held.delete(id);
    this.pads[held.pad].classList.remove("held");
    this.pads[held.pad].style.removeProperty("--pressure");
    this.#send({ do: "release", pad: held.pad });
  }

  #rove(n) {
    for (const pad of this.pads) if (pad.tabIndex === 0) pad.tabIndex = -1;
    this.pads[n].tabIndex = 0;
  }

  #keyDown(event) {
    const n = this.pads.indexOf(event.target);
    if (n < 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (step !== undefined) {
      const to = n + step;
      const across = Math.abs(step) === 1 && Math.floor(to / SIDE) !== Math.floor(n / SIDE);
      if (to >= 0 && to < SIDE * SIDE && !across) {
        this.#rove(to);
        this.pads[to].focus();
      }
    } else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat) this.#strike("key", n, 100);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyUp(event) {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    this.#release("key");
  }
}
