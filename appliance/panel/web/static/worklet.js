/** Plays what comes in messages, on the audio thread. */

import { Jitter } from "./jitter.js";

class Ear extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.jitter = new Jitter(options.processorOptions.rate);
    this.blocks = 0;
    this.port.onmessage = ({ data }) => this.jitter.push(data);
  }

  process(_inputs, [[left, right]]) {
    this.jitter.pull(left, right, sampleRate);
    this.blocks += 1;
    if (this.blocks % 64 === 0) {
      const { fill, rate, gaps, playing } = this.jitter;
      this.port.postMessage({ waiting: fill / rate, gaps, playing });
    }
    return true;
  }
}

registerProcessor("ear", Ear);
