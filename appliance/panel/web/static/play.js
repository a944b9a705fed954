/** The virtual Push, drawn from the same state as the real one; OLED and footswitch beside it. */

import { Button, Strip } from "./controls.js";
import { element, mark } from "./element.js";
import { Encoder } from "./encoder.js";
import { Pads } from "./pads.js";

const LEFT = [
  ["tap_tempo", "Tap Tempo"], ["metronome", "Metronome"], ["delete", "Delete"], ["undo", "Undo"],
  ["mute", "Mute"], ["solo", "Solo"], ["stop_clip", "Stop"], ["convert", "Compare"],
  ["double_loop", "Double Loop"], ["quantize", "Quantize"], ["duplicate", "Duplicate"], ["new", "New"],
  ["fixed_length", "Timed"], ["automate", "Reverse"], ["record", "Record"], ["play", "Play"],
];
const RIGHT = [
  ["setup", "Setup"], ["user", "User"], ["device", "Device"], ["browse", "Browse"], ["mix", "Mix"],
  ["clip", "Clip"], ["master", "Master"], ["up", "▲"], ["left", "◀"], ["right", "▶"], ["down", "▼"],
  ["repeat", "Repeat"], ["accent", "Latch"], ["scale", "Pressure"], ["layout", "Layout"],
  ["note", "Note"], ["session", "Presets"], ["octave_up", "Octave +"], ["octave_down", "Octave −"],
  ["page_left", "◀ Page"], ["page_right", "Page ▶"], ["shift", "Shift"], ["select", "Select"],
];
const DARK = ["#ececec", 0, 0];
const WIDTH = 960;
const HEIGHT = 160;

const eight = Array.from({ length: 8 }, (_, n) => n + 1);

