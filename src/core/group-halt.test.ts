import { describe, expect, test } from "vitest";
import { tinyLimits } from "../sim/group/group-run.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { votersOf } from "../sim/group/roster-stories.ts";
import { formed, submitOnce } from "../sim/group/stage.ts";
import type { LogLimits } from "./replication/log-limits.ts";

const deadtimeMs = 300;

function halt(world: GroupWorld, by: string, who: string): void {
  const members = who.split("").flatMap((name) => {
    const { node, incarnation } = world.host(name);
    return incarnation === null ? [] : [{ node, incarnation }];
  });
  world.host(by).submit({ kind: "halted", members });
}

function haltAll(limits?: LogLimits): GroupWorld {
  const world = formed("abc", limits === undefined ? {} : { limits });
  halt(world, "b", "abc");
  return world;
}

const isRunning = (world: GroupWorld): boolean => world.hosts.some((host) => host.isRunning);

describe("[GRP-48] the whole cluster leaves by one entry", () => {
  test.each(["ab", "bc", "ac"])("nobody's vote is lost, and any majority goes on: %s", (who) => {
    const world = haltAll();
    expect(world.runUntil(() => !isRunning(world), 3 * deadtimeMs)).not.toBeNull();
    for (const host of world.hosts) host.cutPower();
    for (const name of who) world.host(name).start();
    expect(world.runUntil(() => world.isOneView(who.split("")), 5_000)).not.toBeNull();
    expect(votersOf(world)).toBe("abc");
    expect(world.checkers.violations).toEqual([]);
  });

  test("nobody who leaves is heard any more, nor waited for, once it is delivered", () => {
    const world = haltAll();
    world.runUntil(() => (world.host("c").state?.leave?.delivered ?? null) !== null, deadtimeMs);
    expect(world.host("c").facts()?.heard).toEqual(["c"]);
  });

  test("those who are not told that it is committed end all the same, and know it when they are back", () => {
    const world = formed("abc");
    const coordinator = world.coordinator();
    world.onSend = (from, _, { message }) => !(from === coordinator && message.kind === "commit");
    halt(world, "b", "abc");
    world.run(50);
    coordinator?.cutPower();
    world.onSend = null;
    const others = world.hosts.filter((host) => host !== coordinator);
    for (const host of others) host.cutPower();
    for (const host of others) host.start();
    expect(world.runUntil(() => world.isOneView(others.map(({ node }) => node)), 5_000)).not.toBeNull();
    expect(world.checkers.log.some(({ body }) => body.kind === "halted")).toBe(true);
    expect(world.checkers.violations).toEqual([]);
  });

  test("whoever missed that it is committed is told before anybody goes", () => {
    const world = formed("abc");
    const told = new Set<string>();
    world.onStep = (host, { state }) => {
      if (state.leave !== null && state.leave.delivered !== null) told.add(host.node);
    };
    world.onSend = (_from, _to, { message }) => message.kind !== "commit";
    halt(world, "b", "abc");
    world.runUntil(() => told.size > 0, deadtimeMs);
    world.run(5);
    expect([told.size, world.hosts.every((host) => host.isRunning)]).toEqual([1, true]);
    world.onSend = null;
    world.run(3 * deadtimeMs);
    expect([...told].toSorted()).toEqual(["a", "b", "c"]);
    expect(isRunning(world)).toBe(false);
  });

  test("a life that is not among them stays, and goes on when others are back", () => {
    const world = formed("abc");
    halt(world, "b", "ab");
    expect(
      world.runUntil(() => !world.host("a").isRunning && !world.host("b").isRunning, 5 * deadtimeMs),
    ).not.toBeNull();
    expect(world.host("c").isRunning).toBe(true);
    world.run(2_000);
    expect(world.host("c").facts()?.isLeased).toBe(false);
    world.host("a").start();
    expect(world.runUntil(() => world.isOneView(["a", "c"]), 5_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("a checkpoint remembers it", () => {
    const world = haltAll(tinyLimits);
    world.run(5 * deadtimeMs);
    for (const name of "ab") world.host(name).start();
    world.runUntil(() => world.isOneView(["a", "b"]), 5_000);
    for (let count = 0; count < 20; count += 1) {
      submitOnce(world.host("a"));
      world.run(50);
    }
    const c = world.host("c");
    c.disk.replace([]);
    world.checkers.wipedAt.set(c.node, world.now);
    c.start();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000)).not.toBeNull();
    expect(c.state?.log.checkpoint?.left.map(({ node }) => node)).toEqual(["a", "b", "c"]);
    expect(world.checkers.violations).toEqual([]);
  });
});
