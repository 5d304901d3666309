import { instantMs, type InstantMs } from "../../model/units.ts";

/** More than any datagram. */
const slotBytes = 16 * 1024;
/** Versions begin again after it; even, so that the slots still take turns. */
const versionMax = 2 ** 30;
const slotsAt = 64;
const versionAt = 0;
const beatsAt = 1;
const lengthsAt = 2;
const toldAtAt = 3;

/** What the writer last said, as the reader has it. */
export interface Told {
  /** A heartbeat as the entry's encoder made it. */
  readonly content: Uint8Array;
  /** When the main loop last spoke, whether or not it said anything new. */
  readonly toldAt: InstantMs;
}

/**
 * What the heartbeat says, in memory of two threads: the main loop writes, the beat thread reads, nobody waits.
 *
 * Two slots in turn: the reader copies the slot of the version it saw while the writer fills the other. Only a writer that
 * publishes twice during one copy could disturb it; then the version has moved on and the reader takes the newer one.
 *
 * Invariant: slot `version % 2` is whole, its length is at `lengthsAt + version % 2`.
 */
export class SharedContent {
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #told: BigInt64Array;
  readonly #slots: readonly [Uint8Array, Uint8Array];
  #read: { readonly version: number; readonly content: Uint8Array } | null = null;

  /** @param memory of another `SharedContent`; left out: new */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(slotsAt + 2 * slotBytes)) {
    this.#memory = memory;
    this.#words = new Int32Array(memory, 0, 4);
    this.#told = new BigInt64Array(memory, 0, toldAtAt + 1);
    this.#slots = [new Uint8Array(memory, slotsAt, slotBytes), new Uint8Array(memory, slotsAt + slotBytes, slotBytes)];
  }

  /** For the other thread. */
  get memory(): SharedArrayBuffer {
    return this.#memory;
  }

  /** Beats sent, over all threads that ever read here. */
  get beats(): number {
    return Atomics.load(this.#words, beatsAt);
  }

  countBeat(): void {
    Atomics.add(this.#words, beatsAt, 1);
  }

  /** The writer's half: it lives, and has nothing new to say. */
  touch(now: InstantMs): void {
    Atomics.store(this.#told, toldAtAt, BigInt(now));
  }

  /**
   * The writer's half.
   *
   * @returns true when this is the first content
   * @throws RangeError when the content is too long: far more nodes than the protocol carries
   */
  publish(content: Uint8Array, now: InstantMs): boolean {
    if (content.length > slotBytes) throw new RangeError(`Cannot share ${content.length} bytes, at most ${slotBytes}`);
    const version = (Atomics.load(this.#words, versionAt) % versionMax) + 1;
    this.#slots[version % 2 === 0 ? 0 : 1].set(content);
    Atomics.store(this.#words, lengthsAt + (version % 2), content.length);
    Atomics.store(this.#words, versionAt, version);
    this.touch(now);
    return version === 1;
  }

  /** The reader's half. null: nothing was said yet. */
  read(): Told | null {
    const toldAt = instantMs(Number(Atomics.load(this.#told, toldAtAt)));
    let version = Atomics.load(this.#words, versionAt);
    while (version > 0 && this.#read?.version !== version) {
      const length = Atomics.load(this.#words, lengthsAt + (version % 2));
      const content = this.#slots[version % 2 === 0 ? 0 : 1].slice(0, length);
      const now = Atomics.load(this.#words, versionAt);
      if (now === version || now === version + 1) this.#read = { version, content };
      version = now;
    }
    return this.#read === null ? null : { content: this.#read.content, toldAt };
  }
}
