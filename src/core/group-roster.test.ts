import { describe, expect, test } from "vitest";
import { rightRules } from "../sim/group/group-rules.ts";
import {
  anOldRemovalSendsNobodyAway,
  aNeededWitnessIsAsked,
  aRemovalInALostTail,
  aRemovedCoordinatorGoes,
  aRemovedFellowComesBack,
  aStrangerIsNotAwaited,
  aStrangerWaits,
  aVoteHalfWithdrawn,
  aRemovedNodeEnds,
  ask,
  formedWithout,
  votersOf,
  votesGoOneByOne,
} from "../sim/group/roster-stories.ts";
import { formed, racing } from "../sim/group/stage.ts";

// Goal: nodes come and go while the group works, and no vote is counted that should not be.

describe("a removed node", () => {
  test("[GRP-102] loses its vote by an entry, so that the majority of those who are left is enough", () => {
    const world = formedWithout("c");
    expect(votersOf(world)).toBe("ab");
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-102] [GRP-32] two lose their votes one after the other", () => {
    expect(votesGoOneByOne(rightRules)).toEqual([]);
  });

  test("[GRP-103] [GRP-104] is told so when it comes back, ends, and disturbs nobody", () => {
    expect(aRemovedNodeEnds(rightRules)).toEqual([]);
  });

  test("[GRP-103] is not sent away by one that was away while it was readmitted", () => {
    expect(anOldRemovalSendsNobodyAway(rightRules)).toEqual([]);
  });

  test("[GRP-106] is heard as long as its vote counts, when the view was lost before that was withdrawn", () => {
    expect(aRemovalInALostTail(rightRules)).toEqual([]);
  });

  test("[GRP-31] [GRP-106] is heard while the entry that withdraws its vote is not known to be committed", () => {
    expect(aVoteHalfWithdrawn(rightRules)).toEqual([]);
  });

  test("[GRP-106] takes its own vote away when it leads a view that can do without it", () => {
    expect(aRemovedCoordinatorGoes(rightRules)).toEqual([]);
  });

  test("[GRP-102] [GRP-106] whose fellow could not withdraw its vote alone loses it when it comes back", () => {
    expect(aRemovedFellowComesBack(rightRules)).toEqual([]);
  });

  test("[GRP-104] an answer to another life says nothing", () => {
    const world = formed("abc");
    const { state } = world.host("a");
    const life = world.host("b").incarnation;
    if (state === null || life === null) throw new Error("Cannot go on: not running");
    for (let beat = 0; beat < 10; beat += 1) {
      const packet = { from: world.host("b").node, incarnation: life, message: { kind: "removed" as const, life } };
      world.host("a").receive(packet);
      world.run(100);
    }
    expect(world.host("a").isRunning).toBe(true);
    expect(world.isOneView(["a", "b", "c"])).toBe(true);
  });

  test("[GRP-100] [GRP-101] readmitted with an empty disk, it gets the state first and its vote after", () => {
    const world = formedWithout("c");
    world.host("c").disk.replace([]);
    world.checkers.wipedAt.set(world.host("c").node, world.now);
    ask(world, "readmit-node", "c");
    world.run(200);
    world.host("c").start();
    let isEarly = false;
    world.onStep = (host, { state }) => {
      if (host.node === "c" && state.isBlank && votersOf(world).includes("c")) isEarly = true;
    };
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]) && votersOf(world) === "abc", 5_000)).not.toBeNull();
    expect(isEarly).toBe(false);
    expect(world.checkers.violations).toEqual([]);
  });
});

describe("the roster", () => {
  test("[GRP-100] who stays is known as before, who is new is silent, who is gone is forgotten", () => {
    const world = formedWithout("c");
    const host = world.host("a");
    const before = host.state;
    if (before === null) throw new Error("Cannot go on: not running");
    const nodes = ["d", "b"].map((name) => name as (typeof host)["node"]);
    const { state } = rightRules.stepGroup(
      before,
      { kind: "roster", nodes, removed: [], quorum: { kind: "majority" } },
      host.moment(),
    );
    expect(before.log.electorates.at(-1)?.voters).toEqual(["a", "b"]);
    expect(state.setup.nodes).toEqual(["a", "b", "d"]);
    expect(state.peers.map(({ node, incarnation }) => [node, incarnation])).toEqual([
      ["b", world.host("b").incarnation],
      ["d", null],
    ]);
  });

  test("[GRP-106] does not make a node deaf to one that votes", () => {
    const world = formed("abc");
    const host = world.host("a");
    const before = host.state;
    if (before === null) throw new Error("Cannot go on: not running");
    const roster = { kind: "roster" as const, nodes: [host.node], quorum: { kind: "majority" as const } };
    const { state } = rightRules.stepGroup(before, { ...roster, removed: [world.host("c").node] }, host.moment());
    expect(state.setup.nodes).toEqual(["a", "b", "c"]);
    expect(state.peers.map(({ incarnation }) => incarnation)).toEqual(
      before.peers.map(({ incarnation }) => incarnation),
    );
  });

  test("[GRP-107] asks a witness that is not configured any more while its vote counts", () => {
    expect(aNeededWitnessIsAsked(rightRules)).toEqual([]);
  });

  test("[GRP-108] a node that only the own file has is proposed with by nobody, and gets no vote", () => {
    expect(aStrangerWaits(rightRules)).toEqual([]);
  });

  test("[GRP-44] [GRP-108] a node that only the own file has is not waited for", () => {
    expect(aStrangerIsNotAwaited(rightRules)).toEqual([]);
  });

  test("[GRP-105] changes no promise, log, vote or fence in flight", () => {
    const world = formed("ab", { quorum: racing });
    world.host("b").cutPower();
    const host = world.host("a");
    expect(world.runUntil(() => host.state?.race.out !== null, 10_000)).not.toBeNull();
    const before = host.state;
    if (before === null) throw new Error("Cannot go on: not running");
    const roster = { kind: "roster" as const, nodes: [host.node], removed: [], quorum: { kind: "majority" as const } };
    const { state } = rightRules.stepGroup(before, roster, host.moment());
    const kept = ["promised", "logView", "log", "committed", "race", "viewMembers"] as const;
    for (const field of kept) expect(state[field]).toEqual(before[field]);
  });
});
