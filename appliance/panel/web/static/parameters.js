/** All parameters of the table: searched, turned, typed, reset. */

import { element, mark, write } from "./element.js";
import { travel, valueAt, worded } from "./store.js";

const FINE = 1000;
const MOST = 200; // rows on the page at once

const section = (row) => row.address.split("/")[1];
const place = (row) => row.address.split("/").filter((part) => /^\d+$/.test(part)).join(" · ");

export function parametersPage(root, store) {
  const search = element("input", {
    type: "search", placeholder: "Search: frequency 3, pan, decoder 2 …", "aria-label": "Search parameters",
    oninput: () => build(),
  });
  const changed = element("input", { type: "checkbox", onchange: () => build() });
  const chips = element("div.chips", { role: "group", "aria-label": "Modules" });
  const count = element("p.quiet", { role: "status" });
  const list = element("div.rows");
  root.append(
    element("div.tools", {}, search, element("label.check", {}, changed, "changed only"), count),
    chips,
    list,
  );
  let chosen = null;
  let shown = new Map();

  function matches(row, words) {
    const text = `${row.address} ${row.name} ${row.description}`.toLowerCase().replaceAll("/", " ");
    return words.every((word) => (/^\d+$/.test(word) ? text.split(/\s+/).includes(word) : text.includes(word)));
  }

  function build() {
    const words = search.value.toLowerCase().replaceAll("/", " ").split(/\s+/).filter(Boolean);
    const found = store.rows.filter(
      (row) =>
        (!chosen || section(row) === chosen || words.length) &&
        matches(row, words) &&
        (!changed.checked || store.values.get(row.address) !== row.default),
    );
    shown = new Map();
    let group = null;
    const parts = [];
    for (const row of found.slice(0, MOST)) {
      const title = row.address.split("/").slice(1, -1).filter((part) => !/^\d+$/.test(part)).join(" ");
      const heading = `${title} · ${row.name}`;
      if (heading !== group) parts.push(element("h3", {}, heading));
      group = heading;
      const line = control(row);
      shown.set(row.address, line);
      parts.push(line.node);
    }
    list.replaceChildren(...parts);
    const more = found.length > MOST ? `, the first ${MOST} shown: search for less` : "";
    write(count, `${found.length} parameters${more}`);
    refresh();
  }

  function control(row) {
    const { address } = row;
    const value = element("output", { "aria-hidden": "true" });
    let input;
    if (row.choices.length) {
      input = element(
        "select",
        { "aria-label": address, onchange: () => store.set(address, Number(input.value)) },
        ...row.choices.map((choice, n) => element("option", { value: String(n) }, choice)),
      );
    } else {
      input = element("input", {
        type: "range", min: "0", max: String(FINE), "aria-label": address,
        oninput: () => store.set(address, valueAt(row, input.value / FINE)),
        ondblclick: () => store.set(address, null),
      });
    }
    const exact = element("input.exact", {
      type: "text", inputMode: "decimal", "aria-label": `${address} exactly`,
      onchange: () => {
        const number = Number(exact.value.replace(",", "."));
        if (Number.isFinite(number)) store.set(address, Math.min(Math.max(number, row.minimum), row.maximum));
        exact.blur();
        show();
      },
      onkeydown: (event) => event.key === "Escape" && exact.blur(),
    });
    const reset = element("button.reset", {
      type: "button", title: "Back to the default", "aria-label": `Reset ${address}`,
      onclick: () => store.set(address, null),
    }, "↺");
    const node = element(
      "div.row", { title: row.description },
      element("span.place", {}, place(row)),
      element("code.address", {}, address),
      input,
      row.choices.length ? element("span") : exact,
      element("span.unit", {}, row.unit),
      value,
      reset,
    );
    function show() {
      const now = store.values.get(address) ?? row.default;
      if (row.choices.length) input.value = String(Math.round(now));
      else {
        if (document.activeElement !== input) input.value = String(Math.round(FINE * travel(row, now)));
        mark(input, "aria-valuetext", worded(row, now));
        if (document.activeElement !== exact) exact.value = String(Number(now.toPrecision(4)));
      }
      node.classList.toggle("changed", Math.abs(now - row.default) > 1e-9 * Math.max(1, Math.abs(now)));
    }
    return { node, show };
  }

  function refresh(addresses) {
    if (root.hidden) return;
    if (!addresses) for (const line of shown.values()) line.show();
    else for (const address of addresses) shown.get(address)?.show();
  }

  function sections() {
    const names = [...new Set(store.rows.map(section))];
    if (!names.includes(chosen)) chosen = names[0] ?? null;
    chips.replaceChildren(
      ...names.map((name) =>
        element("button.chip", {
          type: "button", "aria-pressed": String(name === chosen),
          onclick: () => {
            chosen = name;
            search.value = "";
            for (const chip of chips.children) mark(chip, "aria-pressed", String(chip.textContent === name));
            build();
          },
        }, name),
      ),
    );
    build();
  }

  store.addEventListener("table", sections);
  store.addEventListener("values", ({ detail }) => refresh(detail));
  return { topics: [], open: () => (changed.checked ? build() : refresh()) };
}
