import { describe, expect, test } from "vitest";
import { makeSockaddr } from "./ip-address.ts";
import type { PacketTags, TagSeries } from "../../model/packet-tags.ts";
import {
  acceptAll,
  acceptNone,
  assemble,
  go,
  type FilterProgram,
  instructionsMax,
  jump,
  keep,
  opcodes,
  places,
  type Step,
} from "./filter-program.ts";
import { floorOf, makeSourceFilter } from "./source-filter.ts";
import { setFloor } from "./tag-steps.ts";

const lost = 1; // Not drawn, whatever the fraction above 1.
const drawn = 1024;

test("a jump goes forward to a label that is there, a comparison not too far", () => {
  const far = Array.from({ length: 256 }, () => keep(true));
  const toEnd = (first: Step) => assemble([first, ...far, { label: "end" }, keep(false)]);
  expect([...toEnd(go("end")).bytes.subarray(0, 8)]).toEqual([opcodes.go, 0, 0, 0, 0, 1, 0, 0]);
  expect(() => toEnd(jump(opcodes.ifEqual, 0, { ifTrue: "end" }))).toThrow(RangeError);
  expect(() => toEnd(go("nowhere"))).toThrow(RangeError);
  expect(() => assemble([{ label: "behind" }, go("behind")])).toThrow(RangeError);
  expect(() => assemble(Array.from({ length: instructionsMax + 1 }, () => keep(true)))).toThrow(RangeError);
});

describe("a filter of IPv4 sources", () => {
  const filter = makeSourceFilter({
    peers: ["10.0.0.2", "10.0.0.3", "fd00::2"].map((address) => ({ address })),
    untaggedOneIn: 1,
    strangersOneIn: 1024,
  });

  test.each([
    ["10.0.0.2", lost, true],
    ["10.0.0.3", lost, true],
    ["10.0.0.1", lost, false],
    ["10.0.0.4", lost, false],
    ["2.0.0.10", lost, false],
    ["10.0.0.4", drawn, true],
    ["10.0.0.4", 5 * drawn, true],
    ["10.0.0.4", 5 * drawn + 512, false],
  ])("a packet of %s with the lot %i: %s", (source, lot, isKept) => {
    expect(isKeptBy(filter, source, lot)).toBe(isKept);
  });
});

describe("a filter of IPv6 sources", () => {
  const peers = Array.from({ length: 31 }, (_, index) => `fd00:1::${(index + 2).toString(16)}`);
  const filter = makeSourceFilter({
    peers: ["10.0.0.2", ...peers].map((address) => ({ address })),
    untaggedOneIn: 1,
    strangersOneIn: 16,
  });

  test("each of 31 peers, however it is written, and nobody with a part of an address", () => {
    for (const peer of peers) expect(isKeptBy(filter, peer, lost)).toBe(true);
    expect(isKeptBy(filter, "FD00:0001:0:0::0005", lost)).toBe(true);
    for (const stranger of ["fd00:1::1", "fd00:1::99", "fd00:2::2", "fd00:1:0:1::2", "fd00:1::1:0:2", "::2"])
      expect(isKeptBy(filter, stranger, lost)).toBe(false);
  });

  test("a stranger that the lot falls on", () => expect(isKeptBy(filter, "2001:db8::1", 0x30)).toBe(true));
});

