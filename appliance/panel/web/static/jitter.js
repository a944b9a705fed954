/** A buffer between a sender with its own clock and a player with another; no gap, no drift. */

const SECONDS = 4;
const GENTLE = 0.004; // most that the speed differs from 1: 7 cents

/** Holds stereo sound; its fill is kept at `target` frames by playing a little faster or slower. */
export class Jitter {
  constructor(rate) {
    this.size = Math.ceil(SECONDS * rate);
    this.left = new Float32Array(this.size);
    this.right = new Float32Array(this.size);
    this.rate = rate;
    this.written = 0;
    this.read = 0;
    this.least = Math.round(0.03 * rate);
    this.target = Math.round(0.06 * rate);
    this.playing = false;
    this.gaps = 0;
    this.speed = 1;
    this.low = Infinity;
    this.since = 0;
  }

  get fill() {
    return this.written - this.read;
  }

  /** Add interleaved int16 frames. */
  push(samples) {
    const frames = samples.length >> 1;
    for (let n = 0; n < frames; n += 1) {
      const place = (this.written + n) % this.size;
      this.left[place] = samples[2 * n] / 32768;
      this.right[place] = samples[2 * n + 1] / 32768;
    }
    this.written += frames;
    // Far too much, as after a pause of the page: what is old is not worth hearing.
    if (this.fill > this.target + 0.3 * this.rate) this.read = this.written - this.target;
  }

  /** Fill the arrays of one block, resampled from `this.rate` to `rate`. */
  pull(left, right, rate) {
    if (!this.playing && this.fill >= this.target) this.playing = true;
    const frames = left.length;
    if (!this.playing) {
      left.fill(0);
      right.fill(0);
      return;
    }
    const error = (this.fill - this.target) / this.target;
    const wanted = 1 + Math.min(Math.max(0.004 * error, -GENTLE), GENTLE);
    this.speed += 0.02 * (wanted - this.speed);
    const step = (this.speed * this.rate) / rate;
    if (this.fill < step * frames + 4) {
      this.#starve(left, right);
      return;
    }
    for (let n = 0; n < frames; n += 1) {
      const place = this.read + n * step;
      const whole = Math.floor(place);
      left[n] = this.#at(this.left, whole, place - whole);
      right[n] = this.#at(this.right, whole, place - whole);
    }
    this.read += frames * step;
    this.#adapt(frames, rate);
  }

  #starve(left, right) {
    left.fill(0);
    right.fill(0);
    this.playing = false;
    this.gaps += 1;
    this.target = Math.min(Math.round(1.5 * this.target), Math.round(0.4 * this.rate));
    this.low = Infinity;
    this.since = 0;
  }

  /** Every ten seconds give back what was never needed. */
  #adapt(frames, rate) {
    this.low = Math.min(this.low, this.fill);
    this.since += frames / rate;
    if (this.since < 10) return;
    const spare = this.low - 0.015 * this.rate;
    if (spare > 0) this.target = Math.max(this.least, this.target - Math.round(spare / 2));
    this.low = Infinity;
    this.since = 0;
  }

  /** Cubic interpolation (Catmull and Rom) between the four nearest frames. */
  #at(channel, whole, part) {
    const { size } = this;
    const a = channel[(whole - 1 + size) % size];
    const b = channel[whole % size];
    const c = channel[(whole + 1) % size];
    const d = channel[(whole + 2) % size];
    return b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)));
  }
}
