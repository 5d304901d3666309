import { describe, expect, test } from "vitest";
import type { QuorumConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import type { Packet } from "../model/message.ts";
import { durationMs } from "../model/units.ts";
import type { GroupHost } from "../sim/group/group-host.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import { slowDisksAreWaitedFor } from "../sim/group/log-stories.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { drop, formed, isolate, quickHeartbeat, record, submitOnce } from "../sim/group/stage.ts";
import {
  aChangeInFlightIsCountedBothWays,
  aCoordinatorSaysThatItLeft,
  aCoordinatorThatLeftIsLeft,
  aLivingViewIsKept,
  anOldHeartbeatProvesNothing,
  anOldInstallationIsIgnored,
  anOwnPauseIsNoticed,
  aPromiseEndsTheOldView,
  aJoinerIsWaitedForWithinTheLease,
  aSlowJoinerCostsNobodyHisLease,
  aTailWaitsForTheStart,
  aTargetStaysOutside,
  aMinorityTailDies,
  anAbortIsSaid,
  aFormerLifeCountsForNothing,
  aLifeBeginsWithAHeartbeat,
} from "../sim/group/stories.ts";

const deadtime = quickHeartbeat.deadtimeMs;
const node = (name: string) => name as NodeId;
const lengthOf = (host: GroupHost) => host.facts()?.length ?? 0;
const deliveredOf = (host: GroupHost) => host.facts()?.delivered ?? 0;

/** Nothing that the checkers watch has been broken. */
function expectUnbroken(world: GroupWorld): void {
  expect(world.checkers.violations).toEqual([]);
}

describe("stories", () => {
  test("[GRP-11] a living view is not left for a node that lost its own coordinator", () => {
    expect(aLivingViewIsKept(rightRules)).toEqual([]);
  });
  test("[GRP-12, GRP-13] an installation for an earlier life is ignored", () => {
    expect(anOldInstallationIsIgnored(rightRules)).toEqual([]);
  });
  test("[GRP-4] a node that stood still does not judge before it has listened", () => {
    expect(anOwnPauseIsNoticed(rightRules)).toEqual([]);
  });
  test("[GRP-62] after a promise nothing of the old view is taken or acknowledged", () => {
    expect(aPromiseEndsTheOldView(rightRules)).toEqual([]);
  });
  test("[GRP-36] the target of a fence in flight stays outside", () => {
    expect(aTargetStaysOutside(rightRules)).toEqual([]);
  });
  test("[GRP-26, GRP-28] a coordinator whose disk hangs steps down, and its members go on", () => {
    expect(aCoordinatorThatLeftIsLeft(rightRules)).toEqual([]);
  });
  test("[GRP-28] a coordinator that says that it has left is left before a lease is over", () => {
    expect(aCoordinatorSaysThatItLeft(rightRules)).toEqual([]);
  });
  test("[GRP-49] [LIVE-2] a joiner whose disk is slow costs nobody the lease", () => {
    expect(aSlowJoinerCostsNobodyHisLease(rightRules)).toEqual([]);
    expect(aJoinerIsWaitedForWithinTheLease(rightRules)).toEqual([]);
  });
  test("[GRP-51] the tail of a log waits for the start of the view", () => {
    expect(aTailWaitsForTheStart(rightRules)).toEqual([]);
  });
  test("[GRP-1] old heartbeats do not keep a dead node alive", () => {
    expect(anOldHeartbeatProvesNothing(rightRules)).toEqual([]);
  });
  test("[GRP-50] what a minority has ordered dies, however long it is", () => {
    expect(aMinorityTailDies(rightRules)).toEqual([]);
  });
  test("[GRP-16] a proposer that gives up says so", () => {
    expect(anAbortIsSaid(rightRules)).toEqual([]);
  });
  test("[GRP-1] what a former life sends counts for nothing", () => {
    expect(aFormerLifeCountsForNothing(rightRules)).toEqual([]);
  });
  test("[GRP-2] a life begins with a heartbeat", () => {
    expect(aLifeBeginsWithAHeartbeat(rightRules)).toEqual([]);
  });
  test("[GRP-31] a vote in flight is counted both ways", () => {
    expect(aChangeInFlightIsCountedBothWays(rightRules)).toEqual([]);
  });
});

describe("a takeover", () => {
  const majority: QuorumConfig = { kind: "majority" };
  test.each<[string, QuorumConfig, number]>([
    ["ab", { kind: "fencing", prefer: node("b"), delayMs: durationMs(1_000) }, 60],
    ["abc", majority, 15],
    ["abcde", majority, 15],
  ])("[GRP-21, GRP-27] of %s costs the deadtime and a few ms", (names, quorum, more) => {
    for (let seed = 0; seed < 10; seed += 1) {
      const world = formed(names, { seed, quorum });
      world.fenceDelayMin = 50;
      world.fenceDelayMax = 50;
      world.rebootMax = 100_000;
      const dead = world.coordinator();
      dead?.cutPower();
      const rest = names.split("").filter((name) => name !== dead?.node);
      const took = world.runUntil(() => world.isOneView(rest), 3_000);
      expect(took).not.toBeNull();
      expect(took).toBeLessThanOrEqual(deadtime + more);
      expectUnbroken(world);
    }
  });

  test("[GRP-24] a lost member costs its coordinator the deadtime", () => {
    const world = formed("abc");
    world.host("b").cutPower();
    expect(world.runUntil(() => world.isOneView(["a", "c"]), 3_000)).toBeLessThanOrEqual(deadtime + 15);
  });

  test("[GRP-23] a proposal that came too early is answered at the death it speaks of", () => {
    const world = formed("abc");
    const c = world.host("c");
    // c hears a for a heartbeat longer than b does, and gets b's proposal once only.
    world.network.cut(node("a"), node("b"));
    world.run(120);
    world.host("a").cutPower();
    let proposals = 0;
    world.onSend = (_, to, { message }) => !(message.kind === "propose" && to === "c") || (proposals += 1) === 1;
    expect(world.runUntil(() => world.isOneView(["b", "c"]), 1_000)).toBeLessThanOrEqual(deadtime + 15);
    expect(proposals).toBeGreaterThan(1);
    expect(c.facts()?.status).toBe("active");
  });

  test("[GRP-18] of two nodes that die together costs hardly more than of one", () => {
    const world = formed("abcde");
    world.host("a").cutPower();
    world.run(40);
    world.host("b").cutPower();
    expect(world.runUntil(() => world.isOneView(["c", "d", "e"]), 3_000)).toBeLessThanOrEqual(deadtime + 150);
    expectUnbroken(world);
  });

  test("[GRP-19] members do not wait for a proposer that dies", () => {
    const world = formed("abc");
    // a begins to take c out and dies before it installs anything; c is back at once.
    drop(world, "propose", "c");
    isolate(world, "c");
    world.runUntil(() => world.host("b").facts()?.status === "promised", 1_000);
    world.host("a").cutPower();
    world.onSend = null;
    world.network.heal();
    expect(world.runUntil(() => world.isOneView(["b", "c"]), 3_000)).toBeLessThanOrEqual(2 * deadtime);
  });
});

describe("a view change", () => {
  test("[GRP-16] that fails is told to those who promised", () => {
    const world = formed("abc");
    drop(world, "promise", "a");
    world.host("c").cutPower();
    const sent = record(world);
    expect(world.runUntil(() => sent.some(({ message }) => message.kind === "abort"), 4 * deadtime)).not.toBeNull();
    expect(world.host("b").facts()?.status).toBe("promised");
    expect(world.runUntil(() => world.host("b").facts()?.status === "electing", 5)).not.toBeNull();
  });

  test("[GRP-17] fails when a member answers in a second life", () => {
    const world = formed("abc");
    world.host("c").cutPower();
    let promise: Packet | null = null;
    world.onSend = (_, to, packet) => {
      if (packet.message.kind !== "promise" || to !== "a") return true;
      promise = packet;
      return false;
    };
    world.runUntil(() => promise !== null, 1_000);
    const first = promise as Packet | null;
    if (first === null) throw new Error("b did not promise");
    const a = world.host("a");
    const proposed = a.state?.promised;
    const b = world.host("b");
    b.cutPower();
    b.start();
    a.receive(first);
    world.run(250);
    // Installing would have meant to believe a log position that the reboot may have changed.
    expect(b.state?.logView).not.toEqual(proposed);
    world.onSend = null;
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-52] starts only when every member has it on disk", () => {
    const world = formed("abc");
    drop(world, "installed", "a");
    world.host("c").cutPower();
    world.run(deadtime + 100);
    expect(world.host("a").facts()?.status).toBe("proposing");
    expect(world.host("b").facts()?.status).toBe("promised");
    world.onSend = null;
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 100)).not.toBeNull();
  });

  test("[GRP-14] is not needed for a member that was cut off for a moment", () => {
    const world = formed("abc");
    const c = world.host("c");
    const view = c.facts()?.view;
    // c, which is not the best candidate, loses its coordinator's voice, and what it says of that is lost as well.
    world.network.cut(node("a"), node("c"));
    world.onSend = (from, to, { message }) =>
      !(from === c && to === "a" && message.kind === "heartbeat" && message.status !== "active");
    expect(world.runUntil(() => c.facts()?.status === "electing", 1_000)).not.toBeNull();
    const sent = record(world);
    world.network.heal();
    expect(world.runUntil(() => c.facts()?.status === "active", 150)).not.toBeNull();
    expect(c.facts()?.view).toEqual(view);
    world.run(1_000);
    expect(world.host("a").facts()?.view).toEqual(view);
    expect(sent.some(({ message }) => message.kind === "install")).toBe(false);
  });

  test("[GRP-15] says nothing before it is on disk, however slow that is", () => {
    expect(slowDisksAreWaitedFor(rightRules)).toEqual([]);
  });
});

