import { describe, expect, test } from "vitest";
import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { durationMs, instantMs } from "../../model/units.ts";
import { fenceDueAt, rivalOf, soleFellowVoter, type Standing } from "./fencing-race.ts";

const [a, b, c] = ["a", "b", "c"] as [NodeId, NodeId, NodeId];
const quorum: QuorumConfig = { kind: "fencing", prefer: a, delayMs: durationMs(2_000) };
const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
const standing: Standing = {
  self: a,
  quorum,
  isInstalledHere: true,
  members: [a, b].map((node) => ({ node, incarnation })),
  electorates: [{ index: 4, voters: [a, b] }],
  committed: 4,
  isRemoved: false,
};

/** One that is committed, and one that is not. */
function changing(before: readonly NodeId[], last: readonly NodeId[]): Partial<Standing> {
  return {
    electorates: [
      { index: 2, voters: before },
      { index: 4, voters: last },
    ],
    committed: 3,
  };
}

describe("[GRP-34] who may race", () => {
  test.each<[string, Partial<Standing>, NodeId | null]>([
    ["both vote, installed together in this life", {}, b],
    ["rebooted since", { isInstalledHere: false }, null],
    ["the peer was no member", { members: [{ node: a, incarnation }] }, null],
    ["a removal of this node", { isRemoved: true }, null],
    ["in flight, and nothing before it", { committed: 3 }, null],
    ["the peer's vote in flight, alone before", changing([a], [a, b]), b],
    ["two votes of the peer in flight, alone before", changing([a, a], [a, a, b, b]), b],
    ["the own vote in flight, the peer alone before", changing([b], [a, b]), null],
    ["the peer's withdrawal in flight", changing([a, b], [a]), null],
    ["the own withdrawal in flight", changing([a, b], [b]), null],
    ["a third one's withdrawal in flight", changing([a, b, c], [a, b]), null],
    ["other numbers of votes in flight", changing([a, a, b], [a, b]), null],
    ["alone in the electorate", { electorates: [{ index: 4, voters: [a] }] }, null],
    ["without a vote", { electorates: [{ index: 4, voters: [b, c] }] }, null],
    ["two votes each", { electorates: [{ index: 4, voters: [a, a, b, b] }] }, b],
    ["more votes than the peer", { electorates: [{ index: 4, voters: [a, a, b] }] }, null],
    ["fewer votes than the peer", { electorates: [{ index: 4, voters: [a, b, b] }] }, null],
    ["three voters", { electorates: [{ index: 4, voters: [a, b, c] }] }, null],
    ["blank", { electorates: [] }, null],
    ["no fencing arbiter", { quorum: { kind: "majority" } }, null],
  ])("[GRP-34] %s", (_, change, rival) => {
    expect(rivalOf({ ...standing, ...change })).toBe(rival);
  });

  test("[GRP-42] a fellow voter that is blank needs no arbiter", () => {
    expect(soleFellowVoter({ ...standing, quorum: { kind: "majority" } })).toBe(b);
  });
});

describe("[GRP-35] when the fence is due", () => {
  const times = { deadtime: 300, daemonGrace: 10_000 };
  const silence = (isClosed: boolean, missing = 0) => ({ heardAt: instantMs(1_000), isClosed, missingHosts: missing });

  test.each([
    ["the preferred node, at its peer's death", a, false, 1_300],
    ["the other one, after the delay", b, false, 3_300],
    ["a daemon that may come back", a, true, 11_000],
    ["a daemon that may come back, for the other one", b, true, 13_000],
  ])("[GRP-35] %s", (_, self, isClosed, at) => {
    expect(fenceDueAt(self, quorum, silence(isClosed), times)).toBe(at);
  });

  test("[GRP-46] of two nodes that reach differently many hosts the one with fewer waits at least a delay longer", () => {
    const dueAt = (self: NodeId, missing: number) => fenceDueAt(self, quorum, silence(false, missing), times);
    for (let few = 0; few <= 8; few += 1) {
      for (let more = few + 1; more <= 8; more += 1) {
        expect(dueAt(a, more) - dueAt(b, few)).toBeGreaterThanOrEqual(2_000);
        expect(dueAt(b, more) - dueAt(a, few)).toBeGreaterThanOrEqual(2_000);
      }
      expect(dueAt(b, few) - dueAt(a, few)).toBe(2_000);
    }
  });
});
