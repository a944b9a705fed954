/** How the instrument is: load, decoders, sound card, parts of the panel, and what happened. */

import { element, write } from "./element.js";

const percent = (share) => `${(100 * (share ?? 0)).toFixed(1)} %`;

export function statusPage(root, store) {
  const cards = element("div.cards");
  const table = element("table", {}, element("caption", {}, "Decoders"));
  const head = element("tr", {}, ...["model", "slots", "frame", "decodes in", "slowest", "load", "late"].map((t) => element("th", { scope: "col" }, t)));
  const body = element("tbody");
  table.append(element("thead", {}, head), body);
  const flags = element("ul.flags");
  const log = element("ol.log", { tabIndex: 0, "aria-label": "Log" });
  root.append(cards, element("div.scroll", { tabIndex: 0, role: "region", "aria-label": "Decoders" }, table), flags, element("h2", {}, "Log"), log);
  const facts = new Map();

  function fact(name, text, bad = false) {
    let card = facts.get(name);
    if (!card) {
      card = element("div.card", {}, element("h3", {}, name), element("p"));
      facts.set(name, card);
      cards.append(card);
    }
    write(card.lastChild, text);
    card.classList.toggle("bad", bad);
  }

  function show() {
    if (root.hidden) return;
    const { engine, parts, connected } = store.status;
    const output = engine.output ?? {};
    const state = engine.engine ?? {};
    fact("Engine", connected ? `${engine.name ?? ""} ${engine.version ?? ""}, up ${time(engine.uptime_s)}` : "does not answer", !connected);
    fact("Sound", output.lost ? "the card is gone" : `${output.name ?? "–"}, ${output.rate ?? "–"} Hz, ${output.periods ?? "–"} × ${output.period ?? "–"}`, output.lost);
    fact("Xruns", `${output.xruns ?? 0}`, output.xruns > 0);
    fact("Late frames", `${state.late_frames ?? 0}`, state.late_frames > 0);
    fact("Audio thread", `${percent(state.load)} of a core, longest block ${(state.longest_block_ms ?? 0).toFixed(1)} ms`);
    fact("Decoders", percent((engine.decoders ?? []).reduce((sum, each) => sum + each.load, 0)) + " of a core");
    fact("Headroom", `${(state.headroom_ms ?? 0).toFixed(1)} ms, raised ${state.headroom_raised ?? 0} times`);
    fact("Memory", `${state.memory_mb ?? "–"} MB`);
    fact("Panel", Object.entries(parts).map(([name, how]) => `${name} ${how}`).join(", ") || "–", Object.values(parts).includes("failed"));
    body.replaceChildren(...(engine.decoders ?? []).map((each) =>
      element("tr", {}, ...[
        each.model, each.slots.join(", "), `${each.frame_ms} ms`, `${each.decode_ms} ms`, `${each.slowest_ms} ms`,
        percent(each.load), String(each.late),
      ].map((text) => element("td", {}, text)))));
    const warnings = [...(engine.flags ?? []), ...(engine.presets?.problems ?? [])];
    flags.replaceChildren(...warnings.map((text) => element("li", {}, text)));
    flags.hidden = !warnings.length;
  }

  function time(seconds = 0) {
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  store.line.addEventListener("log", ({ detail }) => {
    for (const { at, source, text } of detail.lines) {
      const clock = new Date(1000 * at).toLocaleTimeString();
      log.prepend(element("li", {}, element("time", {}, clock), element("span.source", {}, source), element("span", {}, text)));
    }
    while (log.children.length > 500) log.lastChild.remove();
  });
  store.addEventListener("status", show);
  return { topics: ["log"], open: show };
}
