const lengthBytes = 4;
const bufferBytesMin = 4 * 1024;

/**
 * Cuts a stream into frames: a length of 4 bytes, big endian, and as many bytes.
 *
 * Memory follows what has come, never what a length claims: the buffer doubles as it fills, up to the longest frame.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number;
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Bytes kept of a frame that is not whole. */
  get heldBytes(): number {
    return this.#buffer.length;
  }

  /** Takes what came. @returns false when a frame is longer than allowed: nothing more can be read of this stream */
  push(chunk: Buffer, onFrame: (frame: Uint8Array) => void): boolean {
    let rest = chunk;
    while (rest.length > 0) {
      const wanted = this.#wanted(rest);
      if (wanted === null) return false;
      if (this.#length === 0 && rest.length >= wanted && wanted > lengthBytes) {
        onFrame(rest.subarray(lengthBytes, wanted));
        rest = rest.subarray(wanted);
        continue;
      }
      const taken = rest.subarray(0, wanted - this.#length);
      this.#keep(taken, wanted);
      rest = rest.subarray(taken.length);
      if (this.#length > lengthBytes && this.#length === this.#wanted(rest)) this.#finish(onFrame);
    }
    return true;
  }

  /** Bytes of the frame that begins in the buffer, or in `rest`; of its length alone while that is not known. */
  #wanted(rest: Buffer): number | null {
    const head = this.#length > 0 ? this.#buffer.subarray(0, this.#length) : rest;
    if (head.length < lengthBytes) return lengthBytes;
    const length = head.readUInt32BE(0);
    return length < 1 || length > this.#frameBytesMax ? null : lengthBytes + length;
  }

  #keep(bytes: Buffer, wanted: number): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#buffer.length) {
      const bigger = Buffer.allocUnsafe(Math.min(wanted, Math.max(needed, 2 * this.#buffer.length, bufferBytesMin)));
      this.#buffer.copy(bigger, 0, 0, this.#length);
      this.#buffer = bigger;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  #finish(onFrame: (frame: Uint8Array) => void): void {
    const frame = this.#buffer.subarray(lengthBytes, this.#length);
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    onFrame(frame);
  }
}

/** What goes before a frame of `length` bytes. */
export function frameHead(length: number): Uint8Array {
  const head = Buffer.allocUnsafe(lengthBytes);
  head.writeUInt32BE(length);
  return head;
}
