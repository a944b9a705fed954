/** An endless knob: dragged, wheeled, turned with keys; its arc is the place of what it turns. */

import { element, mark } from "./element.js";

const SVG = "http://www.w3.org/2000/svg";
const FROM = -135;
const SWEEP = 270;
/** Steps of the encoder per pixel of a drag, per notch of a wheel, per key. */
const DRAG = 1;
const NOTCH = 6;
const KEY = 2;
const PAGE = 20;

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function point(share, radius) {
  const angle = ((FROM + SWEEP * share - 90) * Math.PI) / 180;
  return [32 + radius * Math.cos(angle), 32 + radius * Math.sin(angle)];
}

function arc(from, to, radius) {
  const [low, high] = from < to ? [from, to] : [to, from];
  const [x0, y0] = point(low, radius);
  const [x1, y1] = point(high, radius);
  const large = (high - low) * SWEEP > 180 ? 1 : 0;
  return `M${x0.toFixed(2)} ${y0.toFixed(2)}A${radius} ${radius} 0 ${large} 1 ${x1.toFixed(2)} ${y1.toFixed(2)}`;
}

/** `send` gets {do: "touch" or "turn", name, …} messages, and "reset" for Delete. */
export class Encoder {
  #send;
  #name;
  #touched = false;
  #rest = 0;
  #last = "";

  constructor(name, label, send) {
    this.#name = name;
    this.#send = send;
    this.track = svg("path", { class: "track", d: arc(0, 1, 27) });
    this.fill = svg("path", { class: "fill" });
    this.pointer = svg("line", { class: "pointer", x1: 32, y1: 17, x2: 32, y2: 25 });
    const drawing = svg("svg", { viewBox: "0 0 64 64", "aria-hidden": "true" });
    drawing.append(
      this.track,
      this.fill,
      svg("circle", { class: "cap", cx: 32, cy: 32, r: 20 }),
      svg("circle", { class: "rim", cx: 32, cy: 32, r: 20 }),
      this.pointer,
    );
    this.node = element("div.encoder", {
      role: "slider",
      tabIndex: 0,
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": "0",
      "aria-orientation": "vertical",
      onpointerdown: (event) => this.#grab(event),
      onpointermove: (event) => this.#drag(event),
      onpointerup: (event) => this.#drop(event),
      onpointercancel: (event) => this.#drop(event),
      onkeydown: (event) => this.#key(event),
      onfocus: () => this.node.matches(":focus-visible") && this.#touch(true),
      onblur: () => this.#touch(false),
      ondblclick: () => this.#reset(),
    });
    this.node.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.node.append(drawing);
  }

  /** Show a column of the screen; null is an encoder without a use. */
  show(column) {
    const now = JSON.stringify(column);
    if (now === this.#last) return;
    this.#last = now;
    this.node.classList.toggle("unused", !column);
    mark(this.node, "aria-disabled", String(!column));
    if (!column) {
      this.fill.removeAttribute("d");
      mark(this.node, "aria-valuetext", "no use on this page");
      return;
    }
    const share = Math.min(Math.max(column.share, 0), 1);
    this.node.style.setProperty("--colour", column.colour);
    this.node.classList.toggle("muted", column.muted);
    this.node.classList.toggle("touched", column.touched);
    this.fill.setAttribute("d", Math.abs(share - column.rest) < 0.002 ? "" : arc(column.rest, share, 27));
    this.pointer.setAttribute("transform", `rotate(${FROM + SWEEP * share} 32 32)`);
    mark(this.node, "aria-label", column.name);
    mark(this.node, "aria-valuenow", String(Math.round(100 * share)));
    mark(this.node, "aria-valuetext", `${column.value} ${column.unit}`.trim());
  }

  #touch(on) {
    if (on === this.#touched) return;
    this.#touched = on;
    this.#send({ do: "touch", name: this.#name, on });
  }

  #turn(steps) {
    this.#rest += steps;
    const whole = Math.trunc(this.#rest);
    this.#rest -= whole;
    if (whole) this.#send({ do: "turn", name: this.#name, steps: whole });
  }

  #grab(event) {
    if (event.button > 0) return;
    this.node.setPointerCapture(event.pointerId);
    this.from = [event.clientX, event.clientY];
    this.#touch(true);
  }

  #drag(event) {
    if (!this.node.hasPointerCapture(event.pointerId)) return;
    const [x, y] = this.from;
    this.from = [event.clientX, event.clientY];
    this.#turn(DRAG * (y - event.clientY + 0.6 * (event.clientX - x)));
  }

  #drop(event) {
    if (this.node.hasPointerCapture(event.pointerId)) this.node.releasePointerCapture(event.pointerId);
    this.#rest = 0;
    if (document.activeElement !== this.node || event.pointerType !== "mouse") this.#touch(false);
    else if (!this.node.matches(":focus-visible")) this.#touch(false);
  }

  #wheel(event) {
    event.preventDefault();
    const size = event.deltaMode ? 1 : Math.min(Math.abs(event.deltaY || event.deltaX) / 50, 2);
    const way = Math.sign(event.deltaY || event.deltaX);
    this.#turn(-way * NOTCH * size);
    this.#touch(true);
    clearTimeout(this.wheeled);
    this.wheeled = setTimeout(() => this.#touch(document.activeElement === this.node), 900);
  }

  #reset() {
    this.#send({ do: "button", name: "delete", down: true });
    this.#touch(false);
    this.#touch(true);
    this.#send({ do: "button", name: "delete", down: false });
    this.#touch(document.activeElement === this.node);
  }

  #key(event) {
    const steps = {
      ArrowUp: KEY, ArrowRight: KEY, ArrowDown: -KEY, ArrowLeft: -KEY, PageUp: PAGE, PageDown: -PAGE,
      Home: -2000, End: 2000,
    }[event.key];
    if (steps !== undefined && !event.ctrlKey && !event.altKey) {
      this.#touch(true);
      this.#turn(steps);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.#reset();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
