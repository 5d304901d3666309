import { describe, expect, test } from "vitest";
import type { DiskRecord } from "../model/disk.ts";
import type { NodeId } from "../model/ids.ts";
import { bootOf } from "../model/incarnation.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { formed, isolate, quickHeartbeat, racing, restart, submitOnce } from "../sim/group/stage.ts";
import { aBackupDoesNotVote } from "../sim/group/stories.ts";

const deadtime = quickHeartbeat.deadtimeMs;
const node = (name: string) => name as NodeId;

/** Nothing that the checkers watch has been broken. */
function expectUnbroken(world: GroupWorld): void {
  expect(world.checkers.violations).toEqual([]);
}

describe("a disk", () => {
  test("[GRP-6] that was lost is noticed by the others' memory, and its node returns above it", () => {
    const world = formed("abc");
    const c = world.host("c");
    restart(world, c);
    const before = bootOf(c.incarnation ?? ("" as never));
    c.cutPower();
    c.disk.replace([]);
    world.checkers.wipedAt.set(c.node, world.now);
    c.start();
    world.run(30);
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000)).not.toBeNull();
    expect(bootOf(c.incarnation ?? ("" as never))).toBeGreaterThan(before);
    expectUnbroken(world);
  });

  test("[GRP-6, GRP-8] that was put back from a backup does not make a majority", () => {
    expect(aBackupDoesNotVote(rightRules)).toEqual([]);
  });

  test("[GRP-6] that was put back from a backup does not vote", () => {
    const world = formed("abc");
    const b = world.host("b");
    const backup = b.disk.records.slice(0, 3);
    restart(world, b);
    restart(world, b);
    b.cutPower();
    b.disk.replace(backup);
    world.checkers.wipedAt.set(b.node, world.now);
    world.host("c").cutPower();
    b.start();
    world.run(3_000);
    // a alone has a disk: a blank b does not make a majority of three.
    expect(world.host("a").facts()?.view).toBeNull();
    expect(b.state?.isBlank).toBe(true);
    world.host("c").start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-8] put back within the same boot counter does not vote either", () => {
    const world = formed("abc");
    const b = world.host("b");
    const backup = b.disk.records.slice(0, 3);
    submitOnce(world.host("a"));
    world.run(100);
    b.cutPower();
    b.disk.replace(backup);
    world.checkers.wipedAt.set(b.node, world.now);
    world.host("c").cutPower();
    b.start();
    world.run(3_000);
    expect(world.host("a").facts()?.view).toBeNull();
    world.host("c").start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-42] of one of two voters that was lost does not stop the other", () => {
    const world = formed("ab");
    const b = world.host("b");
    b.cutPower();
    b.disk.replace([]);
    world.checkers.wipedAt.set(b.node, world.now);
    b.start();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-26] that hangs is a member left out, and taken in again", () => {
    const world = formed("abc");
    const c = world.host("c");
    c.disk.stalledUntil = world.now + 2_500;
    submitOnce(world.host("a"));
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 2_500)).toBeLessThanOrEqual(3 * deadtime + 30);
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000)).not.toBeNull();
    expectUnbroken(world);
  });
});

