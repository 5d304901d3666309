import { describe, expect, test } from "vitest";
import { makeSockaddr } from "./ip-address.ts";
import {
  acceptAll,
  acceptNone,
  encodeFilter,
  type Instruction,
  makeSourceFilter,
  opcodes,
  places,
} from "./source-filter.ts";

const lost = 1; // Not drawn, whatever the fraction above 1.
const drawn = 1024;

describe("a filter of IPv4 sources", () => {
  const filter = makeSourceFilter({
    own: "10.0.0.1",
    peers: ["10.0.0.2", "10.0.0.3", "fd00::2"].map((address) => ({ address })),
    unmarkedOneIn: 1,
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
    own: "fd00:1::1",
    peers: ["10.0.0.2", ...peers].map((address) => ({ address })),
    unmarkedOneIn: 1,
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

describe("a filter of marks", () => {
  const mark = { offset: 3, bytes: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
  const bearing = (...bytes: number[]): Buffer => Buffer.from([9, 9, 9, ...bytes, 9, 9]);

  test.each([
    ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
    ["fd00::1", "fd00::2", "fd00::3", "fd00::4"],
  ])("at %s", (own, known, unknown, free) => {
    const filter = makeSourceFilter({
      own,
      peers: [{ address: known, mark }, { address: unknown, mark: null }, { address: free }],
      unmarkedOneIn: 4,
      strangersOneIn: 1024,
    });
    expect(isKeptBy(filter, known, lost, bearing(1, 2, 3, 4, 5, 6))).toBe(true);
    for (const wrong of [bearing(1, 2, 3, 4, 5, 7), bearing(0, 2, 3, 4, 5, 6), Buffer.alloc(40)]) {
      expect(isKeptBy(filter, known, lost, wrong)).toBe(false);
      expect(isKeptBy(filter, known, 4, wrong), "drawn").toBe(true);
    }
    expect(isKeptBy(filter, known, 4, bearing()), "too short to bear it, so not even drawn").toBe(false);
    expect(isKeptBy(filter, unknown, lost, bearing(1, 2, 3, 4, 5, 6))).toBe(false);
    expect(isKeptBy(filter, unknown, 4, bearing())).toBe(true);
    expect(isKeptBy(filter, free, lost, bearing())).toBe(true);
  });
});

test("without peers, only the lot counts; with one in one, it always falls", () => {
  const drawing = (strangersOneIn: number) =>
    makeSourceFilter({ own: "10.0.0.1", peers: [], unmarkedOneIn: 1, strangersOneIn });
  expect(isKeptBy(drawing(2), "10.0.0.2", 1)).toBe(false);
  expect(isKeptBy(drawing(1), "10.0.0.2", 1)).toBe(true);
  expect(() => drawing(12)).toThrow(RangeError);
});

test("all, and none", () => {
  expect(isKeptBy(acceptAll, "10.0.0.2", lost)).toBe(true);
  expect(isKeptBy(acceptNone, "10.0.0.2", drawn)).toBe(false);
});

test("the kernel's bytes: code, both jumps, operand", () => {
  const bytes = encodeFilter([{ code: opcodes.ifEqual, ifTrue: 1, ifFalse: 2, operand: 0xff_f0_00_0c }]);
  expect([...bytes]).toEqual([0x15, 0, 1, 2, 0x0c, 0, 0xf0, 0xff]);
});

/** What the kernel would do with a packet of `source` when its random word is `lot`; a load from behind its end drops it. */
function isKeptBy(
  filter: readonly Instruction[],
  source: string,
  lot: number,
  payload: Uint8Array = new Uint8Array(),
): boolean {
  const header = headerOf(source);
  const datagram = Buffer.concat([Buffer.alloc(8, 0xee), payload]);
  let register = 0;
  for (let at = 0; ; at += 1) {
    const instruction = filter[at];
    if (instruction === undefined) throw new Error(`Cannot go on at ${at}: the program has ended`);
    const { code, ifTrue, ifFalse, operand } = instruction;
    for (const jump of [ifTrue, ifFalse]) expect(jump).toBeLessThan(256);
    if (code === opcodes.keep) return operand > 0;
    if (code === opcodes.load) {
      const [packet, offset] = operand < places.ipHeader ? [datagram, operand] : [header, operand - places.ipHeader];
      if (operand !== places.random && offset + 4 > packet.length) return false;
      register = operand === places.random ? lot : packet.readUInt32BE(offset);
    } else at += (code === opcodes.ifEqual ? register === operand : (register & operand) !== 0) ? ifTrue : ifFalse;
  }
}

/** An IP header with nothing in it but its source. */
function headerOf(source: string): Buffer {
  const header = Buffer.alloc(40, 0xee);
  const sockaddr = makeSockaddr(source, 0);
  if (sockaddr.length === 16) header.set(sockaddr.subarray(4, 8), 12);
  else header.set(sockaddr.subarray(8, 24), 8);
  return header;
}
