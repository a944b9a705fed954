/** What flows: the output's waveform, and the eight latents of each module over time. */

import { element } from "./element.js";

const SECONDS = 8;
const COLOURS = ["#ffb214", "#40acff", "#a86cff", "#3cd660", "#ff5ca4", "#18d0b0", "#ff762c", "#ececec"];

export function scopePage(root, store) {
  const wave = element("canvas", { role: "img", "aria-label": "Waveform of the output" });
  const lanes = element("canvas", { role: "img", "aria-label": "Latents over time" });
  const chooser = element("div.chips", { role: "group", "aria-label": "Module" });
  const scale = element("select", { "aria-label": "Latent range" },
    ...[1, 2, 4, 8].map((n) => element("option", { value: String(n) }, `±${n}`)));
  scale.value = "4";
  root.append(
    element("h2", {}, "Output"), element("div.paper", {}, wave),
    element("div.tools", {}, element("h2", {}, "Latents"), chooser, element("label.check", {}, "range", scale)),
    element("div.paper.tall", {}, lanes),
  );
  let chosen = 0; // 0 is the sum of all modules
  let history = [];
  let samples = new Int16Array(0);
  let drawing = false;

  store.line.addEventListener("waveform", ({ detail }) => {
    samples = detail;
  });
  store.line.addEventListener("latents", ({ detail }) => {
    history.push([performance.now(), detail.latents]);
    const oldest = performance.now() - 1000 * SECONDS - 200;
    while (history.length && history[0][0] < oldest) history.shift();
    const modules = ["all", ...(store.status.engine.modules ?? [])];
    if (chooser.children.length !== modules.length) choices(modules);
  });

  function choices(modules) {
    chosen = Math.min(chosen, modules.length - 1);
    chooser.replaceChildren(...modules.map((name, n) =>
      element("button.chip", {
        type: "button", "aria-pressed": String(n === chosen),
        onclick: () => {
          chosen = n;
          [...chooser.children].forEach((chip, m) => chip.setAttribute("aria-pressed", String(m === n)));
        },
      }, name)));
  }

  const latent = (modules, channel) =>
    chosen ? (modules[chosen - 1]?.[channel] ?? 0) : modules.reduce((sum, each) => sum + each[channel], 0);

  function fit(canvas) {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const paper = canvas.getContext("2d");
    paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    paper.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    return [paper, canvas.clientWidth, canvas.clientHeight];
  }

  function drawWave() {
    const [paper, width, height] = fit(wave);
    paper.strokeStyle = "#2b2f35";
    paper.beginPath();
    paper.moveTo(0, height / 2);
    paper.lineTo(width, height / 2);
    paper.stroke();
    let peak = 0.02;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample) / 32768);
    const gain = (0.45 * height) / Math.max(peak, 0.1);
    paper.strokeStyle = "#ffb214";
    paper.lineWidth = 1.6;
    paper.beginPath();
    samples.forEach((sample, n) => {
      const x = (n / Math.max(samples.length - 1, 1)) * width;
      paper.lineTo(x, height / 2 - (sample / 32768) * gain);
    });
    paper.stroke();
    paper.fillStyle = "#7d838c";
    paper.font = "12px system-ui, sans-serif";
    paper.fillText(`peak ${(20 * Math.log10(peak)).toFixed(0)} dB`, 8, 16);
  }

  function drawLanes() {
    const [paper, width, height] = fit(lanes);
    const lane = height / 8;
    const range = Number(scale.value);
    const now = performance.now();
    paper.font = "12px system-ui, sans-serif";
    for (let channel = 0; channel < 8; channel += 1) {
      const middle = lane * (channel + 0.5);
      paper.strokeStyle = "#202429";
      paper.lineWidth = 1;
      paper.beginPath();
      paper.moveTo(0, middle);
      paper.lineTo(width, middle);
      paper.stroke();
      paper.strokeStyle = paper.fillStyle = COLOURS[channel];
      paper.lineWidth = 1.6;
      paper.beginPath();
      let last = null;
      for (const [at, latents] of history) {
        const value = latent(latents, channel);
        last = value;
        const x = width - 56 - ((now - at) / 1000 / SECONDS) * (width - 56);
        paper.lineTo(x, middle - (Math.max(-range, Math.min(range, value)) / range) * lane * 0.45);
      }
      paper.stroke();
      paper.fillText(`${channel + 1}`, 6, middle - lane / 2 + 14);
      if (last !== null) paper.fillText(last.toFixed(2), width - 48, middle + 4);
    }
  }

  function draw() {
    if (!drawing) return;
    drawWave();
    drawLanes();
    requestAnimationFrame(draw);
  }

  return {
    topics: ["scope"],
    open() {
      history = [];
      if (!drawing) {
        drawing = true;
        draw();
      }
    },
    close() {
      drawing = false;
    },
  };
}