describe("a filter of tags", () => {
  const at = { selector: 0, lifeWord: 2, sequence: 6, tag: 12 };
  // Of the authors' key, for sequences; computed once by src/wire/speck.ts, which gives the authors' example.
  const key = [0x03020100, 0x0b0a0908, 0x13121110, 0x1b1a1918] as const;
  const tags: ReadonlyMap<number, number> = new Map([
    [1, 0x54a7_bb6f],
    [7, 0x187b_389d],
    [8, 0xe25e_aa8a],
    [9, 0x916f_85ff],
    [2 ** 32 - 1, 0x4233_ac1a],
    [2 ** 32, 0xd3d0_b66a],
    [2 ** 32 + 5, 0x912e_bf3a],
    [2 ** 48 - 1, 0x717f_b9f3],
  ]);
  const seriesOf = (selector: number): TagSeries => ({ selector, lifeWord: 0xfedc_ba98, key, tagOf: () => 0 });
  const packetTags: PacketTags = { life: "first", at, series: [seriesOf(0x0201), seriesOf(0x0101)] };
  const bearing = (selector: number, sequence: number, change = 0): Buffer => {
    const bytes = Buffer.alloc(20, 9);
    bytes.writeUInt16BE(selector, at.selector);
    bytes.writeUInt32BE(0xfedc_ba98, at.lifeWord);
    bytes.writeUIntBE(sequence, at.sequence, 6);
    bytes.writeUInt32BE(((tags.get(sequence) ?? 0) ^ change) >>> 0, at.tag);
    return bytes;
  };
  const filterFrom = (floor: number, [known = "", unknown = "", free = ""]: readonly string[]) => {
    const filter = makeSourceFilter({
      peers: [{ address: known, lives: [packetTags] }, { address: unknown, lives: [] }, { address: free }],
      untaggedOneIn: 4,
      strangersOneIn: 1024,
    });
    const [, raised = seriesOf(0)] = packetTags.series;
    setFloor(filter, floorOf(known, packetTags, raised), floor);
    return filter;
  };

  test.each([[["10.0.0.2", "10.0.0.3", "10.0.0.4"]], [["fd00::2", "fd00::3", "fd00::4"]]])("of %s", (peers) => {
    const [known = "", unknown = "", free = ""] = peers;
    const filter = filterFrom(8, peers);
    for (const sequence of tags.keys()) {
      expect(isKeptBy(filter, known, lost, bearing(0x0201, sequence)), `${sequence}`).toBe(true);
      expect(isKeptBy(filter, known, lost, bearing(0x0101, sequence)), `${sequence}, floor 8`).toBe(sequence > 8);
      expect(isKeptBy(filter, known, lost, bearing(0x0201, sequence, 1)), `${sequence}, altered`).toBe(false);
      expect(isKeptBy(filter, known, 4, bearing(0x0201, sequence, 1)), "drawn").toBe(true);
    }
    expect(isKeptBy(filter, known, lost, bearing(0x0202, 9)), "another key").toBe(false);
    expect(isKeptBy(filter, known, 4, bearing(0x0202, 9)), "another key, drawn").toBe(true);
    expect(isKeptBy(filter, known, lost, bearing(0x0201, 9).fill(7, 2, 6)), "another life").toBe(false);
    expect(isKeptBy(filter, known, 4, bearing(0x0201, 9).subarray(0, 15)), "too short, so not even drawn").toBe(false);
    expect(isKeptBy(filter, unknown, lost, bearing(0x0201, 9))).toBe(false);
    expect(isKeptBy(filter, unknown, 4, Buffer.alloc(0))).toBe(true);
    expect(isKeptBy(filter, free, lost, Buffer.alloc(0))).toBe(true);
  });

  test.each([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5])("with a floor of %i", (floor) => {
    const filter = filterFrom(floor, ["10.0.0.2"]);
    for (const sequence of tags.keys())
      expect(isKeptBy(filter, "10.0.0.2", lost, bearing(0x0101, sequence)), `${sequence}`).toBe(sequence > floor);
  });

  test("31 peers that change from one key to another are not too many for the kernel", () => {
    const series = [1, 2].flatMap((keyNumber) => [seriesOf(0x0100 + keyNumber), seriesOf(0x0200 + keyNumber)]);
    const peers = Array.from({ length: 31 }, (_, index) => ({
      address: `fd00:1::${(index + 2).toString(16)}`,
      lives: [{ life: `${index}`, at, series }],
    }));
    const filter = makeSourceFilter({ peers, untaggedOneIn: 32, strangersOneIn: 1024 });
    expect(filter.bytes.length / 8).toBeLessThan(instructionsMax);
    expect(isKeptBy(filter, "fd00:1::20", lost, bearing(0x0202, 7))).toBe(true);
    expect(isKeptBy(filter, "fd00:1::20", lost, bearing(0x0202, 7, 1))).toBe(false);
  });
});

