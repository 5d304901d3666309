/**
 * The values of D-Bus messages, as the D-Bus specification lays them out ("Marshaling"): each on a boundary of its own alignment, counted from the
 * start of the message, little-endian when we write, and as the sender says when we read.
 *
 * A value is what its type says in JavaScript: strings, object paths and signatures are strings, 64 bit numbers bigints, arrays and structs arrays, a
 * dictionary an array of pairs. A variant is written as `BusVariant`, and read as its value alone.
 */
export type BusValue = string | number | bigint | boolean | BusVariant | readonly BusValue[];

export interface BusVariant {
  readonly signature: string;
  readonly value: BusValue;
}

const alignments: Readonly<Record<string, number>> = { y: 1, g: 1, v: 1, n: 2, q: 2, x: 8, t: 8, d: 8, "(": 8, "{": 8 };

function alignmentOf(type: string): number {
  return alignments[type.charAt(0)] ?? 4;
}

/** `sa{sv}as` -> `s`, `a{sv}`, `as`. @throws Error when it is no signature */
export function typesOf(signature: string): readonly string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, from: number): number {
  let at = from;
  while (signature[at] === "a") at += 1;
  const first = signature[at];
  if (first === undefined || !"ybnqiuxtdhsogv({".includes(first)) throw new Error(`"${signature}" is no signature`);
  if (first !== "(" && first !== "{") return at + 1;
  const close = first === "(" ? ")" : "}";
  at += 1;
  // One without anything in it would be read for ever.
  if (signature[at] === close) throw new Error(`"${signature}" is no signature`);
  while (signature[at] !== close) at = endOfType(signature, at);
  return at + 1;
}

/** Writes one value after another. */
export class BusWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  align(boundary: number): void {
    while (this.#bytes.length % boundary !== 0) this.#bytes.push(0);
  }

  /** @throws Error when the value is not of the type, or of one that nobody needs to write */
  write(type: string, value: BusValue): void {
    this.align(alignmentOf(type));
    switch (type.charAt(0)) {
      case "y":
        this.#bytes.push(asNumber(value));
        return;
      case "u":
        this.#writeUint32(asNumber(value));
        return;
      case "s":
      case "o":
        this.#writeUint32(Buffer.byteLength(asString(value)));
        this.#bytes.push(...Buffer.from(asString(value)), 0);
        return;
      case "g":
        this.#bytes.push(asString(value).length, ...Buffer.from(asString(value)), 0);
        return;
      case "v": {
        const { signature, value: inner } = asVariant(value);
        this.write("g", signature);
        this.write(signature, inner);
        return;
      }
      case "a":
        this.#writeArray(type.slice(1), asArray(value));
        return;
      case "(":
      case "{":
        for (const [index, part] of typesOf(type.slice(1, -1)).entries()) this.write(part, asArray(value)[index] ?? "");
        return;
      default:
        throw new Error(`Cannot write a value of type "${type}"`);
    }
  }

  #writeUint32(value: number): void {
    this.#bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  }

  #writeArray(type: string, values: readonly BusValue[]): void {
    const inner = new BusWriter();
    // What the elements are aligned to is counted from the message's start; its remainder by 8 is all that matters.
    this.#writeUint32(0);
    const lengthAt = this.#bytes.length - 4;
    this.align(alignmentOf(type));
    const from = this.#bytes.length;
    for (let index = 0; index < from % 8; index += 1) inner.#bytes.push(0);
    for (const value of values) inner.write(type, value);
    this.#bytes.push(...inner.#bytes.slice(from % 8));
    const length = new BusWriter();
    length.#writeUint32(this.#bytes.length - from);
    this.#bytes.splice(lengthAt, 4, ...length.#bytes);
  }
}

/** Reads one value after another. Every method throws when the bytes end too soon. */
export class BusReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #isLittle: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, isLittle: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#isLittle = isLittle;
  }

  align(boundary: number): void {
    this.#at = Math.ceil(this.#at / boundary) * boundary;
  }

  read(type: string): BusValue {
    this.align(alignmentOf(type));
    switch (type.charAt(0)) {
      case "y":
        return this.#view.getUint8(this.#skip(1));
      case "b":
        return this.#readUint32() !== 0;
      case "n":
        return this.#view.getInt16(this.#skip(2), this.#isLittle);
      case "q":
        return this.#view.getUint16(this.#skip(2), this.#isLittle);
      case "i":
        return this.#view.getInt32(this.#skip(4), this.#isLittle);
      case "u":
      case "h":
        return this.#readUint32();
      case "x":
        return this.#view.getBigInt64(this.#skip(8), this.#isLittle);
      case "t":
        return this.#view.getBigUint64(this.#skip(8), this.#isLittle);
      case "d":
        return this.#view.getFloat64(this.#skip(8), this.#isLittle);
      case "s":
      case "o":
        return this.#readText(this.#readUint32());
      case "g":
        return this.#readText(this.#view.getUint8(this.#skip(1)));
      case "v": {
        const [inner = "", ...more] = typesOf(asString(this.read("g")));
        if (more.length > 0) throw new Error("A variant holds more than one value");
        return this.read(inner);
      }
      case "a":
        return this.#readArray(type.slice(1));
      case "(":
      case "{":
        return typesOf(type.slice(1, -1)).map((part) => this.read(part));
      default:
        throw new Error(`"${type}" is no type of D-Bus`);
    }
  }

  #readArray(type: string): readonly BusValue[] {
    const length = this.#readUint32();
    this.align(alignmentOf(type));
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("An array is longer than its message");
    const values: BusValue[] = [];
    while (this.#at < end) values.push(this.read(type));
    return values;
  }

  #readUint32(): number {
    return this.#view.getUint32(this.#skip(4), this.#isLittle);
  }

  #readText(length: number): string {
    const from = this.#skip(length + 1);
    return Buffer.from(this.#bytes.subarray(from, from + length)).toString("utf8");
  }

  /** @returns where they begin */
  #skip(count: number): number {
    const from = this.#at;
    if (from + count > this.#bytes.length) throw new RangeError("A message ends too soon");
    this.#at += count;
    return from;
  }
}

function asNumber(value: BusValue): number {
  if (typeof value !== "number") throw new TypeError("A number is wanted");
  return value;
}

function asString(value: BusValue): string {
  if (typeof value !== "string") throw new TypeError("A string is wanted");
  return value;
}

function asArray(value: BusValue): readonly BusValue[] {
  if (!Array.isArray(value)) throw new TypeError("An array is wanted");
  return value as readonly BusValue[];
}

function asVariant(value: BusValue): BusVariant {
  if (typeof value !== "object" || !("signature" in value)) throw new TypeError("A variant is wanted");
  return value;
}
