import { describe, expect, test } from "vitest";
import type { DiskRecord } from "../../model/disk.ts";
import type { Entry, EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { wallMs } from "../../model/units.ts";
import type { ViewId } from "../../model/view.ts";
import { appendEntries, cutLog, emptyLog, entriesBetween, entryAt } from "./log.ts";
import { diskRecords, emptyDisk, replayDisk } from "./replay-disk.ts";

const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
const [a, b] = ["a", "b"] as [NodeId, NodeId];
const view = (counter: number): ViewId => ({ counter, proposer: a, incarnation });
const plain: EntryBody = { kind: "intent", intent: { kind: "online-node", node: a }, author: "" };
const entry = (index: number, counter: number, body: EntryBody = plain): Entry => ({
  index,
  view: view(counter),
  id: { origin: a, incarnation, sequence: index },
  at: wallMs(index),
  body,
});
const members = [{ node: a, incarnation }];
const install = (counter: number, from: number, entries: readonly Entry[], committed = 0): DiskRecord => ({
  kind: "install",
  view: view(counter),
  members,
  base: from - 1 + entries.length,
  committed,
  founding: [a, b],
  from,
  entries,
});

const story: readonly DiskRecord[] = [
  { kind: "boot", boot: 1 },
  { kind: "founded", voters: [b, a] },
  { kind: "promise", promised: view(1) },
  install(1, 1, [entry(1, 1)]),
  { kind: "append", entries: [entry(2, 1), entry(3, 1)] },
  { kind: "committed", committed: 2 },
  { kind: "promise", promised: view(3) },
  install(3, 3, [entry(3, 3), entry(4, 3)], 2),
  { kind: "boot", boot: 2 },
];

describe("replayDisk", () => {
  test("an empty disk is blank and founds nothing", () => {
    expect(replayDisk([])).toEqual(emptyDisk);
    expect(replayDisk([{ kind: "boot", boot: 4 }])).toMatchObject({ ...emptyDisk, boot: 4, grownBytes: 150 });
  });

  test("[GRP-53] an installation replaces what lies behind, in one switch", () => {
    const disk = replayDisk(story);
    expect(disk.log.map(({ index, view: { counter } }) => `${index}/${counter}`)).toEqual(["1/1", "2/1", "3/3", "4/3"]);
    expect(disk).toMatchObject({ boot: 2, committed: 2, base: 4, isBlank: false, logView: view(3), promised: view(3) });
    expect(disk.founding).toEqual({ index: 0, voters: [a, b] });
  });

  test("a promise after an installation does not move the installed view", () => {
    expect(replayDisk([...story, { kind: "promise", promised: view(9) }])).toMatchObject({
      promised: view(9),
      logView: view(3),
    });
  });

  test("founding counts on a blank disk only", () => {
    expect(replayDisk([...story, { kind: "founded", voters: [b] }]).founding?.voters).toEqual([a, b]);
  });

  test("[GRP-6] a distrusted disk is blank, but keeps its boot counter and promise", () => {
    const { grownBytes, ...disk } = replayDisk([...story, { kind: "distrusted" }]);
    expect({ ...disk, grownBytes: 0 }).toEqual({ ...emptyDisk, boot: 2, promised: view(3) });
    expect(grownBytes).toBeGreaterThan(0);
  });

  test("every beginning of a journal replays, and so does what it is rewritten to", () => {
    for (let length = 0; length <= story.length; length += 1) {
      const disk = replayDisk(story.slice(0, length));
      const rewritten = replayDisk(diskRecords(disk));
      expect({ ...rewritten, grownBytes: 0 }).toEqual({ ...disk, grownBytes: 0 });
      expect(rewritten.grownBytes).toBeLessThanOrEqual(Math.max(disk.grownBytes, 150));
    }
  });

  test("records that contradict each other are refused", () => {
    expect(() => replayDisk([{ kind: "append", entries: [entry(2, 1)] }])).toThrow(
      "Cannot append entry 2: log ends at 0",
    );
    expect(() => replayDisk([...story, { ...install(4, 9, []), base: 8 } as DiskRecord])).toThrow(RangeError);
  });
});

describe("log", () => {
  const founding = { index: 0, voters: [a, b] };

  test("logs that share an array do not see each other's ends", () => {
    const short = appendEntries(emptyLog(founding), [entry(1, 1), entry(2, 1)]);
    const one = appendEntries(short, [entry(3, 1)]);
    const other = appendEntries(short, [entry(3, 2)]);
    const cut = appendEntries(cutLog(one, 1), [entry(2, 5)]);
    expect([short.length, one.length, other.length, cut.length]).toEqual([2, 3, 3, 2]);
    expect(entryAt(one, 3)?.view.counter).toBe(1);
    expect(entryAt(other, 3)?.view.counter).toBe(2);
    expect(entryAt(one, 2)?.view.counter).toBe(1);
    expect(entryAt(cut, 2)?.view.counter).toBe(5);
    expect(entryAt(short, 3)).toBeUndefined();
    expect(entriesBetween(one, 2, 9).map(({ index }) => index)).toEqual([2, 3]);
  });

  test("electorates follow the log, and a leave without a vote is none", () => {
    const log = appendEntries(emptyLog(founding), [
      entry(1, 1, { kind: "electorate", voters: [a], reason: "" }),
      entry(2, 1, { kind: "left", node: b, incarnation, voters: [a] }),
    ]);
    expect(log.electorates.map(({ index }) => index)).toEqual([0, 1]);
    expect(cutLog(log, 0).electorates).toEqual([founding]);
  });
});
