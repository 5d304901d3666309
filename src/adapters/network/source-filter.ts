import { isIPv6 } from "node:net";
import type { PacketMark } from "../../ports/transport.ts";
import { familyOf, makeSockaddr } from "./ip-address.ts";

/**
 * Programs for the kernel's packet filter (classic BPF), which throws datagrams away before they wake anybody: a flood then costs the
 * daemon next to nothing.
 *
 * A program has one register. It loads words of the packet into it, compares, jumps forward, and returns how many bytes are kept: none,
 * or all. An address may be forged, and a mark be copied by who sees the peer's packets, so a filter authenticates nobody.
 */
export interface Instruction {
  readonly code: number;
  /** Instructions skipped when the comparison holds, and when it does not. */
  readonly ifTrue: number;
  readonly ifFalse: number;
  /** What is compared with, loaded from, or returned. */
  readonly operand: number;
}

/** What the instructions are called in linux/filter.h. */
export const opcodes = {
  /** BPF_LD | BPF_W | BPF_ABS: a word of the packet, big endian. */
  load: 0x20,
  /** BPF_JMP | BPF_JEQ | BPF_K */
  ifEqual: 0x15,
  /** BPF_JMP | BPF_JSET | BPF_K: any of the operand's bits is set. */
  ifAnyBit: 0x45,
  /** BPF_RET | BPF_K */
  keep: 0x06,
} as const;

/** Where a load takes its word from, beside the packet as the socket sees it. */
export const places = {
  /** SKF_NET_OFF: from the IP header on. */
  ipHeader: 0xff_f0_00_00,
  /** SKF_AD_OFF + SKF_AD_RANDOM: a new random word. */
  random: 0xff_ff_f0_38,
} as const;

const sourceOffset = { ipv4: 12, ipv6: 8 };
/** What a program of a UDP socket sees begins with it. */
const udpHeaderBytes = 8;
const wholePacket = 0xff_ff_ff_ff;

/** Every datagram comes in. */
export const acceptAll: readonly Instruction[] = [keep(wholePacket)];

/** None does: for a socket that only sends. */
export const acceptNone: readonly Instruction[] = [keep(0)];

/** Whose datagrams come in by their address, or only those that bear a mark. */
export interface FilteredPeer {
  readonly address: string;
  /** undefined: all come in. null: none is known yet, so they are drawn. Otherwise those that bear it come in, and the rest is drawn. */
  readonly mark?: PacketMark | null;
}

/** Who gets through a filter. */
export interface FilterWish {
  /** The address the socket is bound to: its family is the packets'. */
  readonly own: string;
  /** Those with an address of the other family send nothing here. */
  readonly peers: readonly FilteredPeer[];
  /** Of what comes from a peer's address without its mark, one in so many. A power of two. */
  readonly unmarkedOneIn: number;
  /** Of all others' one in so many, drawn by lot. A power of two, so that the lot is a mask. */
  readonly strangersOneIn: number;
}

/** What peers send, and of what others send a few. @throws RangeError when a share is no power of two */
export function makeSourceFilter({ own, peers, unmarkedOneIn, strangersOneIn }: FilterWish): readonly Instruction[] {
  const source = places.ipHeader + (isIPv6(own) ? sourceOffset.ipv6 : sourceOffset.ipv4);
  const known = peers.filter(({ address }) => familyOf(address) === familyOf(own));
  return [
    ...known.flatMap(({ address, mark }) => {
      // Each peer has its own end: a jump reaches no further than 255 instructions.
      const end = mark === undefined ? [keep(wholePacket)] : keepMarked(mark, unmarkedOneIn);
      const words = wordsOf(address).map((word, index) => ({ place: source + 4 * index, word }));
      return [...ifSame(words, end.length), ...end];
    }),
    ...draw(strangersOneIn),
  ];
}

/** As the kernel wants it, a `struct sock_filter` each. */
export function encodeFilter(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [index, { code, ifTrue, ifFalse, operand }] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(operand, 8 * index + 4);
  }
  return bytes;
}

/** What bears the mark, and of the rest one in so many. */
function keepMarked(mark: PacketMark | null, unmarkedOneIn: number): readonly Instruction[] {
  const rest = draw(unmarkedOneIn);
  if (mark === null) return rest;
  const { bytes, offset } = mark;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The last word may overlap the one before it.
  const starts = Array.from({ length: Math.ceil(bytes.length / 4) }, (_, index) =>
    Math.min(4 * index, bytes.length - 4),
  );
  const words = starts.map((start) => ({ place: udpHeaderBytes + offset + start, word: view.getUint32(start) }));
  return [...ifSame(words, 1), keep(wholePacket), ...rest];
}

interface WordAt {
  readonly place: number;
  readonly word: number;
}

/** Goes on when all the words are there, and otherwise skips as many instructions more. */
function ifSame(words: readonly WordAt[], skipped: number): readonly Instruction[] {
  return words.flatMap(({ place, word }, index) => {
    const left = 2 * (words.length - index - 1);
    return [load(place), jump(opcodes.ifEqual, word, 0, left + skipped)];
  });
}

/** One in so many, by lot. */
function draw(oneIn: number): readonly Instruction[] {
  if (!Number.isInteger(Math.log2(oneIn))) throw new RangeError(`Cannot draw one in ${oneIn}`);
  return [load(places.random), jump(opcodes.ifAnyBit, oneIn - 1, 1, 0), keep(wholePacket), keep(0)];
}

/** The address in words of four bytes. */
function wordsOf(address: string): readonly number[] {
  const sockaddr = makeSockaddr(address, 0);
  const [start, length] = isIPv6(address) ? [8, 16] : [4, 4];
  return Array.from({ length: length / 4 }, (_, index) => sockaddr.readUInt32BE(start + 4 * index));
}

function load(operand: number): Instruction {
  return { code: opcodes.load, ifTrue: 0, ifFalse: 0, operand };
}

function jump(code: number, operand: number, ifTrue: number, ifFalse: number): Instruction {
  return { code, ifTrue, ifFalse, operand };
}

function keep(bytes: number): Instruction {
  return { code: opcodes.keep, ifTrue: 0, ifFalse: 0, operand: bytes };
}
