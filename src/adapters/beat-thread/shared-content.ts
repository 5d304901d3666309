import type { HeartbeatBody } from "../../model/message.ts";
import { instantMs, type InstantMs } from "../../model/units.ts";

/** The content of a heartbeat about 32 nodes has 4 KiB as JSON. */
const slotBytes = 64 * 1024;
/** Versions begin again after it; even, so that the slots still take turns. */
const versionMax = 2 ** 30;
const slotsAt = 64;
const versionAt = 0;
const beatsAt = 1;
const lengthsAt = 2;
const toldAtAt = 3;

/** What the writer last said, as the reader has it. */
export interface Told {
  readonly body: HeartbeatBody;
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
  readonly #slots: readonly [Buffer, Buffer];
  #written: HeartbeatBody | null = null;
  #read: { readonly version: number; readonly body: HeartbeatBody } | null = null;

  /** @param memory of another `SharedContent`; left out: new */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(slotsAt + 2 * slotBytes)) {
    this.#memory = memory;
    this.#words = new Int32Array(memory, 0, 4);
    this.#told = new BigInt64Array(memory, 0, toldAtAt + 1);
    this.#slots = [Buffer.from(memory, slotsAt, slotBytes), Buffer.from(memory, slotsAt + slotBytes, slotBytes)];
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

  /**
   * The writer's half. The same object again only says that the writer lives.
   *
   * @returns true when this is the first content
   * @throws RangeError when the body is too long: far more nodes than the protocol carries
   */
  publish(body: HeartbeatBody, now: InstantMs): boolean {
    Atomics.store(this.#told, toldAtAt, BigInt(now));
    if (body === this.#written) return false;
    const version = (Atomics.load(this.#words, versionAt) % versionMax) + 1;
    const slot = this.#slots[version % 2 === 0 ? 0 : 1];
    const text = JSON.stringify(body);
    const length = slot.write(text, "utf8");
    if (length < text.length)
      throw new RangeError(`Cannot share ${text.length} characters of heartbeat, at most ${slotBytes}`);
    Atomics.store(this.#words, lengthsAt + (version % 2), length);
    Atomics.store(this.#words, versionAt, version);
    this.#written = body;
    return version === 1;
  }

  /** The reader's half. null: nothing was said yet. */
  read(): Told | null {
    const toldAt = instantMs(Number(Atomics.load(this.#told, toldAtAt)));
    let version = Atomics.load(this.#words, versionAt);
    while (version > 0 && this.#read?.version !== version) {
      const text = this.#slots[version % 2 === 0 ? 0 : 1].toString(
        "utf8",
        0,
        Atomics.load(this.#words, lengthsAt + (version % 2)),
      );
      const now = Atomics.load(this.#words, versionAt);
      if (now === version || now === version + 1) this.#read = { version, body: JSON.parse(text) as HeartbeatBody };
      if (now !== version) version = now;
    }
    return this.#read === null ? null : { body: this.#read.body, toldAt };
  }
}
