import { BusReader, type BusValue, type BusVariant, BusWriter, typesOf } from "./bus-values.ts";

/** One message of D-Bus; a field that is absent is not in its header. */
export interface BusMessage {
  readonly kind: "call" | "return" | "error" | "signal";
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly error?: string;
  /** The serial of the call that it answers. */
  readonly replyTo?: number;
  readonly destination?: string;
  readonly sender?: string;
  /** Of the body. */
  readonly signature?: string;
  readonly body: readonly BusValue[];
}

const kinds = ["call", "return", "error", "signal"] as const;
/** Code and type of each field of the header, by our name for it. */
const fields = {
  path: [1, "o"],
  interface: [2, "s"],
  member: [3, "s"],
  error: [4, "s"],
  replyTo: [5, "u"],
  destination: [6, "s"],
  sender: [7, "s"],
  signature: [8, "g"],
} as const;
const names = Object.keys(fields) as (keyof typeof fields)[];

const littleEndian = "l".charCodeAt(0);
const bigEndian = "B".charCodeAt(0);
const version = 1;
/** Byte order, kind, flags, version, body length, serial, and the length of the fields. */
const fixedBytes = 16;

export function encodeMessage(message: BusMessage): Buffer {
  const body = new BusWriter();
  for (const [index, type] of typesOf(message.signature ?? "").entries()) body.write(type, message.body[index] ?? "");
  const header = new BusWriter();
  for (const byte of [littleEndian, kinds.indexOf(message.kind) + 1, 0, version]) header.write("y", byte);
  header.write("u", body.length);
  header.write("u", message.serial);
  header.write(
    "a(yv)",
    names.flatMap((name): [number, BusVariant][] => {
      const [code, signature] = fields[name];
      const value = message[name];
      return value === undefined ? [] : [[code, { signature, value }]];
    }),
  );
  header.align(8);
  return Buffer.concat([header.bytes(), body.bytes()]);
}

/**
 * How long the message at the beginning of `bytes` is; null when that cannot be told yet.
 *
 * @throws Error when they are no message
 */
export function messageLength(bytes: Buffer): number | null {
  if (bytes.length < fixedBytes) return null;
  if ((bytes[0] !== littleEndian && bytes[0] !== bigEndian) || bytes[3] !== version)
    throw new Error("What came is no message of D-Bus");
  const read = (at: number): number => (bytes[0] === littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  return Math.ceil((fixedBytes + read(12)) / 8) * 8 + read(4);
}

/** @param bytes one message, whole. @throws Error when it is none, or of a kind that is not known */
export function decodeMessage(bytes: Buffer): BusMessage {
  const reader = new BusReader(bytes, bytes[0] === littleEndian);
  const [, code, , , , serial] = ["y", "y", "y", "y", "u", "u"].map((type) => reader.read(type) as number);
  const kind = kinds[(code ?? 0) - 1];
  if (kind === undefined) throw new Error(`A message is of the unknown kind ${code}`);
  const header: Partial<Record<keyof typeof fields, BusValue>> = {};
  for (const [field, value] of reader.read("a(yv)") as [number, BusValue][]) {
    const name = names.find((one) => fields[one][0] === field);
    if (name !== undefined) header[name] = value;
  }
  reader.align(8);
  const { signature } = header;
  const types = typeof signature === "string" ? typesOf(signature) : [];
  const body = types.map((type) => reader.read(type));
  // Each field has the type that the table says: who sends another one is refused by the bus.
  return { ...(header as Partial<BusMessage>), kind, serial: serial ?? 0, body };
}