describe("two nodes", () => {
  test("[GRP-37] only the verdict on the request in flight grants anything", () => {
    const world = formed("ab", { quorum: racing });
    world.fenceDelayMin = 100_000;
    world.fenceDelayMax = 100_000;
    world.host("b").cutPower();
    const a = world.host("a");
    world.run(400);
    expect(a.facts()).toMatchObject({ status: "electing", isFrozen: true, arbiterFence: { target: "b", attempt: 1 } });
    a.input(() => ({ kind: "fence-verdict", target: node("b"), attempt: 0, confirmed: true }));
    world.run(100);
    expect(a.facts()?.view).toBeNull();
    a.input(() => ({ kind: "fence-verdict", target: node("b"), attempt: 1, confirmed: false }));
    world.run(2 * deadtime + 60);
    expect(a.facts()?.arbiterFence).toEqual({ target: "b", attempt: 2 });
    a.input(() => ({ kind: "fence-verdict", target: node("b"), attempt: 2, confirmed: true }));
    expect(world.runUntil(() => world.isOneView(["a"]), 20)).not.toBeNull();
  });

  test("[GRP-39, GRP-38] the winner takes the loser's vote away, restarts alone, and gives it back", () => {
    const world = formed("ab", { quorum: racing });
    world.rebootMax = 0;
    world.host("b").cutPower();
    const a = world.host("a");
    expect(world.runUntil(() => world.isOneView(["a"]), 4_000)).not.toBeNull();
    world.run(20);
    expect(a.facts()?.electorate.voters).toEqual(["a"]);
    const { committed } = a.setup.rules.replayDisk(a.disk.records);
    expect(committed).toBeGreaterThanOrEqual(a.facts()?.electorate.index ?? 0);
    a.cutPower();
    a.start();
    expect(world.runUntil(() => world.isOneView(["a"]), 2_000)).not.toBeNull();
    world.host("b").start();
    expect(world.runUntil(() => a.facts()?.electorate.voters.join("") === "ab", 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-34] a peer that dies before its vote is back is fenced like any other", () => {
    const world = formed("ab", { quorum: racing });
    world.rebootMax = 0;
    const [a, b] = [world.host("a"), world.host("b")];
    b.cutPower();
    expect(world.runUntil(() => a.facts()?.electorate.voters.join("") === "a", 4_000)).not.toBeNull();
    world.run(20);
    b.start();
    const isVoteInFlight = (): boolean => {
      const [last, committed] = [a.state?.log.electorates.at(-1), a.state?.committed ?? 0];
      return last !== undefined && last.voters.length === 2 && last.index > committed;
    };
    expect(world.runUntil(isVoteInFlight, 3_000)).not.toBeNull();
    b.cutPower();
    expect(world.runUntil(() => world.isOneView(["a"]), 4_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-47] a node that cannot write fences nobody", () => {
    const world = formed("ab", { quorum: racing });
    const a = world.host("a");
    a.disk.stalledUntil = world.now + 5_000;
    world.host("b").cutPower();
    world.run(4_900);
    expect(a.facts()).toMatchObject({ status: "electing", arbiterFence: null, isFrozen: true });
    expect(world.runUntil(() => world.isOneView(["a"]), 4_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-47] what it writes before its fence takes as much room as what follows it", () => {
    const world = formed("ab", { quorum: racing });
    const a = world.host("a");
    world.host("b").cutPower();
    const written = a.disk.records.length;
    expect(world.runUntil(() => a.facts()?.arbiterFence !== null, 4_000)).not.toBeNull();
    const before = sizeOf(a.disk.records.slice(written));
    const fenced = a.disk.records.length;
    expect(world.runUntil(() => world.isOneView(["a"]), 4_000)).not.toBeNull();
    expect(before).toBeGreaterThan(10 * sizeOf(a.disk.records.slice(fenced)));
  });

  test("[GRP-39] a peer that is back before the lone view keeps its vote", () => {
    const world = formed("ab", { quorum: racing });
    world.rebootMax = 0;
    const [a, b] = [world.host("a"), world.host("b")];
    b.cutPower();
    expect(world.runUntil(() => a.state?.race.out !== null, 1_000)).not.toBeNull();
    // The lone view fails: the disk is too slow for it. Meanwhile b is back.
    a.disk.stalledUntil = world.now + 3_500;
    world.run(2_200);
    expect(a.state?.race.grant?.peer).toBe("b");
    b.start();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 8_000)).not.toBeNull();
    const length = world.checkers.log.length;
    world.run(1_000);
    expect(world.checkers.log.length).toBeLessThanOrEqual(length + 2);
    expect(a.facts()?.electorate.voters).toEqual(["a", "b"]);
    expectUnbroken(world);
  });

  test("[GRP-34] a node that rebooted waits for its peer", () => {
    const world = formed("ab", { quorum: racing });
    for (const host of world.hosts) host.cutPower();
    world.host("a").start();
    world.run(10_000);
    expect(world.host("a").facts()).toMatchObject({ status: "electing", arbiterFence: null, isFrozen: false });
    world.host("b").start();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
  });

  test("[GRP-35] a crashed daemon on a living kernel has its grace, and may come back", () => {
    const world = formed("ab", { quorum: racing });
    const [a, b] = [world.host("a"), world.host("b")];
    b.killProcess();
    world.run(1_000);
    expect(a.facts()).toMatchObject({ closed: ["b"], arbiterFence: null, isFrozen: true });
    b.start();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
    b.killProcess();
    world.run(quickHeartbeat.daemonGraceMs + 100);
    expect(a.facts()?.arbiterFence?.target).toBe("b");
  });
});

function sizeOf(records: readonly DiskRecord[]): number {
  return Buffer.byteLength(JSON.stringify(records));
}

describe("a lease", () => {
  test("[GRP-41, GRP-40] runs out twice the deadtime after a quorum was last with it", () => {
    const world = formed("abc");
    const a = world.host("a");
    isolate(world, "a");
    const at = world.now;
    world.run(2_000);
    const until = a.toWorldTime(a.facts()?.leaseUntil ?? 0);
    expect(until).toBeLessThanOrEqual(at + 2 * deadtime);
    expect(until).toBeGreaterThan(at + 2 * deadtime - 2 * quickHeartbeat.keepaliveMs);
    world.network.heal();
    world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000);
    world.run(300);
    expect(a.toWorldTime(a.facts()?.leaseUntil ?? 0)).toBeGreaterThan(world.now);
  });

  test("[GRP-111] that nobody has any more is told by the view that follows; while it lasts, a view is like any other", () => {
    const world = formed("abc");
    const told = (): unknown => world.checkers.log.findLast(({ body }) => body.kind === "view")?.body;
    world.host("c").cutPower();
    world.runUntil(() => world.isOneView(["a", "b"]), 3_000);
    expect(told()).not.toHaveProperty("withoutLease");
    isolate(world, "a");
    world.run(3 * deadtime);
    world.network.heal();
    world.runUntil(() => world.isOneView(["a", "b"]), 3_000);
    world.run(100);
    expect(told()).toHaveProperty("withoutLease", true);
  });
});
