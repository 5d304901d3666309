import type { NodeId } from "../model/ids.ts";
import { isName } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { ViewId } from "../model/view.ts";
import { noView } from "../model/view.ts";
import { incarnationBytes } from "./packet-format.ts";

const noName = "" as NodeId;

/**
 * Reads what `BodyWriter` writes, from bytes that may be anything.
 *
 * It never throws: the first thing that cannot be read makes `isGood` false for good, and from then on everything reads as zero
 * or empty. Whoever reads a list asks `list`, which refuses a count that the remaining bytes cannot hold, so that a forged length
 * costs nothing.
 */
export class BodyReader {
  readonly #buffer: Buffer;
  readonly #names: NodeId[] = [];
  readonly #incarnations: Incarnation[] = [];
  #at: number;
  #isGood = true;

  /** @param from,to the part of `bytes` to read */
  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, to);
    this.#at = from;
  }

  /** False as soon as anything could not be read. */
  get isGood(): boolean {
    return this.#isGood;
  }

  /** Everything was read, nothing is left over. */
  get isComplete(): boolean {
    return this.#isGood && this.#at === this.#buffer.length;
  }

  /** Marks the bytes as unreadable; for readers that find a value out of place. */
  fail(): void {
    this.#isGood = false;
    this.#at = this.#buffer.length;
  }

  byte(): number {
    const value = this.#buffer[this.#at];
    if (value === undefined) return this.#failed(0);
    this.#at += 1;
    return value;
  }

  /** Big endian, `width` bytes, at most 6. */
  fixed(width: number): number {
    if (width > this.#buffer.length - this.#at) return this.#failed(0);
    const value = this.#buffer.readUIntBE(this.#at, width);
    this.#at += width;
    return value;
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) this.fail();
    return value === 1;
  }

  natural(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < 8; read += 1) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return this.#naturalOrFail(value, next === 0 && read > 0);
      scale *= 128;
    }
    return this.#failed(0);
  }

  bytes(length: number): Uint8Array {
    if (length > this.#buffer.length - this.#at) return this.#failed(new Uint8Array(0));
    const value = this.#buffer.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  shortText(): string {
    const length = this.byte();
    if (length > this.#buffer.length - this.#at) return this.#failed("");
    const value = this.#buffer.toString("latin1", this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  name(): NodeId {
    const number = this.natural();
    if (number === 0) return this.#newName();
    return this.#names[number - 1] ?? this.#failed(noName);
  }

  /** A name written by `shortText` that has the next number. */
  knownName(): NodeId {
    return this.#newName();
  }

  incarnation(): Incarnation {
    const number = this.natural();
    if (number > 0) return this.#incarnations[number - 1] ?? this.#failed(noView.incarnation);
    const value = this.rawIncarnation();
    this.#incarnations.push(value);
    return value;
  }

  knowIncarnation(value: Incarnation): void {
    this.#incarnations.push(value);
  }

  rawIncarnation(): Incarnation {
    const end = this.#at + incarnationBytes;
    if (end > this.#buffer.length) return this.#failed(noView.incarnation);
    const value = this.#buffer.toString("hex", this.#at, end) as Incarnation;
    this.#at = end;
    return value;
  }

  viewId(): ViewId {
    const counter = this.natural() - 1;
    if (counter < 0) return noView;
    return { counter, proposer: this.name(), incarnation: this.incarnation() };
  }

  nodes(): readonly NodeId[] {
    return this.flag() ? this.#nodeSet() : this.list(() => this.name());
  }

  /** A count and as many items, each of at least one byte. */
  list<Item>(readItem: () => Item): readonly Item[] {
    const count = this.natural();
    if (count > this.#buffer.length - this.#at) return this.#failed([]);
    const items: Item[] = [];
    for (let read = 0; read < count && this.#isGood; read += 1) items.push(readItem());
    return this.#isGood ? items : [];
  }

  #nodeSet(): readonly NodeId[] {
    this.list(() => this.#newName());
    const bits = this.bytes(Math.ceil(this.#names.length / 8));
    const chosen = this.#names.filter((_, place) => (((bits[place >> 3] ?? 0) >> (place & 7)) & 1) === 1);
    const members = [...new Set(chosen)];
    return members.sort((a, b) => (a < b ? -1 : 1));
  }

  #newName(): NodeId {
    const text = this.shortText();
    if (!isName(text)) return this.#failed(noName);
    const name = text as NodeId;
    this.#names.push(name);
    return name;
  }

  /** Refuses what has no one spelling: a last byte of zero, or a value that a double cannot hold exactly. */
  #naturalOrFail(value: number, isOverlong: boolean): number {
    return isOverlong || !Number.isSafeInteger(value) ? this.#failed(0) : value;
  }

  #failed<Value>(instead: Value): Value {
    this.fail();
    return instead;
  }
}
