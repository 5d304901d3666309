/**
 * Programs for the kernel's packet filter (classic BPF), which throws datagrams away before they wake anybody: a flood then costs the
 * daemon next to nothing.
 *
 * A program has an accumulator, an index register and 16 words of memory. It loads from the packet, computes, jumps forward, and returns how
 * many bytes are kept: none, or all. Here it is written as steps with labels; `assemble` counts the jumps.
 */
export type Step = PlainStep | JumpStep | { readonly label: string };

interface PlainStep {
  readonly code: number;
  /** What is compared with, loaded from, computed with or returned. */
  readonly operand: number;
}

interface JumpStep extends PlainStep {
  /** Labels further on; left out: the next step. Of a comparison no further than 255 instructions. */
  readonly ifTrue?: string;
  readonly ifFalse?: string;
}

/** What the instructions are called in linux/filter.h; A is the accumulator, X the index register. */
export const opcodes = {
  /** BPF_LD | BPF_W | BPF_ABS, and the same of a half-word and a byte: of the packet, big endian. */
  load: 0x20,
  loadHalf: 0x28,
  loadByte: 0x30,
  /** BPF_LD | BPF_IMM: a constant. */
  loadConstant: 0x00,
  /** BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST */
  loadMemory: 0x60,
  loadMemoryX: 0x61,
  store: 0x02,
  /** BPF_MISC | BPF_TAX */
  copyToX: 0x07,
  /** BPF_ALU with X, and with a constant. */
  addX: 0x0c,
  orX: 0x4c,
  xorX: 0xac,
  xor: 0xa4,
  shiftLeft: 0x64,
  shiftRight: 0x74,
  /** BPF_JMP | BPF_JA: as far as one likes. */
  go: 0x05,
  /** BPF_JMP | BPF_JEQ with a constant and with X, BPF_JGT with X; BPF_JSET: any of the operand's bits is set. */
  ifEqual: 0x15,
  ifEqualX: 0x1d,
  ifGreaterX: 0x2d,
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

/** BPF_MAXINSNS: the kernel takes no longer program. */
export const instructionsMax = 4_096;

const wholePacket = 0xff_ff_ff_ff;

/** A step that needs nothing but an operand. */
export function step(code: number, operand = 0): Step {
  return { code, operand: operand >>> 0 };
}

/** A comparison of the accumulator. */
export function jump(code: number, operand: number, to: Pick<JumpStep, "ifTrue" | "ifFalse">): Step {
  return { code, operand: operand >>> 0, ...to };
}

/** Goes on at the label, however far it is. */
export function go(label: string): Step {
  return { code: opcodes.go, operand: 0, ifTrue: label };
}

/** The end: the datagram comes in, or it does not. */
export function keep(isKept: boolean): Step {
  return step(opcodes.keep, isKept ? wholePacket : 0);
}

/** Every datagram comes in. */
export const acceptAll: Uint8Array = assemble([keep(true)]).bytes;

/** None does: for a socket that only sends. */
export const acceptNone: Uint8Array = assemble([keep(false)]).bytes;

/** A program as the kernel wants it. */
export interface FilterProgram {
  /** A `struct sock_filter` of 8 bytes for each instruction: code, both jumps, operand, as this machine has its numbers. */
  readonly bytes: Uint8Array;
  /** The number of the instruction behind each label. */
  readonly labels: ReadonlyMap<string, number>;
}

/** Counts the jumps. @throws RangeError when a label is missing, lies behind or too far ahead, or the program is too long */
export function assemble(steps: readonly Step[]): FilterProgram {
  const labels = new Map<string, number>();
  const instructions: (PlainStep | JumpStep)[] = [];
  for (const one of steps) {
    if ("label" in one) labels.set(one.label, instructions.length);
    else instructions.push(one);
  }
  const { length } = instructions;
  if (length > instructionsMax)
    throw new RangeError(`Cannot filter by ${length} instructions, at most ${instructionsMax}`);
  const skip = (from: number, label: string | undefined, max: number): number => {
    if (label === undefined) return 0;
    const skipped = (labels.get(label) ?? -1) - from - 1;
    if (skipped < 0 || skipped > max) throw new RangeError(`Cannot jump from ${from} to "${label}": ${skipped} ahead`);
    return skipped;
  };
  const bytes = Buffer.alloc(8 * length);
  for (const [at, { code, operand, ...jumps }] of instructions.entries()) {
    const { ifTrue, ifFalse }: Pick<JumpStep, "ifTrue" | "ifFalse"> = jumps;
    const isGo = code === opcodes.go;
    bytes.writeUInt16LE(code, 8 * at);
    bytes.writeUInt8(isGo ? 0 : skip(at, ifTrue, 255), 8 * at + 2);
    bytes.writeUInt8(skip(at, ifFalse, 255), 8 * at + 3);
    bytes.writeUInt32LE(isGo ? skip(at, ifTrue, instructionsMax) : operand, 8 * at + 4);
  }
  return { bytes, labels };
}

/** Gives an instruction another operand. */
export function setOperand({ bytes }: FilterProgram, at: number, operand: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8 * at + 4, operand, true);
}
