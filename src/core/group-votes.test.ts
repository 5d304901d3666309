import { describe, expect, test } from "vitest";
import { formed, isolate, racing } from "../sim/group/stage.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";

const voters = (world: GroupWorld, name: string): string => world.host(name).facts()?.electorate.voters.join("") ?? "";
const hasView = (world: GroupWorld, name: string): boolean => world.host(name).facts()?.view !== null;
const comesTo = (world: GroupWorld, names: string): boolean =>
  world.runUntil(() => world.isOneView(names.split("")), 3_000) !== null;

describe("[GRP-30] votes of 2, 1, 1", () => {
  test("[GRP-30] the first and one other go on without the third", () => {
    const world = formed("abc", { votes: "aabc" });
    isolate(world, "c");
    expect(comesTo(world, "ab")).toBe(true);
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-30, GRP-40] the others are half without the first: they stop, and so does it", () => {
    const world = formed("abc", { votes: "aabc" });
    isolate(world, "a");
    world.run(3_000);
    for (const name of ["a", "b", "c"]) {
      expect(hasView(world, name)).toBe(false);
      expect(world.host(name).facts()?.leaseUntil).toBeLessThan(world.host(name).moment().now);
    }
    world.network.heal();
    expect(comesTo(world, "abc")).toBe(true);
    expect(world.checkers.violations).toEqual([]);
  });
});

test("[GRP-30] a node with more than half of the votes goes on alone, and keeps its lease", () => {
  const world = formed("abc", { votes: "aaabc" });
  isolate(world, "a");
  expect(comesTo(world, "a")).toBe(true);
  world.run(3_000);
  expect(world.host("a").facts()?.leaseUntil).toBeGreaterThan(world.host("a").moment().now);
  expect(hasView(world, "b") || hasView(world, "c")).toBe(false);
  expect(world.checkers.violations).toEqual([]);
});

describe("[GRP-43] the votes of the configuration", () => {
  test("[GRP-43] come one node after the other, and those of a lost node when it is back", () => {
    const world = formed("abc", { votes: "aabbcc", first: ["a", "b"] });
    expect(voters(world, "a")).toBe("aabbcc");
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-43] none makes a member that decides nothing", () => {
    const world = formed("abc", { votes: "ab" });
    expect(voters(world, "c")).toBe("ab");
    isolate(world, "c");
    expect(comesTo(world, "ab")).toBe(true);
    world.network.heal();
    expect(comesTo(world, "abc")).toBe(true);
    isolate(world, "a");
    world.run(2_000);
    expect(hasView(world, "b") || hasView(world, "c")).toBe(false);
  });

  test("[GRP-43, GRP-70] go with a node that leaves, and come back with it", () => {
    const world = formed("abcd", { votes: "aaabcd" });
    const a = world.host("a");
    a.input(() => ({ kind: "leave" }));
    expect(world.runUntil(() => world.isOneView(["b", "c", "d"]), 3_000)).not.toBeNull();
    expect(voters(world, "b")).toBe("bcd");
    isolate(world, "d");
    expect(comesTo(world, "bc")).toBe(true);
    world.network.heal();
    a.start();
    expect(comesTo(world, "abcd")).toBe(true);
    expect(world.runUntil(() => voters(world, "d") === "aaabcd", 3_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });
});

describe("[GRP-33] of two nodes with two votes each", () => {
  test("[GRP-33, GRP-39] the one that fences the other goes on, and takes all its votes away", () => {
    const world = formed("ab", { votes: "aabb", quorum: racing });
    world.host("b").cutPower();
    expect(world.runUntil(() => voters(world, "a") === "aa" && hasView(world, "a"), 5_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-34] with unequal votes nobody races: one needs nobody, the other one waits", () => {
    const world = formed("ab", { votes: "aab", quorum: racing });
    isolate(world, "b");
    expect(comesTo(world, "a")).toBe(true);
    world.run(8_000);
    expect(world.host("b").facts()?.arbiterFence).toBeNull();
    expect(hasView(world, "b")).toBe(false);
  });
});
