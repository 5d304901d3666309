import { expect, test } from "vitest";
import { logLimits } from "./replication/log-limits.ts";
import { replayDisk } from "./replication/replay-disk.ts";
import { quickHeartbeat, submitOnce } from "../sim/group/stage.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import { GroupWorld } from "../sim/group/group-world.ts";

// Goal: a journal from before there were checkpoints is taken up, folded a little at a time, and rewritten to what is left.
test("[GRP-57, GRP-58] a long journal of an earlier version becomes short within seconds", () => {
  const setup = {
    names: ["a"],
    heartbeat: quickHeartbeat,
    quorum: { kind: "majority" as const },
    rules: rightRules,
    seed: 1,
  };
  const never = { ...logLimits, keepEntries: 1e9, keepBytes: 1e12, rewriteBytes: 1e12 };
  const before = new GroupWorld({ ...setup, limits: never });
  before.found("a");
  const old = before.host("a");
  old.start();
  before.run(1_000);
  while (old.disk.length < 1_500) {
    for (let count = 0; count < 100; count += 1) submitOnce(old);
    before.run(20);
  }
  const { records } = old.disk;
  const world = new GroupWorld({ ...setup, limits: { ...logLimits, rewriteBytes: 100_000 } });
  const host = world.host("a");
  host.disk.apply(records);
  host.start();
  const folds: number[] = [];
  let trimmed = 0;
  world.onStep = (_, { state }) => {
    if (state.log.trimmed > trimmed) folds.push(state.log.trimmed - trimmed);
    ({ trimmed } = state.log);
  };
  world.run(5_000);
  expect(Math.max(...folds)).toBe(128);
  expect(host.disk.rewrites).toBe(1);
  expect(host.disk.records.length).toBeLessThan(20);
  const { log, checkpoint, committed } = replayDisk(host.disk.records);
  expect(log.length).toBeLessThan(330);
  expect((checkpoint?.index ?? 0) + log.length).toBe(host.facts()?.length);
  expect(committed).toBeGreaterThan(1_450);
  expect(world.checkers.violations.filter(({ rule }) => rule !== "order")).toEqual([]);
});