/** Build the page in `root`; return what the rest of the program asks of a page. */
export function playPage(root, store) {
  const { line } = store;
  const send = (message) => line.send(message);
  const encoders = new Map();
  const keys = new Map();
  const uses = {};

  const encoder = (name, label) => {
    const made = new Encoder(name, label, send);
    encoders.set(name, made);
    return made.node;
  };
  const key = (name, text = "") => {
    const made = new Button(name, text, send);
    keys.set(name, made);
    return made.node;
  };

  const canvases = [0, 1].map((half) =>
    element("canvas", {
      width: WIDTH / 2, height: HEIGHT, role: "img", "aria-label": half ? "" : "Display",
      "aria-hidden": half ? "true" : "false",
    }),
  );
  const halves = [0, 1].map((half) => {
    const numbers = eight.slice(4 * half, 4 * half + 4);
    return element(
      "div.half",
      {},
      element("div.row.encoders", {}, ...numbers.map((n) => encoder(`encoder_${n}`, `Encoder ${n}`))),
      element("div.row.upper", {}, ...numbers.map((n) => key(`upper_${n}`, `Upper ${n}`))),
      element("div.glass", {}, canvases[half]),
      element("div.row.lower", {}, ...numbers.map((n) => key(`lower_${n}`, `Lower ${n}`))),
    );
  });
  const strip = new Strip(send);
  const pads = new Pads(send);
  const left = element("div.side.left", {}, ...LEFT.map(([name, text]) => key(name, text)));
  const right = element("div.side.right", {}, ...RIGHT.map(([name, text]) => key(name, text)));
  const scenes = element("div.scenes", {}, ...eight.map((n) => key(`scene_${n}`, `Layer ${n}`)));
  const knobs = [
    element("div.knob", {}, encoder("tempo", "Tempo"), element("span", { "aria-hidden": "true" }, "Tempo")),
    element("div.knob", {}, encoder("swing", "Morph time"), element("span", { "aria-hidden": "true" }, "Morph time")),
    element("div.knob", {}, encoder("master", "Master level"), element("span", { "aria-hidden": "true" }, "Master")),
  ];
  const oled = element("canvas", { width: 128, height: 64, role: "img", "aria-label": "OLED" });
  const device = element(
    "div.push",
    { role: "group", "aria-label": "Push" },
    element("div.corner.west", {}, knobs[0], knobs[1]),
    element("div.top", {}, ...halves),
    element("div.corner.east", {}, knobs[2]),
    left,
    element("div.centre", {}, strip.node, pads.node, scenes),
    right,
  );
  const foot = element(
    "div.box",
    {},
    element("div.oled", { hidden: true }, oled),
    pedal("Previous preset", 0),
    pedal("Next preset", 1),
  );
  root.append(device, foot);

  function pedal(text, number) {
    const press = (down) => send({ do: "pedal", switch: number, down });
    const node = element("button.pedal", {
      type: "button",
      onpointerdown: () => press(true),
      onpointerup: () => press(false),
      onpointercancel: () => press(false),
      onpointerleave: () => press(false),
      onkeydown: (event) => {
        if ((event.key === " " || event.key === "Enter") && !event.repeat) press(true);
      },
      onkeyup: (event) => (event.key === " " || event.key === "Enter") && press(false),
    }, element("i", { "aria-hidden": "true" }), element("span", {}, text));
    return node;
  }

  let lights = { pads: Array(64).fill(DARK), buttons: {}, strip: { share: 0, rest: 0 } };
  let screen = null;

  function draw() {
    const names = padNames();
    pads.show(lights.pads, names);
    for (const [name, button] of keys) {
      const [row, place] = name.split("_");
      const n = Number(place) - 1;
      let label;
      if (row === "upper") label = screen?.tabs[n]?.text ?? "";
      if (row === "lower") label = screen?.lower[n]?.text ?? "";
      if (row === "scene") label = screen?.layers[n]?.text ?? "";
      button.show(lights.buttons[name] ?? DARK, label, uses[name]);
    }
    strip.show(lights.strip, screen?.colour ?? "#ececec");
    if (!screen) return;
    device.style.setProperty("--page", screen.colour);
    screen.columns.forEach((column, n) => encoders.get(`encoder_${n + 1}`).show(column));
    const columns = screen.columns.filter(Boolean).map((c) => `${c.name} ${c.value} ${c.unit}`.trim());
    mark(canvases[0], "aria-label", `Display: ${screen.title}. ${columns.join(", ")}`);
  }

  /** Names for the pads while they are the presets. */
  function padNames() {
    if (!lights.presets) return null;
    return new Map(Array.from({ length: 64 }, (_, n) => [n, `${n + 1} ${store.bank.get(n + 1)?.name ?? "empty"}`]));
  }

  line.addEventListener("lights", ({ detail }) => {
    lights = { ...lights, ...detail.lights };
    draw();
  });
  line.addEventListener("uses", ({ detail }) => {
    Object.assign(uses, detail.uses);
    draw();
  });
  store.addEventListener("bank", draw);
  line.addEventListener("screen", ({ detail }) => {
    screen = detail.screen;
    draw();
  });
  line.addEventListener("picture", async ({ detail }) => {
    const { kind, x, y, frame, png } = detail;
    const image = await createImageBitmap(png);
    if (kind === 1) {
      canvases[0].getContext("2d").drawImage(image, x, y);
      canvases[1].getContext("2d").drawImage(image, x - WIDTH / 2, y);
      device.dataset.frame = frame;
    } else {
      oled.parentNode.hidden = false;
      oled.getContext("2d").drawImage(image, x, y);
    }
    image.close();
    send({ do: "seen", frame });
  });
  store.addEventListener("values", drawKnobs);
  store.addEventListener("status", drawKnobs);

  /** The three knobs outside the display turn the same thing on every page. */
  function drawKnobs() {
    if (root.hidden) return;
    knob("tempo", "/clock/tempo", "Tempo");
    knob("master", "/master/level_db", "Master level");
    const seconds = store.presets.seconds ?? 0;
    encoders.get("swing").show({
      name: "Morph time", value: seconds.toFixed(1), unit: "s", share: Math.cbrt(seconds / 60), rest: 0, colour: "#ececec",
    });
  }

  function knob(name, address, text) {
    const row = store.byAddress.get(address);
    if (!row) return encoders.get(name).show(null);
    const value = store.values.get(address) ?? row.default;
    const share = (value - row.minimum) / (row.maximum - row.minimum);
    encoders.get(name).show({
      name: text, value: String(Math.round(10 * value) / 10), unit: row.unit, share, rest: 0, colour: "#ececec",
    });
  }

  return {
    topics: ["face"],
    open: drawKnobs,
    key(event) {
      if (/^[1-8]$/.test(event.key)) encoders.get(`encoder_${event.key}`).node.focus();
      else if (/^F[1-8]$/.test(event.key)) {
        keys.get(`${event.shiftKey ? "lower" : "upper"}_${event.key[1]}`).tap();
      } else if (event.key.toLowerCase() === "p") pads.focus();
      else if (event.key === "Shift" && !event.repeat) {
        keys.get("shift").press(true);
        addEventListener("keyup", function up(end) {
          if (end.key !== "Shift") return;
          keys.get("shift").press(false);
          removeEventListener("keyup", up);
        });
      } else return false;
      return true;
    },
  };
}
