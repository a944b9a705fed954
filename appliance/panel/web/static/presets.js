/** The preset bank: found, recalled, stored, renamed, copied, brought back. */

import { element, mark, notice, write } from "./element.js";
import { upload } from "./files.js";
import { ask } from "./store.js";

const SLOTS = 64;

export function presetsPage(root, store) {
  const { line } = store;
  const command = (name, ...args) => line.command(`/preset/${name}`, ...args);
  let slot = 1;
  let pending = null; // "copy" or "swap": the next slot chosen is its target

  const search = element("input", { type: "search", placeholder: "Search names and tags", "aria-label": "Search presets", oninput: () => show() });
  const seconds = element("input.exact", { type: "number", min: "0", max: "3600", step: "0.1", "aria-label": "Morph time in seconds", onchange: () => command("seconds", Number(seconds.value) || 0) });
  const share = element("input", { type: "range", min: "0", max: "1", step: "0.001", "aria-label": "Morph by hand from the sound to the chosen preset", oninput: () => byHand() });
  const undo = element("button", { type: "button", onclick: () => command("undo") }, "Undo");
  const redo = element("button", { type: "button", onclick: () => command("redo") }, "Redo");
  const compare = element("button", { type: "button", onclick: () => command("compare") }, "Compare");
  const now = element("p.now", { role: "status" });
  const progress = element("progress", { max: 1, value: 0, "aria-label": "Morph" });
  const cells = Array.from({ length: SLOTS }, (_, n) =>
    element("button.slot", { type: "button", tabIndex: n ? -1 : 0, "data-slot": String(n + 1), onclick: () => choose(n + 1), ondblclick: () => command("recall", n + 1) },
      element("span.number", {}, String(n + 1).padStart(2, "0")), element("span.name"), element("span.tags")));
  const grid = element("div.slots", { role: "group", "aria-label": "Slots", onkeydown: move }, ...cells);

  const name = element("input", { type: "text", maxLength: 64, onchange: () => name.value.trim() && command("rename", slot, name.value.trim()) });
  const tags = element("input", { type: "text", placeholder: "slow, metal", onchange: () => command("tag", slot, tags.value) });
  const title = element("h2");
  const recall = element("button.strong", { type: "button", onclick: () => command("recall", slot) }, "Recall");
  const store_ = element("button", { type: "button", onclick: () => command("store", slot) }, "Store here");
  const copy = element("button", { type: "button", "aria-pressed": "false", onclick: () => aim("copy") }, "Copy to …");
  const swap = element("button", { type: "button", "aria-pressed": "false", onclick: () => aim("swap") }, "Swap with …");
  const clear = element("button.danger", { type: "button", onclick: () => command("clear", slot) }, "Clear");
  const download = element("a.button", { download: "" }, "Download");
  const file = element("input", { type: "file", accept: ".yaml,.yml", id: "preset-file", "aria-label": "Preset file", onchange: () => send() });
  const versions = element("div.versions");
  root.append(
    element("div.tools", {}, search, element("span.spring"), element("label.check", {}, "morph", seconds, "s"), undo, redo, compare),
    element("div.tools", {}, now, progress, element("label.check", {}, "by hand", share)),
    element("div.bank", {}, grid,
      element("aside.detail", { "aria-label": "Chosen slot" }, title,
        element("label", {}, "Name", name), element("label", {}, "Tags", tags),
        element("div.buttons", {}, recall, store_, copy, swap, clear),
        element("div.buttons", {}, download, element("label.button", { htmlFor: "preset-file" }, "Upload into slot"), file),
        versions)),
  );

  function choose(chosen) {
    if (pending && chosen !== slot) {
      command(pending, slot, chosen);
      aim(null);
    }
    cells[slot - 1].tabIndex = -1;
    slot = chosen;
    cells[slot - 1].tabIndex = 0;
    share.value = "0";
    show();
    listVersions();
  }

  function aim(what) {
    pending = pending === what ? null : what;
    mark(copy, "aria-pressed", String(pending === "copy"));
    mark(swap, "aria-pressed", String(pending === "swap"));
    grid.classList.toggle("aiming", Boolean(pending));
  }

  function move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }[event.key];
    const at = cells.indexOf(event.target);
    if (event.key === "Escape") aim(null);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    const to = Math.min(Math.max(at + step, 0), SLOTS - 1);
    cells[at].tabIndex = -1;
    cells[to].tabIndex = 0;
    cells[to].focus();
  }

  /** Between what sounds and the chosen slot: the first move names both ends. */
  let ends = "";
  function byHand() {
    const from = store.presets.state === "hand" ? null : store.presets.current;
    const key = `${slot}`;
    if (store.presets.state === "hand" && ends === key) command("morph", Number(share.value));
    else if (from && store.bank.has(slot) && from !== slot) {
      command("morph", from, slot, Number(share.value));
      ends = key;
    }
  }

  async function send() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    try {
      const answer = await upload(`/api/presets/${slot}`, chosen, () => {});
      notice(`Slot ${slot}: ${answer.said}`);
    } catch (error) {
      notice(error.message, true);
    }
  }

  async function listVersions() {
    versions.replaceChildren();
    if (root.hidden) return;
    const wanted = slot;
    const found = await ask(`/api/presets/${wanted}/versions`).catch(() => []);
    if (wanted !== slot || !found.length) return;
    versions.replaceChildren(element("h3", {}, "Overwritten versions"), ...found.map((each) =>
      element("div.file", {}, element("span", {}, each.name),
        element("button", { type: "button", onclick: () => command("restore", wanted, each.number) }, "Bring back"))));
  }

  function show() {
    const state = store.presets;
    if (root.hidden) return;
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    cells.forEach((cell, n) => {
      const preset = store.bank.get(n + 1);
      const text = preset ? `${preset.name} ${preset.tags}`.toLowerCase() : "";
      write(cell.children[1], preset?.name ?? "");
      write(cell.children[2], preset?.tags ?? "");
      cell.classList.toggle("filled", Boolean(preset));
      cell.classList.toggle("current", state.current === n + 1);
      cell.classList.toggle("target", state.target === n + 1 || state.queued === n + 1);
      cell.classList.toggle("chosen", slot === n + 1);
      cell.classList.toggle("away", wanted.length > 0 && !wanted.every((word) => text.includes(word)));
      mark(cell, "aria-current", String(state.current === n + 1));
      mark(cell, "aria-label", `${n + 1} ${preset?.name ?? "empty"}`);
    });
    const preset = store.bank.get(slot);
    write(title, `Slot ${slot}`);
    if (document.activeElement !== name) name.value = preset?.name ?? "";
    if (document.activeElement !== tags) tags.value = preset?.tags ?? "";
    for (const each of [name, tags, recall, copy, clear]) each.disabled = !preset;
    download.href = `/api/presets/${slot}`;
    download.classList.toggle("disabled", !preset);
    undo.disabled = !state.undo;
    redo.disabled = !state.redo;
    write(compare, `Compare (${state.side ?? "A"})`);
    if (document.activeElement !== seconds) seconds.value = String(state.seconds ?? 0);
    const way = state.target_name ? ` → ${state.target_name}` : "";
    write(now, `${state.name ?? ""}${state.edited ? " (edited)" : ""}${way}`);
    progress.value = state.progress ?? 0;
    progress.hidden = state.progress === null || state.progress === undefined;
  }

  store.addEventListener("status", show);
  store.addEventListener("bank", () => {
    show();
    listVersions();
  });
  return {
    topics: [],
    open() {
      slot = store.presets.current ?? slot;
      choose(slot);
    },
  };
}
