import { describe, expect, test } from "vitest";
import type { QuorumConfig } from "../model/cluster-config.ts";
import { formed, isolate } from "../sim/group/stage.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { watchBeginning } from "../sim/group/watch-beginning.ts";

const quorum: QuorumConfig = { kind: "majority", waitForAll: true };
const comesTo = (world: GroupWorld, names: string): boolean =>
  world.runUntil(() => world.isOneView(names.split("")), 3_000) !== null;

/** Three nodes that wait for all, all of them switched off. */
function off(): GroupWorld {
  const world = formed("abc", { quorum });
  watchBeginning(world);
  for (const host of world.hosts) host.cutPower();
  return world;
}

describe("[GRP-44] wait-for-all", () => {
  test("[GRP-44] after all were off, a majority waits for the last node, and says so", () => {
    const world = off();
    const [a, b] = [world.host("a"), world.host("b")];
    a.start();
    b.start();
    world.run(20_000);
    expect(a.facts()?.view).toBeNull();
    expect(a.facts()?.awaited).toEqual(["c"]);
    world.host("c").start();
    expect(comesTo(world, "abc")).toBe(true);
    expect(a.facts()?.awaited).toEqual([]);
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-44] all must be there at one moment, each seen by itself is not enough", () => {
    const world = off();
    const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
    a.start();
    b.start();
    world.run(1_000);
    b.cutPower();
    world.run(1_000);
    c.start();
    world.run(5_000);
    expect(a.facts()?.view).toBeNull();
    expect(a.facts()?.awaited).toEqual(["b"]);
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-44] once it has begun, a majority goes on without the others", () => {
    const world = off();
    for (const host of world.hosts) host.start();
    expect(comesTo(world, "abc")).toBe(true);
    world.host("a").cutPower();
    expect(comesTo(world, "bc")).toBe(true);
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-44] a node that reboots is taken in where the others go on, and is then one of those that may", () => {
    const world = off();
    for (const host of world.hosts) host.start();
    expect(comesTo(world, "abc")).toBe(true);
    isolate(world, "c");
    const a = world.host("a");
    a.cutPower();
    world.run(2_000);
    // b alone has seen it begin: no quorum, until a is back and is taken in by b.
    a.start();
    expect(comesTo(world, "ab")).toBe(true);
    expect(a.facts()?.awaited).toEqual([]);
    world.network.heal();
    expect(comesTo(world, "abc")).toBe(true);
    expect(world.checkers.violations).toEqual([]);
  });
});
