/** The line to the instrument: a WebSocket that comes back by itself, told apart into events. */

const FIRST = 300;
const LONGEST = 5000;

/** Events: "open", "close", every message's own name with its content as detail, "picture". */
export class Line extends EventTarget {
  #path;
  #socket = null;
  #rest = FIRST;
  #topics = [];

  constructor(path) {
    super();
    this.#path = path;
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.#path}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#rest = FIRST;
      this.send({ do: "show", topics: this.#topics });
      this.#tell("open");
    };
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#tell("close");
      setTimeout(() => this.open(), this.#rest);
      this.#rest = Math.min(2 * this.#rest, LONGEST);
    };
    this.#socket = socket;
  }

  /** Send a message; what cannot be sent now is lost, as a key that is pressed on a dead piano. */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  command(address, ...args) {
    this.send({ do: "command", address, arguments: args });
  }

  /** Ask for what is shown now, and for nothing else. */
  show(topics) {
    this.#topics = topics;
    this.send({ do: "show", topics });
  }

  #take(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      this.#tell(message.is, message);
      return;
    }
    const head = new DataView(data);
    const kind = head.getUint8(0);
    if (kind === 3) {
      this.#tell("waveform", new Int16Array(data.slice(4)));
      return;
    }
    const x = head.getUint16(2, true);
    const y = head.getUint16(4, true);
    const frame = head.getUint32(8, true);
    const png = new Blob([new Uint8Array(data, 12)], { type: "image/png" });
    this.#tell("picture", { kind, x, y, frame, png });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