test("without peers, only the lot counts; with one in one, it always falls", () => {
  const drawing = (strangersOneIn: number) => makeSourceFilter({ peers: [], untaggedOneIn: 1, strangersOneIn });
  expect(isKeptBy(drawing(2), "10.0.0.2", 1)).toBe(false);
  expect(isKeptBy(drawing(1), "10.0.0.2", 1)).toBe(true);
  expect(() => drawing(12)).toThrow(RangeError);
});

test("all, and none", () => {
  expect(isKeptBy({ bytes: acceptAll, labels: new Map() }, "10.0.0.2", lost)).toBe(true);
  expect(isKeptBy({ bytes: acceptNone, labels: new Map() }, "10.0.0.2", drawn)).toBe(false);
});

test("the kernel's bytes: code, both jumps, operand", () => {
  const steps = [jump(opcodes.ifEqual, 0xff_f0_00_0c, { ifTrue: "a", ifFalse: "b" }), keep(true)];
  const { bytes } = assemble([...steps, { label: "a" }, keep(true), { label: "b" }, keep(true)]);
  expect([...bytes.subarray(0, 8)]).toEqual([0x15, 0, 1, 2, 0x0c, 0, 0xf0, 0xff]);
});

/** What the kernel would do with a packet of `source` when its random word is `lot`; a load from behind its end drops it. */
function isKeptBy(
  { bytes }: FilterProgram,
  source: string,
  lot: number,
  payload: Uint8Array = new Uint8Array(),
): boolean {
  const header = headerOf(source);
  const datagram = Buffer.concat([Buffer.alloc(8, 0xee), payload]);
  const memory = new Uint32Array(16);
  let [a, x] = [0, 0];
  for (let at = 0; ; at += 1) {
    if (8 * at >= bytes.length) throw new Error(`Cannot go on at ${at}: the program has ended`);
    const instruction = Buffer.from(bytes.subarray(8 * at, 8 * at + 8));
    const code = instruction.readUInt16LE(0);
    const [ifTrue, ifFalse] = [instruction.readUInt8(2), instruction.readUInt8(3)];
    const operand = instruction.readUInt32LE(4);
    const compare = (holds: boolean): void => {
      at += holds ? ifTrue : ifFalse;
    };
    const width = { [opcodes.load]: 4, [opcodes.loadHalf]: 2, [opcodes.loadByte]: 1 }[code];
    if (width !== undefined) {
      const [packet, offset] = operand < places.ipHeader ? [datagram, operand] : [header, operand - places.ipHeader];
      if (operand !== places.random && offset + width > packet.length) return false;
      a = operand === places.random ? lot : packet.readUIntBE(offset, width);
    } else if (code === opcodes.keep) return operand > 0;
    else if (code === opcodes.loadConstant) a = operand;
    else if (code === opcodes.loadMemory) a = memory[operand] ?? 0;
    else if (code === opcodes.loadMemoryX) x = memory[operand] ?? 0;
    else if (code === opcodes.store) memory[operand] = a;
    else if (code === opcodes.copyToX) x = a;
    else if (code === opcodes.addX) a = (a + x) >>> 0;
    else if (code === opcodes.orX) a = (a | x) >>> 0;
    else if (code === opcodes.xorX) a = (a ^ x) >>> 0;
    else if (code === opcodes.xor) a = (a ^ operand) >>> 0;
    else if (code === opcodes.shiftLeft) a = (a << operand) >>> 0;
    else if (code === opcodes.shiftRight) a >>>= operand;
    else if (code === opcodes.go) at += operand;
    else if (code === opcodes.ifEqual) compare(a === operand);
    else if (code === opcodes.ifEqualX) compare(a === x);
    else if (code === opcodes.ifGreaterX) compare(a > x);
    else if (code === opcodes.ifAnyBit) compare((a & operand) !== 0);
    else throw new Error(`Cannot go on at ${at}: code ${code}`);
  }
}

/** An IP header with nothing in it but its source. */
function headerOf(source: string): Buffer {
  const header = Buffer.alloc(40, 0xee);
  const sockaddr = makeSockaddr(source, 0);
  header[0] = sockaddr.length === 16 ? 0x45 : 0x60;
  if (sockaddr.length === 16) header.set(sockaddr.subarray(4, 8), 12);
  else header.set(sockaddr.subarray(8, 24), 8);
  return header;
}
