import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * The journal's bytes:
 *
 *     file   = "hale journal 1\n\n" frame...
 *     frame  = header payload
 *     header =  0  4  ff 48 4a fe      never part of UTF-8, so that no payload can look like a header
 *               4  4  length of the payload
 *               8  6  sequence of the frame, from 1
 *              14  8  `check` of the frame before; zeros for the first
 *              22  8  check: first bytes of SHA-256 over header bytes 4 to 21 and the payload
 *              30  4  CRC-32 of header bytes 0 to 29
 *
 * Numbers are little endian. The payload is JSON, an array of records. The header has a sum of its own, so that a frame cut in its
 * payload (its header is right, the bytes are too few) is told from one whose length was altered.
 */
export const fileHeader = Buffer.from("hale journal 1\n\n", "latin1");

/** What `fileHeader` begins with in every version. */
export const fileMagic = Buffer.from("hale journal ", "latin1");

/** Begins each frame; never part of UTF-8. */
export const frameMarker = Buffer.from([0xff, 0x48, 0x4a, 0xfe]);
/** Length of what stands before the payload. */
export const frameHeaderBytes = 34;

/** Payloads are not longer; what a torn write may leave behind is not either. */
export const payloadBytesMax = 64 * 1024 * 1024;

/** The check before the first frame. */
export const noCheck: Uint8Array = new Uint8Array(8);

/** Where a frame stands in the chain. */
export interface ChainLink {
  readonly sequence: number;
  readonly check: Uint8Array;
}

/** The chain before the first frame. */
export const chainStart: ChainLink = { sequence: 0, check: noCheck };

/** A frame's bytes, and the chain's new end. */
export interface EncodedFrame {
  readonly bytes: Uint8Array;
  readonly link: ChainLink;
}

/** @throws RangeError when the payload is too long */
export function encodeFrame(payload: Uint8Array, previous: ChainLink): EncodedFrame {
  if (payload.length > payloadBytesMax) {
    throw new RangeError(`Cannot write ${payload.length} bytes at once, at most ${payloadBytesMax}`);
  }
  const bytes = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
  const sequence = previous.sequence + 1;
  bytes.set(frameMarker, 0);
  bytes.writeUInt32LE(payload.length, 4);
  bytes.writeUIntLE(sequence, 8, 6);
  bytes.set(previous.check, 14);
  bytes.set(payload, frameHeaderBytes);
  const check = checkOf(bytes, payload.length);
  bytes.set(check, 22);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 30)), 30);
  return { bytes, link: { sequence, check } };
}

/** A frame read back. `bad`: what is there is not a whole frame; `cut`: its header is right, but the file ends before it does. */
export type ReadFrame =
  | {
      readonly kind: "frame";
      readonly payload: Uint8Array;
      readonly previous: Uint8Array;
      readonly link: ChainLink;
      readonly end: number;
    }
  | { readonly kind: "cut" }
  | { readonly kind: "bad" };

/** Reads the frame at `at`, without judging its place in the chain. Total. */
export function readFrame(bytes: Buffer, at: number): ReadFrame {
  const header = bytes.subarray(at, at + frameHeaderBytes);
  const known = header.subarray(0, frameMarker.length);
  if (!frameMarker.subarray(0, known.length).equals(known)) return { kind: "bad" };
  if (header.length < frameHeaderBytes) return { kind: "cut" };
  if (header.readUInt32LE(30) !== crc32(header.subarray(0, 30))) return { kind: "bad" };
  const length = header.readUInt32LE(4);
  if (length > payloadBytesMax) return { kind: "bad" };
  const end = at + frameHeaderBytes + length;
  if (end > bytes.length) return { kind: "cut" };
  const frame = bytes.subarray(at, end);
  const check = frame.subarray(22, 30);
  if (!checkOf(frame, length).equals(check)) return { kind: "bad" };
  const link = { sequence: header.readUIntLE(8, 6), check };
  return { kind: "frame", payload: frame.subarray(frameHeaderBytes), previous: frame.subarray(14, 22), link, end };
}

function checkOf(frame: Buffer, payloadLength: number): Buffer {
  const hash = createHash("sha256").update(frame.subarray(4, 22));
  return hash
    .update(frame.subarray(frameHeaderBytes, frameHeaderBytes + payloadLength))
    .digest()
    .subarray(0, 8);
}
