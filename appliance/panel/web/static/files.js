/** Files that come and go: presets and banks, models, samples, latents. */

import { element, notice, write } from "./element.js";
import { ask } from "./store.js";

const TITLES = { sample: "Samples", latents: "Latents" };

const size = (bytes) => (bytes > 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes > 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`);

/** Send a file with a bar; resolves to the answer, rejects with an Error of one sentence. */
export function upload(path, file, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", path);
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onerror = () => reject(new Error(`${file.name} did not arrive: the line broke.`));
    request.onload = () => {
      let content = {};
      try {
        content = JSON.parse(request.responseText);
      } catch {
        content = { error: request.responseText };
      }
      if (request.status < 300) resolve(content);
      else reject(new Error(content.error || `${file.name} was refused.`));
    };
    request.send(file);
  });
}

export function filesPage(root, store) {
  const input = element("input", { type: "file", multiple: true, id: "choose", onchange: () => take([...input.files]) });
  const drop = element(
    "div.drop",
    {
      ondragover: (event) => {
        event.preventDefault();
        drop.classList.add("over");
      },
      ondragleave: () => drop.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        drop.classList.remove("over");
        take([...event.dataTransfer.files]);
      },
    },
    element("p", {}, element("strong", {}, "Drop files here"), " or "),
    element("label.strong", { htmlFor: "choose" }, "choose them"),
    input,
    element("p.quiet", {}, "Banks (.zip) · models (.ts) · samples (.wav .flac .ogg .aiff) · latents (.npy .npz) · presets (.yaml, into the next empty slot)"),
  );
  const coming = element("div.coming", { role: "status", "aria-live": "polite" });
  const imports = element("div.coming", { "aria-label": "Imports" });
  const lists = element("div.lists");
  const free = element("p.quiet");
  root.append(drop, coming, imports, lists, free);
  let known = null;

  function kindOf(name) {
    const dot = name.lastIndexOf(".");
    const suffix = dot < 0 ? "" : name.slice(dot).toLowerCase();
    return Object.entries(known?.kinds ?? {}).find(([, kind]) => kind.suffixes.includes(suffix))?.[0];
  }

  function pathFor(kind, name) {
    if (kind === "bank") return "/api/bank";
    if (kind === "model") return `/api/imports/${encodeURIComponent(name)}`;
    if (kind !== "preset") return `/api/files/${kind}/${encodeURIComponent(name)}`;
    const filled = new Set(store.presets.filled);
    const slot = Array.from({ length: 64 }, (_, n) => n + 1).find((n) => !filled.has(n));
    return slot ? `/api/presets/${slot}` : null;
  }

  async function take(files) {
    input.value = "";
    await refresh();
    for (const file of files) await send(file);
    refresh();
  }

  async function send(file, replace = "") {
    const kind = kindOf(file.name);
    const path = kind && pathFor(kind, file.name);
    if (!path) {
      notice(kind ? "The bank is full: clear a slot first." : `${file.name} is of no kind that is known here.`, true);
      return;
    }
    const bar = element("progress", { max: 1, value: 0, "aria-label": file.name });
    const said = element("span.quiet", {}, "is sent");
    const line = element("div.arrival", {}, element("strong", {}, file.name), bar, said);
    coming.prepend(line);
    try {
      const answer = await upload(path + replace, file, (share) => {
        bar.value = share;
        if (share === 1) write(said, "is checked");
      });
      write(said, answer.said ?? "is here");
      line.classList.add("done");
      if (kind !== "model") setTimeout(() => line.remove(), 20000);
      else {
        line.remove();
        follow();
      }
    } catch (error) {
      write(said, error.message);
      line.classList.add("failed");
      if (error.message.includes("Replace it")) {
        line.append(element("button", { type: "button", onclick: () => {
          line.remove();
          send(file, "?replace=1").then(refresh);
        } }, "Replace"));
      }
      line.append(element("button", { type: "button", "aria-label": "Dismiss", onclick: () => line.remove() }, "✕"));
    }
  }

  async function remove(kind, name) {
    if (!confirm(`Delete ${name}? Presets that play from it will be without it.`)) return;
    try {
      await ask(`/api/files/${kind}/${encodeURIComponent(name)}`, { method: "DELETE" });
    } catch (error) {
      notice(error.message, true);
    }
    refresh();
  }

  async function refresh() {
    try {
      known = await ask("/api/files");
    } catch (error) {
      notice(error.message, true);
      return;
    }
    lists.replaceChildren(models(), ...Object.entries(known.files).map(([kind, files]) => list(kind, files)), banks());
    write(free, `${size(known.free)} free`);
  }

  const ACTS = { waiting: ["cancel"], running: ["cancel"], failed: ["retry", "forget"], cancelled: ["retry", "forget"], done: ["forget"] };
  let states = "";

  /** The queue of imports: looked at while this page is open. */
  async function follow() {
    if (root.hidden) return;
    const jobs = await ask("/api/imports").catch(() => []);
    imports.replaceChildren(...jobs.filter((job) => job.state !== "done").reverse().map(jobLine));
    const now = jobs.map((job) => `${job.number} ${job.state}`).join();
    if (states && now !== states) refresh();
    states = now;
    clearTimeout(follow.timer);
    follow.timer = setTimeout(follow, jobs.some((job) => job.state === "running" || job.state === "waiting") ? 700 : 3000);
  }

  function jobLine(job) {
    const line = element("div.arrival", {},
      element("strong", {}, job.name),
      element("progress", { max: 1, value: job.share, "aria-label": `Import of ${job.name}` }),
      element("span.quiet", {}, job.reason || job.step || job.state),
      ...ACTS[job.state].map((act) => element("button", { type: "button", onclick: () => change(job.number, act) }, act)));
    line.classList.toggle("failed", job.state === "failed");
    return line;
  }

  async function change(number, act) {
    await ask(`/api/imports/${number}/${act}`, { method: "POST" }).catch((error) => notice(error.message, true));
    follow();
  }

  function list(kind, files) {
    return element("section.list", {}, element("h2", {}, TITLES[kind] ?? kind),
      files.length ? null : element("p.quiet", {}, "None yet."),
      ...files.map((file) => element("div.file", {},
        element("a", { href: `/api/files/${kind}/${encodeURIComponent(file.name)}`, download: file.name }, file.name),
        element("span.quiet", {}, size(file.size)),
        uses(kind, file.name),
        element("button.reset", { type: "button", "aria-label": `Delete ${file.name}`, onclick: () => remove(kind, file.name) }, "✕"))));
  }

  /** What may play from a file; the sound, so its preset too, then names it. */
  function uses(kind, name) {
    const use = (address) => store.line.command("/preset/file", address, `${known.kinds[kind].folder}/${name}`);
    if (kind === "sample") {
      return element("button", { type: "button", title: "The encoder plays it", onclick: () => use("/encoder/file") }, "to the encoder");
    }
    const jams = Array.from({ length: 8 }, (_, n) => [`/jam/${n + 1}/file`, `jam ${n + 1}`]);
    const places = name.toLowerCase().endsWith(".npz") ? [...jams, ["/terrain/file", "terrain"]] : jams;
    const chooser = element("select", { "aria-label": `Use ${name}`, onchange: () => chooser.value && use(chooser.value) },
      element("option", { value: "" }, "use in …"),
      ...places.map(([address, text]) => element("option", { value: address }, text)));
    return chooser;
  }

  function models() {
    return element("section.list", {}, element("h2", {}, "Models"),
      ...known.models.map((model) => element("div.file", { title: (model.notes ?? []).join("\n") },
        element("a", { href: `/api/models/${encodeURIComponent(model.name)}`, download: `${model.name}.zip` }, model.name),
        element("span.quiet", {}, model.problem ?? `${model.family}, 1:${model.ratio}, ${model.precision}, ${model.ms.toFixed(2)} ms${model.encodes ? ", encodes" : ""}`))));
  }

  function banks() {
    return element("section.list", {}, element("h2", {}, "Bank"),
      element("div.file", {}, element("a", { href: "/api/bank", download: "neural-synth-bank.zip" }, "All presets as one zip"),
        element("span.quiet", {}, `${store.bank.size} presets and what they play from`)));
  }

  store.addEventListener("bank", () => root.hidden || refresh());
  return {
    topics: [],
    open() {
      refresh();
      follow();
    },
  };
}
