/** What the page knows of the instrument: parameters, their values, the engine's status. */

export class Store extends EventTarget {
  /** Rows of the parameter table, and by address. */
  rows = [];
  byAddress = new Map();
  values = new Map();
  status = { connected: false, engine: {}, parts: {} };
  /** Filled slots: number to {slot, name, tags}. */
  bank = new Map();
  #version = null;

  constructor(line) {
    super();
    this.line = line;
    line.addEventListener("table", async ({ detail }) => {
      this.values = new Map(Object.entries(detail.values));
      await this.#load();
      this.#tell("table");
    });
    line.addEventListener("values", ({ detail }) => {
      for (const [address, value] of Object.entries(detail.values)) this.values.set(address, value);
      this.#tell("values", Object.keys(detail.values));
    });
    line.addEventListener("status", ({ detail }) => {
      this.status = detail;
      this.#tell("status");
      this.#follow();
    });
    line.addEventListener("close", () => {
      this.status = { ...this.status, connected: false };
      this.#tell("status");
    });
  }

  get presets() {
    return this.status.engine.presets ?? { filled: [] };
  }

  /** Set a parameter here at once and at the instrument; null is its default. */
  set(address, value) {
    const row = this.byAddress.get(address);
    if (!row) return;
    this.values.set(address, value ?? row.default);
    this.line.send({ do: "set", address, value });
    this.#tell("values", [address]);
  }

  async #follow() {
    const { version } = this.presets;
    if (!this.status.connected || version === this.#version) return;
    this.#version = version;
    try {
      const list = await ask("/api/presets");
      this.bank = new Map(list.map((each) => [each.slot, each]));
      this.#tell("bank");
    } catch {
      this.#version = null; // asked again with the next status
    }
  }

  async #load() {
    const answer = await fetch("/api/parameters");
    if (!answer.ok) return;
    this.rows = await answer.json();
    this.byAddress = new Map(this.rows.map((row) => [row.address, row]));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Where a value lies on its knob's travel, 0 to 1. */
export function travel(row, value) {
  const { minimum: low, maximum: high } = row;
  switch (row.curve) {
    case "cubic":
      return Math.cbrt((value - low) / (high - low));
    case "logarithmic":
      return Math.log(value / low) / Math.log(high / low);
    default:
      return (value - low) / (high - low);
  }
}

/** The value at a place of the knob's travel. */
export function valueAt(row, place) {
  const { minimum: low, maximum: high } = row;
  switch (row.curve) {
    case "cubic":
      return low + place ** 3 * (high - low);
    case "logarithmic":
      return low * (high / low) ** place;
    default:
      return low + place * (high - low);
  }
}

/** A value as text, with its unit. */
export function worded(row, value) {
  if (row.choices.length) return row.choices[Math.round(value)] ?? "";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return `${Number(value.toFixed(digits))}${row.unit ? ` ${row.unit}` : ""}`;
}

/** Ask the server; an answer that is not right becomes an Error with its sentence. */
export async function ask(path, options) {
  const answer = await fetch(path, options);
  if (answer.status === 401) location.reload();
  const text = await answer.text();
  let content = null;
  try {
    content = JSON.parse(text);
  } catch {
    content = text;
  }
  if (!answer.ok) throw new Error(content?.error ?? (text || answer.statusText));
  return content;
}
