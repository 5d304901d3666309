import { isIPv6 } from "node:net";
import { familyOf, makeSockaddr } from "./ip-address.ts";

/**
 * Programs for the kernel's packet filter (classic BPF), which throws datagrams away before they wake anybody: a flood then costs the
 * daemon next to nothing.
 *
 * A program has one register. It loads words of the packet into it, compares, jumps forward, and returns how many bytes are kept: none,
 * or all. An address may be forged, so a filter keeps out who does not bother to, and authenticates nobody.
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
const wholePacket = 0xff_ff_ff_ff;

/** Every datagram comes in. */
export const acceptAll: readonly Instruction[] = [keep(wholePacket)];

/** None does: for a socket that only sends. */
export const acceptNone: readonly Instruction[] = [keep(0)];

/** Who gets through a filter. */
export interface FilterWish {
  /** The address the socket is bound to: its family is the packets'. */
  readonly own: string;
  /** Addresses whose datagrams all come in; those of the other family have none here. */
  readonly peers: readonly string[];
  /** Of all others' one in so many, drawn by lot. A power of two, so that the lot is a mask. */
  readonly strangersOneIn: number;
}

/** All from the peers, a few from strangers. @throws RangeError when `strangersOneIn` is no power of two */
export function makeSourceFilter({ own, peers, strangersOneIn }: FilterWish): readonly Instruction[] {
  if (!Number.isInteger(Math.log2(strangersOneIn))) throw new RangeError(`Cannot draw one in ${strangersOneIn}`);
  const known = peers.filter((peer) => familyOf(peer) === familyOf(own)).map((peer) => wordsOf(peer));
  return [
    ...(isIPv6(own) ? known.flatMap((words) => keepIpv6(words)) : keepIpv4(known.flat())),
    load(places.random),
    jump(opcodes.ifAnyBit, strangersOneIn - 1, 1, 0),
    keep(wholePacket),
    keep(0),
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

function keepIpv4(sources: readonly number[]): readonly Instruction[] {
  const tests = sources.flatMap((source) => [jump(opcodes.ifEqual, source, 0, 1), keep(wholePacket)]);
  return [load(places.ipHeader + sourceOffset.ipv4), ...tests];
}

/** Each address has its own end: a jump reaches no further than 255 instructions. */
function keepIpv6(source: readonly number[]): readonly Instruction[] {
  const tests = source.flatMap((word, index) => {
    const untilNext = 2 * (source.length - index - 1) + 1;
    return [load(places.ipHeader + sourceOffset.ipv6 + 4 * index), jump(opcodes.ifEqual, word, 0, untilNext)];
  });
  return [...tests, keep(wholePacket)];
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
