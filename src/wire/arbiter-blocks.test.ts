import { describe, expect, test } from "vitest";
import type { ArbiterHeader, SlotVote } from "../model/arbiter-disk.ts";
import { type NodeId, witnessId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import {
  areaBytes,
  beatBlock,
  beatPlace,
  blockBytes,
  emptySlot,
  headerBlock,
  headerPlaces,
  readContent,
  readHeader,
  slotsMax,
  voteBlock,
  votePlace,
} from "./arbiter-blocks.ts";

// Goal: what is on an arbiter disk is read as it was written, and everything else is known for what it is.

const disk = witnessId("00000000000d");
const nodes = ["a", "b"] as unknown as readonly NodeId[];
const header: ArbiterHeader = { disk, cluster: "c", nodes };
const incarnation = makeIncarnation({ boot: 3, startedAt: 1, random: 7 });
const node = "b" as NodeId;
const view = { counter: 12, proposer: node, incarnation };
const vote: SlotVote = { disk, node, incarnation, sequence: 4, promised: view, logView: view };

function made(): Uint8Array {
  const bytes = new Uint8Array(areaBytes(2));
  for (const place of headerPlaces) bytes.set(headerBlock(header), place);
  for (const [slot, name] of nodes.entries()) {
    const empty = emptySlot(disk, name);
    for (const copy of [0, 1] as const) bytes.set(voteBlock(empty.vote), votePlace(slot, copy));
    bytes.set(beatBlock(empty.beat), beatPlace(slot));
  }
  return bytes;
}

test("a disk is read as it was written", () => {
  const bytes = made();
  bytes.set(voteBlock(vote), votePlace(1, 1));
  bytes.set(beatBlock({ disk, node, incarnation, count: 9 }), beatPlace(1));
  expect(readHeader(bytes)).toEqual(header);
  const empty = nodes.map((name) => emptySlot(disk, name));
  expect(readContent(header, bytes).slots).toEqual([
    { votes: [empty[0]?.vote, empty[0]?.vote], beat: empty[0]?.beat },
    { votes: [empty[1]?.vote, vote], beat: { disk, node, incarnation, count: 9 } },
  ]);
});

test("everything has a place of its own", () => {
  const slots = Array.from({ length: slotsMax }, (_, slot) => slot);
  const places = [
    ...headerPlaces,
    ...slots.flatMap((slot) => [votePlace(slot, 0), votePlace(slot, 1), beatPlace(slot)]),
  ];
  expect(new Set(places).size).toBe(places.length);
  expect(places.every((place) => place % blockBytes === 0 && place + blockBytes <= areaBytes(slotsMax))).toBe(true);
});

test("the longest names there are fit", () => {
  const long = Array.from({ length: slotsMax }, (_, index) => `${index}`.padStart(2, "0").padEnd(63, "x") as NodeId);
  const longest: ArbiterHeader = { disk, cluster: "c".repeat(63), nodes: long };
  const bytes = new Uint8Array(2 * blockBytes);
  bytes.set(headerBlock(longest), blockBytes);
  expect(readHeader(bytes)).toEqual(longest);
});

describe("[GRP-92] a block", () => {
  test.each([512, 1024, 2048, 3584])("half written, up to byte %i, is known", (end) => {
    const bytes = made();
    // Old text longer than the new one, so that a half of both looks whole.
    const long = voteBlock({ ...vote, promised: { ...view, proposer: "p".repeat(2_000) as NodeId } });
    bytes.set(long, votePlace(1, 0));
    bytes.set(voteBlock(vote).subarray(0, end), votePlace(1, 0));
    expect(readContent(header, bytes).slots[1]?.votes[0]).toEqual(end >= 2_500 ? vote : null);
  });

  test("with any byte changed is damaged", () => {
    const block = voteBlock(vote);
    for (let at = 0; at < blockBytes; at += at < 600 ? 1 : 97) {
      const bytes = made();
      bytes.set(block, votePlace(1, 0));
      const place = votePlace(1, 0) + at;
      bytes[place] = (bytes[place] ?? 0) ^ 4;
      expect(readContent(header, bytes).slots[1]?.votes[0]).toBeNull();
    }
  });

  test("of another kind in its place is none", () => {
    const bytes = made();
    bytes.set(beatBlock({ disk, node, incarnation, count: 9 }), votePlace(1, 0));
    expect(readContent(header, bytes).slots[1]?.votes[0]).toBeNull();
  });
});

describe("a header", () => {
  test("is the one copy that is whole", () => {
    const bytes = made();
    bytes[20] = 0;
    expect(readHeader(bytes)).toEqual(header);
  });

  test.each([
    ["nothing", new Uint8Array(2 * blockBytes), "it is empty, no arbiter disk"],
    ["a disk with no bytes", new Uint8Array(0), "it is empty, no arbiter disk"],
    ["a file system", new Uint8Array(2 * blockBytes).fill(83), "it holds something else, no arbiter disk"],
    ["a newer hale", new TextEncoder().encode("HALE-ARBITER-2 0123".padEnd(8192)), "it is of a newer format"],
    ["half a header", headerBlock(header).subarray(0, 40), "its header is damaged"],
  ])("of %s is none", (_, bytes, problem) => {
    expect(readHeader(bytes)).toBe(problem);
  });
});
