import { describe, expect, test } from "vitest";
import type { GroupHost } from "../sim/group/group-host.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { formed, record, restart, isolate, submitOnce, quickHeartbeat } from "../sim/group/stage.ts";

const deadtime = quickHeartbeat.deadtimeMs;
const lengthOf = (host: GroupHost) => host.facts()?.length ?? 0;
const deliveredOf = (host: GroupHost) => host.facts()?.delivered ?? 0;

/** Nothing that the checkers watch has been broken. */
function expectUnbroken(world: GroupWorld): void {
  expect(world.checkers.violations).toEqual([]);
}

describe("entries", () => {
  test("[GRP-63, GRP-65, GRP-61] arrive once and in order through loss, reordering and a change of coordinator", () => {
    const world = formed("abc");
    Object.assign(world.network, { loss: 0.3, duplication: 0.2, delayMax: 8 });
    for (let count = 0; count < 40; count += 1) for (const host of world.hosts) submitOnce(host);
    world.run(300);
    world.host("a").cutPower();
    world.run(3_000);
    world.network.loss = 0;
    world.run(3_000);
    const ids = world.checkers.log.map(({ id }) => id).filter(({ sequence }) => sequence > 0);
    for (const origin of ["b", "c"]) {
      const sequences = ids.filter((id) => id.origin === origin).map(({ sequence }) => sequence);
      expect(sequences).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    }
    expectUnbroken(world);
  });

  test("[GRP-65] wait at their origin while the coordinator's window is full", () => {
    const world = formed("ab");
    world.host("b").disk.stalledUntil = world.now + 200;
    for (let count = 0; count < 300; count += 1) submitOnce(world.host("a"));
    expect(lengthOf(world.host("a"))).toBeLessThan(270);
    world.run(2_000);
    expect(world.host("a").state?.pending).toEqual([]);
    expect(deliveredOf(world.host("b"))).toBeGreaterThan(300);
    expectUnbroken(world);
  });

  test("[GRP-64] bear stamps that never go back", () => {
    const world = formed("abc");
    for (const host of world.hosts) submitOnce(host);
    world.run(100);
    const stamps = world.checkers.log.map(({ at }) => at);
    expect(stamps.toSorted((one, other) => one - other)).toEqual(stamps);
  });

  test("[GRP-64] bear stamps with the right spans between them though a wall clock is set back, and its coordinator lost", () => {
    const world = formed("abc");
    const stampAfter = (ms: number): number => {
      world.run(ms);
      const host = world.coordinator() ?? world.host("b");
      submitOnce(host);
      world.run(100);
      return world.checkers.log.at(-1)?.at ?? 0;
    };
    const first = stampAfter(1_000);
    for (const host of world.hosts) host.wallSkew -= 3_600_000;
    const second = stampAfter(10_000);
    world.host("a").cutPower();
    const third = stampAfter(10_000);
    for (const span of [second - first, third - second]) {
      expect(span).toBeGreaterThan(9_900);
      expect(span).toBeLessThan(10_200);
    }
    expectUnbroken(world);
  });
});

describe("a clean leave", () => {
  test.each(["c", "a"])("[GRP-70, GRP-71, GRP-5] of %s withdraws its vote and costs no deadtime", (leaver) => {
    const world = formed("abc");
    const host = world.host(leaver);
    host.input(() => ({ kind: "leave" }));
    const rest = ["a", "b", "c"].filter((name) => name !== leaver);
    expect(world.runUntil(() => world.isOneView(rest), 1_000)).toBeLessThan(deadtime / 2);
    world.run(deadtime);
    expect(host.isRunning).toBe(false);
    expect(world.host("b").facts()?.electorate.voters).toEqual(rest);
    host.start();
    expect(world.runUntil(() => world.host("b").facts()?.electorate.voters.length === 3, 3_000)).not.toBeNull();
    expectUnbroken(world);
  });

  test("[GRP-70] of the last but one leaves the last one able to go on alone", () => {
    const world = formed("ab");
    world.host("a").input(() => ({ kind: "leave" }));
    expect(world.runUntil(() => world.isOneView(["b"]), 1_000)).not.toBeNull();
    world.host("b").cutPower();
    world.host("b").start();
    expect(world.runUntil(() => world.isOneView(["b"]), 1_000)).not.toBeNull();
  });

  test("[GRP-72] without a view ends after its bound", () => {
    const world = formed("abc");
    isolate(world, "a");
    world.run(1_000);
    const a = world.host("a");
    a.input(() => ({ kind: "leave" }));
    const took = world.runUntil(() => !a.isRunning, 30 * deadtime);
    expect(took).toBeGreaterThanOrEqual(20 * deadtime - 5);
  });
});

describe("a long log", () => {
  /** So many entries that they do not fit into one message. */
  function fill(world: GroupWorld, at: string): void {
    for (let round = 0; round < 15; round += 1) {
      for (let count = 0; count < 100; count += 1) submitOnce(world.host(at));
      world.run(100);
    }
  }

  test("[GRP-54] reaches a joiner part by part, through loss", () => {
    const world = formed("abc");
    fill(world, "a");
    const c = world.host("c");
    c.cutPower();
    c.disk.replace([]);
    world.checkers.wipedAt.set(c.node, world.now);
    world.run(1_000);
    world.network.loss = 0.1;
    c.start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000)).not.toBeNull();
    expect(lengthOf(c)).toBeGreaterThan(1_500);
    expectUnbroken(world);
  });

  test("[GRP-54] reaches a proposer that lacks it", () => {
    const world = formed("abc");
    world.host("a").cutPower();
    world.run(1_000);
    fill(world, "b");
    for (const host of world.hosts) host.cutPower();
    for (const host of world.hosts) host.start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000)).not.toBeNull();
    expect(world.coordinator()?.node).toBe("a");
    expect(lengthOf(world.host("a"))).toBeGreaterThan(1_500);
    expectUnbroken(world);
  });

  test("[GRP-54] a short absence costs only what was missed", () => {
    const world = formed("abc");
    fill(world, "a");
    world.run(2_000);
    const sent = record(world);
    restart(world, world.host("c"));
    const sizes = sent.map(({ message }) => (message.kind === "install" ? message.entries.length : 0));
    expect(Math.max(...sizes)).toBeLessThan(128);
  });
});
