/** Listen here: the instrument's output in this browser, and how late it is. */

import { notice, write } from "./element.js";
import { Jitter } from "./jitter.js";

const HEAD = 16;

export class Listening {
  #button;
  #context = null;
  #socket = null;
  #push = null;
  #node = null;
  #waiting = 0;
  #travel = 0;
  #rate = 44100;

  constructor(button) {
    this.#button = button;
    button.addEventListener("click", () => this.toggle());
  }

  toggle() {
    if (this.#socket) this.#stop();
    else this.#start();
  }

  #start() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/listen`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#open(JSON.parse(data).rate);
      else this.#take(data);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      notice("The sound has ended. Press Listen here to hear it again.", true);
      this.#stop();
    };
    this.#socket = socket;
    this.#button.setAttribute("aria-pressed", "true");
    write(this.#button, "Waiting …");
    // The browser lets a page sound only from within a click.
    this.#context = new AudioContext({ latencyHint: "interactive" });
    this.#context.resume();
  }

  #stop() {
    const [socket, context] = [this.#socket, this.#context];
    this.#socket = this.#context = this.#push = this.#node = null;
    socket?.close();
    context?.close();
    this.#button.setAttribute("aria-pressed", "false");
    write(this.#button, "Listen here");
    delete this.#button.dataset.latency;
  }

  async #open(rate) {
    const context = this.#context;
    this.#push = null;
    this.#rate = rate;
    this.#node?.disconnect();
    const tell = ({ waiting, gaps, playing }) => {
      this.#waiting = waiting;
      if (playing) this.#show(gaps);
      else write(this.#button, "Waiting …");
    };
    if (context.audioWorklet) {
      await context.audioWorklet.addModule("/static/worklet.js");
      if (context !== this.#context) return;
      const node = new AudioWorkletNode(context, "ear", {
        numberOfInputs: 0, outputChannelCount: [2], processorOptions: { rate },
      });
      node.port.onmessage = ({ data }) => tell(data);
      this.#push = (samples) => node.port.postMessage(samples, [samples.buffer]);
      node.connect(context.destination);
      this.#node = node;
      return;
    }
    // Without a secure context, as at the address of a box, browsers offer only the older way.
    const jitter = new Jitter(rate);
    const node = context.createScriptProcessor(1024, 0, 2);
    node.onaudioprocess = ({ outputBuffer }) => {
      jitter.pull(outputBuffer.getChannelData(0), outputBuffer.getChannelData(1), context.sampleRate);
      tell({ waiting: jitter.fill / jitter.rate, gaps: jitter.gaps, playing: jitter.playing });
    };
    this.#push = (samples) => jitter.push(samples);
    this.#node = node;
    node.connect(context.destination);
  }

  #take(data) {
    const head = new DataView(data);
    const samples = new Int16Array(data.slice(HEAD));
    this.#travel = head.getFloat64(8, true) - head.getFloat64(0, true) - samples.length / 2;
    this.#push?.(samples);
  }

  #show(gaps) {
    const context = this.#context;
    if (!context) return;
    const own = (context.baseLatency ?? 0) + (context.outputLatency ?? 0);
    const late = 1000 * (this.#waiting + own) + (1000 * Math.max(this.#travel, 0)) / this.#rate;
    this.#button.dataset.latency = late.toFixed(0);
    this.#button.dataset.gaps = gaps;
    this.#button.title = `${late.toFixed(0)} ms later than the instrument; ${gaps} gaps`;
    write(this.#button, `Listening, ${late.toFixed(0)} ms`);
  }
}
