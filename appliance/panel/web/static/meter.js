/** The output level in the corner: RMS as a bar, the peak as a line that falls. */

const FLOOR = -60;
const FALL = 0.6; // dB a frame

const share = (level) => Math.min(Math.max((20 * Math.log10(Math.max(level, 1e-6)) - FLOOR) / -FLOOR, 0), 1);

export function meter(canvas, store) {
  const paper = canvas.getContext("2d");
  const peaks = [0, 0];
  store.addEventListener("status", () => {
    const { peak = [0, 0], rms = [0, 0] } = store.status.connected ? (store.status.engine.meters ?? {}) : {};
    const { width, height } = canvas;
    paper.clearRect(0, 0, width, height);
    peak.forEach((level, side) => {
      const y = side * (height / 2 + 1);
      const high = height / 2 - 2;
      peaks[side] = Math.max(share(level), peaks[side] - FALL / -FLOOR);
      paper.fillStyle = "#2b2f35";
      paper.fillRect(0, y, width, high);
      paper.fillStyle = peaks[side] > 0.99 ? "#ff5a48" : "#3cd660";
      paper.fillRect(0, y, width * share(rms[side]), high);
      paper.fillStyle = "#ecebe7";
      if (peaks[side] > 0) paper.fillRect(width * peaks[side] - 2, y, 2, high);
    });
    const loudest = Math.max(...rms);
    const text = loudest > 1e-3 ? `${Math.round(20 * Math.log10(loudest))} dB` : "silent";
    canvas.setAttribute("aria-label", `Output level ${text}`);
  });
}
