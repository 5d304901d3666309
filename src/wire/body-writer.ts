import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { ViewId } from "../model/view.ts";
import { noView, sameViewId } from "../model/view.ts";
import { incarnationBytes } from "./packet-format.ts";

/**
 * Writes the alphabet of bodies: naturals (LEB128), names, incarnations, lists.
 *
 * A name or an incarnation is written in full once; later it is its number, one byte in practice: that is what lets a heartbeat
 * about 32 nodes fit a datagram. `BodyReader` builds the same tables in the same order.
 *
 * Breaking a promise of the model (an index that is no natural number) is a RangeError: the caller's mistake, not the network's.
 */
export class BodyWriter {
  #buffer: Buffer;
  #length = 0;
  readonly #names = new Map<string, number>();
  readonly #incarnations = new Map<string, number>();

  /** @param sizeHint bytes to begin with; it grows as needed */
  constructor(sizeHint = 512) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  /** What was written. The memory is the writer's own and is not reused. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  /** Big endian, `width` bytes, at most 6. */
  fixed(value: number, width: number): void {
    this.#room(width);
    this.#length = this.#buffer.writeUIntBE(value, this.#length, width);
  }

  /** 0 to 2^53-1 in 1 to 8 bytes, 7 bits each, low first. @throws RangeError for anything else */
  natural(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Cannot write ${value}: not a natural number`);
    this.#room(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Milliseconds, rounded down: measurements may have fractions, and an instant may only get older on its way. */
  milliseconds(value: number): void {
    this.natural(Math.max(0, Math.floor(value)));
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** ASCII with its length in one byte. */
  shortText(value: string): void {
    if (value.length > 255) throw new RangeError(`Cannot write ${JSON.stringify(value)}: longer than 255`);
    this.#room(1 + value.length);
    this.#buffer[this.#length++] = value.length;
    this.#length += this.#buffer.write(value, this.#length, "latin1");
  }

  name(value: NodeId): void {
    const known = this.#names.get(value);
    this.natural(known ?? 0);
    if (known === undefined) this.#newName(value);
  }

  /** Gives `value` the next number without writing it: both sides know it from elsewhere. */
  knowName(value: NodeId): void {
    this.#names.set(value, this.#names.size + 1);
  }

  incarnation(value: Incarnation): void {
    const known = this.#incarnations.get(value);
    this.natural(known ?? 0);
    if (known !== undefined) return;
    this.#incarnations.set(value, this.#incarnations.size + 1);
    this.rawIncarnation(value);
  }

  /** Gives `value` the next number without writing it. */
  knowIncarnation(value: Incarnation): void {
    this.#incarnations.set(value, this.#incarnations.size + 1);
  }

  rawIncarnation(value: Incarnation): void {
    this.#room(incarnationBytes);
    const written = this.#buffer.write(value, this.#length, incarnationBytes, "hex");
    if (written !== incarnationBytes) throw new RangeError(`Cannot write incarnation ${JSON.stringify(value)}`);
    this.#length += written;
  }

  /** `noView` is one byte. */
  viewId(value: ViewId): void {
    if (sameViewId(value, noView)) return this.natural(0);
    this.natural(value.counter + 1);
    this.name(value.proposer);
    this.incarnation(value.incarnation);
  }

  /** A sorted list without doubles is a set of bits over the names known so far; any other list is spelled out. */
  nodes(values: readonly NodeId[]): void {
    const isSorted = values.every((value, place) => place === 0 || (values[place - 1] ?? "") < value);
    this.flag(isSorted);
    if (isSorted) return this.#nodeSet(values);
    this.natural(values.length);
    for (const value of values) this.name(value);
  }

  #nodeSet(values: readonly NodeId[]): void {
    const unknown = values.filter((value) => !this.#names.has(value));
    this.natural(unknown.length);
    for (const value of unknown) this.#newName(value);
    const bits = new Uint8Array(Math.ceil(this.#names.size / 8));
    for (const value of values) {
      const place = (this.#names.get(value) ?? 1) - 1;
      bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7));
    }
    this.bytes(bits);
  }

  #newName(value: NodeId): void {
    this.knowName(value);
    this.shortText(value);
  }

  #room(wanted: number): void {
    if (this.#length + wanted <= this.#buffer.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + wanted));
    this.#buffer.copy(bigger, 0, 0, this.#length);
    this.#buffer = bigger;
  }
}
