import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Checkpoint } from "../../model/checkpoint.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { Entry, EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { wallMs } from "../../model/units.ts";
import {
  checkOf,
  checkpointText,
  partOfCheckpoint,
  readCheckpoint,
  takePart,
  type Transfer,
} from "./checkpoint-text.ts";
import { foldEntries } from "./fold-entries.ts";
import {
  appendEntries,
  cutLog,
  emptyLog,
  entriesBetween,
  entryAt,
  lastElectorates,
  lastStamp,
  logBehind,
  trimLog,
  withElectorateOf,
} from "./log.ts";
import { diskFloor } from "./remembered-disk.ts";
import { diskRecords, replayDisk } from "./replay-disk.ts";
import type { StateMachine } from "./state-machine.ts";

const [a, b, c] = ["a", "b", "c"] as [NodeId, NodeId, NodeId];
const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
const machine: StateMachine = {
  initial: "",
  apply: (state, entry) => `${String(state)}${entry.index}\u00e9\u{1f600};`,
  accepts: () => true,
};
const view = (counter: number) => ({ counter, proposer: a, incarnation });
const member = (node: NodeId) => ({ node, incarnation });

/** A log of views, votes, leaves and submissions, drawn. */
const anyLog = fc
  .array(
    fc.record({
      kind: fc.constantFrom("view", "electorate", "left", "intent", "intent", "intent"),
      nodes: fc.subarray([a, b, c], { minLength: 1 }),
      origin: fc.constantFrom(a, b, c),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) => {
    let counter = 0;
    const entries = drawn.map(({ kind, nodes, origin }, place): Entry => {
      if (kind === "view" || place === 0) counter += 1;
      const index = place + 1;
      return {
        index,
        view: view(counter),
        id: { origin, incarnation, sequence: index },
        at: wallMs(index),
        body: bodyOf(place === 0 ? "view" : kind, nodes, origin),
      };
    });
    return appendEntries(emptyLog({ index: 0, voters: [a, b, c] }), entries);
  });

function bodyOf(kind: string, nodes: readonly NodeId[], node: NodeId): EntryBody {
  if (kind === "view") return { kind, members: nodes.map(member), coordinator: a };
  if (kind === "electorate") return { kind, voters: nodes, reason: "" };
  if (kind === "left") return { kind, node, incarnation, voters: nodes };
  return { kind: "intent", intent: { kind: "online-node", node }, author: "" };
}

const aCheckpoint = (): Checkpoint => {
  const log = appendEntries(emptyLog({ index: 0, voters: [a] }), [
    {
      index: 1,
      view: view(1),
      id: { origin: a, incarnation, sequence: 0 },
      at: wallMs(5),
      body: { kind: "view", members: [member(a)], coordinator: a },
    },
    {
      index: 2,
      view: view(1),
      id: { origin: b, incarnation, sequence: 7 },
      at: wallMs(6),
      body: bodyOf("intent", [], b),
    },
  ]);
  return foldEntries(log, 2, machine);
};

describe("a checkpoint", () => {
  test("[GRP-55] is the same however often the log was trimmed on the way", () => {
    fc.assert(
      fc.property(anyLog, fc.array(fc.nat(40)), (log, stops) => {
        let trimmed = log;
        for (const stop of [...stops].sort((one, other) => one - other)) {
          if (stop <= trimmed.trimmed || stop > log.length) continue;
          trimmed = trimLog(trimmed, JSON.parse(checkpointText(foldEntries(trimmed, stop, machine))) as Checkpoint);
        }
        expect(checkpointText(foldEntries(trimmed, log.length, machine))).toBe(
          checkpointText(foldEntries(log, log.length, machine)),
        );
      }),
    );
  });

  test("[GRP-55, GRP-8] answers what is asked of old entries like the entries do", () => {
    fc.assert(
      fc.property(anyLog, fc.nat(40), fc.nat(40), (log, stop, known) => {
        const index = Math.min(Math.max(stop, 1), log.length);
        const committed = Math.max(index, Math.min(known, log.length));
        const trimmed = trimLog(log, foldEntries(log, index, machine));
        for (const node of [a, b, c])
          expect(diskFloor(trimmed, committed, node)).toEqual(diskFloor(log, committed, node));
        expect(lastElectorates(trimmed)).toEqual(lastElectorates(log));
        expect(lastStamp(trimmed)).toBe(lastStamp(log));
        expect(entriesBetween(trimmed, 1, 99)).toEqual(entriesBetween(log, index + 1, 99));
        expect(entryAt(trimmed, index)).toBeUndefined();
        expect(entryAt(trimmed, index + 1)).toEqual(entryAt(log, index + 1));
      }),
    );
  });

  test("[GRP-58] stands on disk for its entries, and a disk cut at any record still adds up", () => {
    const checkpoint = aCheckpoint();
    const entry: Entry = {
      ...(entryAt(
        appendEntries(logBehind(checkpoint), [
          {
            index: 3,
            view: view(1),
            id: { origin: a, incarnation, sequence: 1 },
            at: wallMs(9),
            body: bodyOf("intent", [], a),
          },
        ]),
        3,
      ) as Entry),
    };
    const fields = { view: view(1), members: [member(a)], base: 1, committed: 3 };
    const records: readonly DiskRecord[] = [
      { kind: "boot", boot: 4 },
      { kind: "log", ...fields, founding: null, checkpoint, entries: [entry] },
      { kind: "promise", promised: view(2) },
      {
        kind: "install",
        view: view(2),
        members: [member(a)],
        base: 4,
        committed: 3,
        founding: [],
        from: 4,
        entries: [{ ...entry, index: 4, view: view(2) }],
      },
    ];
    for (let length = 0; length <= records.length; length += 1) {
      const { grownBytes: _, ...disk } = replayDisk(records.slice(0, length));
      const { grownBytes: __, ...again } = replayDisk(diskRecords({ ...disk, grownBytes: 0 }));
      expect(again).toEqual(disk);
    }
    expect(replayDisk(records)).toMatchObject({
      boot: 4,
      committed: 3,
      base: 4,
      checkpoint: { index: 2 },
      isBlank: false,
    });
  });

  test("a log is not cut, nor trimmed, where it is trimmed already", () => {
    const log = logBehind(aCheckpoint());
    expect(() => cutLog(log, 1)).toThrow("Cannot cut log to 1: it begins behind 2");
    expect(() => trimLog(log, { ...aCheckpoint(), index: 1 })).toThrow(RangeError);
    expect(() => trimLog(log, { ...aCheckpoint(), index: 3 })).toThrow(RangeError);
  });
});

describe("a checkpoint on its way", () => {
  const checkpoint = aCheckpoint();
  const text = checkpointText(checkpoint);
  const whole = (changed: string): Transfer => ({
    index: 2,
    size: changed.length,
    check: checkOf(changed),
    text: changed,
  });

  test("is ASCII, comes out as it went in, in parts of any size", () => {
    expect(/^[ -~]*$/.test(text)).toBe(true);
    for (const size of [1, 7, 100, text.length]) {
      let transfer: Transfer | null = null;
      for (let from = 0; from < text.length; from += size)
        transfer = takePart(transfer, partOfCheckpoint(checkpoint, from, size));
      expect(transfer === null ? null : readCheckpoint(transfer)).toEqual({ ok: true, checkpoint });
    }
  });

  test("[GRP-59] takes the next part only, and begins anew with the first of another", () => {
    const [first, second] = [partOfCheckpoint(checkpoint, 0, 10), partOfCheckpoint(checkpoint, 10, 10)];
    const begun = takePart(null, first);
    expect(takePart(null, second)).toBeNull();
    expect(takePart(begun, first)).toBeNull();
    expect(takePart(begun, { ...second, check: "other" })).toBeNull();
    expect(takePart(begun, { ...first, check: "other" })?.check).toBe("other");
    expect(takePart(begun, { ...second, text: "x".repeat(text.length) })).toBeNull();
    expect(takePart(null, { ...first, size: 1e9 })).toBeNull();
  });

  test("[GRP-66] is refused when it is damaged or newer, whatever it is", () => {
    expect(readCheckpoint({ ...whole(text), check: "0".repeat(16) })).toMatchObject({ ok: false, isNewer: false });
    const newer = text.replace('"format":1', '"format":2');
    expect(readCheckpoint(whole(newer))).toEqual({ ok: false, isNewer: true, reason: "format 2, only 1 is known" });
    for (const field of Object.keys(checkpoint)) {
      for (const value of [undefined, "x", -1, [{}], {}]) {
        if (field === "state" && value !== undefined) continue;
        const read = readCheckpoint(whole(JSON.stringify({ ...checkpoint, [field]: value })));
        expect(read.ok).toBe(false);
      }
    }
    fc.assert(fc.property(fc.string(), (any) => !readCheckpoint(whole(any)).ok));
  });
});

test("[GRP-32] a change of the electorate is one by votes, not by names", () => {
  const votes = (text: string) => text.split("") as NodeId[];
  const after = (voters: string, before = "aab") =>
    withElectorateOf([{ index: 0, voters: votes(before) }], {
      index: 1,
      view: view(1),
      id: { origin: a, incarnation, sequence: 0 },
      at: wallMs(1),
      body: { kind: "electorate", voters: votes(voters), reason: "" },
    }).length;
  expect(after("aab")).toBe(1);
  expect(after("baa")).toBe(1);
  expect(after("abb")).toBe(2);
  expect(after("ab")).toBe(2);
});