describe("a node without a view", () => {
  test("[GRP-20] waits to be taken in where a view is alive", () => {
    const world = formed("abc");
    const c = world.host("c");
    c.cutPower();
    world.run(1_000);
    const sent = record(world);
    c.start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000)).not.toBeNull();
    expect(sent.some(({ from, message }) => from === "c" && message.kind === "propose")).toBe(false);
  });

  test("[GRP-25] is taken in a deadtime after it is heard both ways", () => {
    const world = formed("abc");
    world.host("c").cutPower();
    world.run(1_000);
    world.host("c").start();
    const took = world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000);
    expect(took).toBeGreaterThanOrEqual(deadtime);
    expect(took).toBeLessThanOrEqual(deadtime + 2 * quickHeartbeat.keepaliveMs + 20);
  });

  test("[GRP-22] proposes nothing that cannot be quorate", () => {
    const world = formed("abc");
    isolate(world, "a");
    world.run(400);
    const sent = record(world);
    world.run(3_000);
    expect(sent.some(({ from, message }) => from === "a" && message.kind === "propose")).toBe(false);
    expect(world.host("a").facts()?.view).toBeNull();
  });

  test("[GRP-7] delivers again after a start what was committed, and not what lies behind", () => {
    const world = formed("abc");
    for (const host of world.hosts) submitOnce(host);
    world.run(200);
    const b = world.host("b");
    // An entry that only b gets, and nobody commits.
    world.onSend = (_, to, { message }) => !(message.kind === "entry" && to === "c");
    submitOnce(world.host("a"));
    world.run(10);
    const [length, committed] = [lengthOf(b), b.state?.committed ?? 0];
    expect(length).toBe(committed + 1);
    b.killProcess();
    b.start();
    expect(lengthOf(b)).toBe(length);
    expect(deliveredOf(b)).toBeLessThanOrEqual(committed);
    expect(b.facts()?.delivered).toBe(b.setup.rules.replayDisk(b.disk.records).committed);
  });

  test("[GRP-29] a member that hears more than its view makes it larger", () => {
    const world = formed("abc");
    world.network.lastingCuts.add("a>b");
    world.network.lastingCuts.add("b>a");
    expect(world.runUntil(() => world.isOneView(["a", "c"]) || world.isOneView(["b", "c"]), 2_000)).not.toBeNull();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000)).not.toBeNull();
    expect(world.coordinator()?.node).toBe("c");
    const views = world.checkers.viewCount;
    world.run(3_000);
    expect(world.checkers.viewCount).toBe(views);
  });
});
