import type { TagPlaces } from "../../model/packet-tags.ts";
import { type FilterProgram, go, jump, opcodes, setOperand, step, type Step } from "./filter-program.ts";

/**
 * The part of a filter that computes a packet's tag: Speck64/128 over the sequence, with the key that `useSeries` has put into memory. There
 * is one for all peers, because it is long: 39 instructions for each of 27 rounds. The schedule of round keys is the round itself with its number
 * as the key, so one piece of code makes both.
 */

/** What the words of memory are. */
const memory = {
  /** The block: the sequence at first, the tag in `high` at last. */
  high: 0,
  low: 1,
  /** Of the sequence that must be exceeded. */
  floorHigh: 2,
  floorLow: 3,
  /** k0, then each round's key. */
  roundKey: 4,
  /** l0, l1, l2, in turns. */
  schedule: 5,
} as const;

const rounds = 27;
/** What a program of a UDP socket sees begins with it. */
export const udpHeaderBytes = 8;

/** Puts in what `checkTag` needs. @param floor what `setFloor` finds it by; packets up to the floor, at first 0, are old */
export function useSeries(key: readonly [number, number, number, number], floor: string): readonly Step[] {
  const [roundKey, ...schedule] = key;
  return [
    { label: floor },
    ...constant(memory.floorHigh, 0),
    ...constant(memory.floorLow, 0),
    ...constant(memory.roundKey, roundKey),
    ...schedule.flatMap((word, index) => constant(memory.schedule + index, word)),
  ];
}

/** Packets of that series up to `sequence` are old from now on. */
export function setFloor(program: FilterProgram, floor: string, sequence: number): void {
  const at = program.labels.get(floor);
  if (at === undefined) return;
  setOperand(program, at, Math.floor(sequence / 2 ** 32));
  setOperand(program, at + 2, sequence >>> 0);
}

/** Goes to `good` when the sequence is above the floor and the tag belongs to it, otherwise to `bad`. To be reached by `go` alone. */
export function checkTag(at: TagPlaces, good: string, bad: string): readonly Step[] {
  const [high, low] = [udpHeaderBytes + at.sequence, udpHeaderBytes + at.sequence + 2];
  return [
    step(opcodes.loadHalf, high),
    step(opcodes.store, memory.high),
    step(opcodes.loadMemoryX, memory.floorHigh),
    jump(opcodes.ifGreaterX, 0, { ifTrue: "above high" }),
    jump(opcodes.ifEqualX, 0, { ifTrue: "compare low" }),
    go(bad),
    { label: "compare low" },
    step(opcodes.load, low),
    step(opcodes.loadMemoryX, memory.floorLow),
    jump(opcodes.ifGreaterX, 0, { ifTrue: "above high" }),
    go(bad),
    { label: "above high" },
    step(opcodes.load, low),
    step(opcodes.store, memory.low),
    ...Array.from({ length: rounds }, (_, index) => cipherRound(index)).flat(),
    step(opcodes.loadMemory, memory.high),
    step(opcodes.copyToX),
    step(opcodes.load, udpHeaderBytes + at.tag),
    jump(opcodes.ifEqualX, 0, { ifTrue: "same" }),
    go(bad),
    { label: "same" },
    go(good),
  ];
}

function cipherRound(index: number): readonly Step[] {
  const block = mix(memory.high, memory.low, [step(opcodes.loadMemoryX, memory.roundKey), step(opcodes.xorX)]);
  if (index === rounds - 1) return block;
  return [...block, ...mix(memory.schedule + (index % 3), memory.roundKey, [step(opcodes.xor, index)])];
}

/** x = ((x >>> 8) + y) ^ key; y = (y <<< 3) ^ x. */
function mix(x: number, y: number, withKey: readonly Step[]): readonly Step[] {
  return [
    ...rotated(x, 24),
    step(opcodes.loadMemoryX, y),
    step(opcodes.addX),
    ...withKey,
    step(opcodes.store, x),
    ...rotated(y, 3),
    step(opcodes.loadMemoryX, x),
    step(opcodes.xorX),
    step(opcodes.store, y),
  ];
}

/** A word of memory, rotated to the left. */
function rotated(word: number, bits: number): readonly Step[] {
  return [
    step(opcodes.loadMemory, word),
    step(opcodes.shiftRight, 32 - bits),
    step(opcodes.copyToX),
    step(opcodes.loadMemory, word),
    step(opcodes.shiftLeft, bits),
    step(opcodes.orX),
  ];
}

function constant(word: number, value: number): readonly Step[] {
  return [step(opcodes.loadConstant, value), step(opcodes.store, word)];
}
