import { describe, expect, it } from "vitest";
import { resourceId } from "../../model/ids.ts";
import type { ServiceConfig } from "../../model/cluster-config.ts";
import { instantMs } from "../../model/units.ts";
import { bad, Bench, definition, free, helpless, web } from "./runner-bench.fixture.ts";
import { markSuspect } from "./runner-state.ts";
import { isBelieved, observationOf } from "./runtime.ts";

/** The same, where so many monitors must fail. */
function patient(failuresToAct: number): ServiceConfig {
  return { ...definition, resources: definition.resources.map((resource) => ({ ...resource, failuresToAct })) };
}

function probed(failuresToAct = 1): Bench {
  const bench = new Bench();
  if (failuresToAct > 1) bench.definition = patient(failuresToAct);
  bench.tick().finish();
  expect(bench.heard()).toEqual([]);
  return bench;
}

function started(failuresToAct?: number): Bench {
  const bench = probed(failuresToAct).tell("start", 1).finish();
  bench.heard();
  return bench.tell("keep", 1);
}

describe("a node's own work on a service", () => {
  it("[SAFE-6, SVC-20] starts top to bottom and stops bottom to top, each after the one before", () => {
    const bench = probed().tell("start", 1).finish();
    expect(bench.heard()).toEqual(["start web/disk", "start web/ip", "start web/app", "report 1 started"]);
    bench.tell("stop", 2).finish();
    expect(bench.heard()).toEqual(["stop web/app", "stop web/ip", "stop web/disk", "report 2 stopped"]);
  });

  it("[SVC-5] cleans up after a failed start, then says so", () => {
    const bench = probed();
    bench.answers.set("start web/ip", bad);
    bench.tell("start", 1).finish();
    expect(bench.heard()).toEqual([
      "start web/disk",
      "start web/ip",
      "stop web/ip",
      "stop web/disk",
      "report 1 failed start web/ip",
    ]);
  });

  it("[SVC-9] ends at a failed ordered stop and reports it, above nothing is touched", () => {
    const bench = started();
    bench.answers.set("stop web/ip", bad);
    bench.tell("stop", 2).finish();
    expect(bench.heard()).toEqual(["stop web/app", "stop web/ip", "report 2 failed stop web/ip"]);
    bench.tell("wait", 2).finish();
    expect(bench.heard()).toEqual([]);
  });

  it("[SVC-12, SVC-20] stops unasked without a lease, and tries a failed step again instead of passing on", () => {
    const bench = started();
    bench.answers.set("stop web/ip", bad);
    bench.mandate = helpless;
    bench.tick().finish();
    expect(bench.heard()).toEqual(["stop web/app", "stop web/ip"]);
    bench.tick(1_000).finish();
    expect(bench.heard()).toEqual(["stop web/ip"]);
    bench.answers.delete("stop web/ip");
    bench.tick(1_000).finish();
    expect(bench.heard()).toEqual(["stop web/ip", "stop web/disk"]);
    expect(bench.runner.runtimes[web]?.mustReport).toBe(true);
  });

  it("[SVC-19] cancels a start when the lease ends, and undoes it", () => {
    const bench = probed();
    bench.answers.set("start web/ip", "silent");
    bench.tell("start", 1).finish();
    bench.mandate = helpless;
    bench.tick();
    expect(bench.heard()).toEqual(["start web/disk", "start web/ip", "cancel"]);
    bench.answers.set("start web/ip", { status: "failed", severity: "soft", reason: "cancelled" });
    bench.finish();
    expect(bench.heard()).toEqual(["stop web/ip", "stop web/disk"]);
    bench.mandate = free;
    bench.tick().finish();
    expect(bench.heard()).toEqual([]);
  });

  it("[SVC-19] takes a refused start for a lost lease, not for a failure", () => {
    const bench = probed();
    bench.answers.set("start web/ip", { status: "refused" });
    bench.tell("start", 1).finish();
    expect(bench.heard()).toEqual(["start web/disk", "start web/ip", "stop web/disk"]);
    expect(bench.runner.runtimes[web]?.mustReport).toBe(true);
  });

  it("[SVC-18] waits for a monitor in the way, which it cancels", () => {
    const bench = started();
    bench.answers.set("monitor web/app", "silent");
    bench.tick(5_000).finish();
    bench.tell("stop", 2);
    expect(bench.heard()).toEqual(["cancel"]);
    bench.answers.set("monitor web/app", { status: "failed", reason: "cancelled" });
    bench.finish();
    expect(bench.heard()).toEqual(["stop web/app", "stop web/ip", "stop web/disk", "report 2 stopped"]);
  });

  it("[SVC-6] reports a failed monitor once, and monitors no more until there is a new order", () => {
    const bench = started();
    bench.answers.set("monitor web/app", { status: "not-running", reason: "dead" });
    bench.tick(5_000).finish().tick(5_000).finish().tick(5_000).finish();
    expect(bench.heard()).toEqual(["report 1 failed monitor web/app"]);
  });

  it("[SVC-32] asks the agent at once when something is said to have ended, and believes the agent", () => {
    const bench = started();
    bench.hint("app");
    bench.answers.set("monitor web/app", { status: "not-running", reason: "dead" });
    bench.tick().finish();
    expect(bench.heard()).toEqual(["report 1 failed monitor web/app"]);
    const second = started();
    second.hint("app");
    second.tick();
    expect(second.open.map(({ what }) => what)).toEqual(["monitor web/app"]);
    second.finish().tick();
    expect(second.open).toEqual([]);
    expect(second.heard()).toEqual([]);
  });

  it("[SVC-32] asks once more when the end is told while the agent is being asked", () => {
    const bench = started();
    bench.hint("app");
    bench.answers.set("monitor web/app", "silent");
    bench.tick().hint("app");
    expect(bench.tick().open).toHaveLength(1);
    bench.answers.set("monitor web/app", { status: "ok" });
    bench.finish();
    // The first one was the probe.
    expect(bench.asked("monitor web/app")).toBe(3);
  });

  it("[SVC-32] nothing follows for what does not run, is unknown or is not monitored", () => {
    expect(new Bench().hint("app").tick().asked("monitor web/app")).toBe(1);
    const bench = probed();
    expect(markSuspect(bench.runner, resourceId(web, "app"))).toBe(bench.runner);
    expect(markSuspect(bench.runner, resourceId(web, "else"))).toBe(bench.runner);
    expect(started().tell("stop", 2).hint("app").finish().heard().at(-1)).toBe("report 2 stopped");
  });

  it("[SVC-29] asks all that runs once before it says what there is of a service that was frozen", () => {
    const bench = started();
    const asked = bench.asked("monitor web/app");
    bench.order = { service: web, action: "wait", attempt: 1, definition: bench.definition, isFrozen: true };
    bench.tick(60_000).tick(60_000);
    expect([bench.open, bench.asked("monitor web/app")]).toEqual([[], asked]);
    expect(bench.runner.runtimes[web]?.resources.every(isBelieved)).toBe(true);
    bench.order = { service: web, action: "wait", attempt: 1, definition: bench.definition, isDoubted: true };
    bench.tick();
    expect(bench.open).toHaveLength(3);
    bench.finish().tick().finish();
    expect(bench.asked("monitor web/app")).toBe(asked + 1);
    expect(bench.runner.runtimes[web]?.resources.some(isBelieved)).toBe(false);
  });

  it("[SVC-33] bears failed monitors until as many in a row have failed as were configured", () => {
    const bench = started(3);
    bench.answers.set("monitor web/app", bad);
    bench.tick(5_000).finish().tick(5_000).finish();
    expect(bench.heard()).toEqual([]);
    bench.answers.set("monitor web/app", { status: "ok" });
    bench.tick(5_000).finish();
    bench.answers.set("monitor web/app", { status: "timed-out", severity: "soft", reason: "slow" });
    bench.tick(5_000).finish().tick(5_000).finish();
    expect(bench.heard()).toEqual([]);
    bench.tick(5_000).finish();
    expect(bench.heard()).toEqual(["report 1 failed monitor web/app"]);
  });

  it("[SVC-33] acts at once when it does not run, or can not", () => {
    for (const outcome of [
      { status: "not-running", severity: "none", reason: "dead" },
      { status: "failed", severity: "hard", reason: "a program is missing" },
    ] as const) {
      const bench = started(3);
      bench.answers.set("monitor web/app", outcome);
      expect(bench.tick(5_000).finish().heard()).toEqual(["report 1 failed monitor web/app"]);
    }
  });

  it("[OCF-3] keeps what is degraded, and tells it once", () => {
    const bench = started();
    bench.answers.set("monitor web/app", { reason: "one disk is gone", isDegraded: true });
    bench.tick(5_000).finish().tick(5_000).finish();
    expect(bench.heard()).toEqual(["event web/app is degraded: one disk is gone"]);
    bench.answers.set("monitor web/app", { status: "ok" });
    bench.tick(5_000).finish();
    bench.answers.set("monitor web/app", { reason: "again", isDegraded: true });
    bench.tick(5_000).finish();
    expect(bench.heard()).toEqual(["event web/app is degraded: again"]);
    expect(bench.runs("monitor web/app")).toBe(true);
  });

  it("[SVC-22] takes an operation without any result as timed out, long after its time-out", () => {
    const bench = probed();
    bench.answers.set("start web/disk", "silent");
    bench.tell("start", 1).finish().tick(29_999);
    expect(bench.heard()).toEqual(["start web/disk"]);
    bench.tick(1).finish();
    expect(bench.heard()).toEqual(["stop web/disk", "report 1 failed start web/disk"]);
  });

  it("[SVC-10] reports what a probe could not tell as unclear, and what is not installed as absent for good", () => {
    const bench = new Bench();
    bench.answers.set("monitor web/ip", bad);
    bench.answers.set("monitor web/app", { status: "not-running", severity: "hard", code: 5, reason: "not installed" });
    bench.tick().finish();
    const runtime = bench.runner.runtimes[web];
    expect(runtime === undefined ? null : observationOf(runtime, 7, instantMs(0))).toEqual({
      service: web,
      running: [],
      unclear: ["web/ip"],
      attempt: 7,
      unable: "web/app: not installed",
    });
  });

  it("[SVC-10] takes a resource whose agent cannot be run for stopped, and has nothing to clean up after its start", () => {
    const bench = new Bench();
    const none = { status: "failed", severity: "hard", reason: "no such file", cannotBegin: true } as const;
    for (const action of ["monitor", "start", "stop"]) bench.answers.set(`${action} web/ip`, none);
    bench.tick().finish();
    bench.heard();
    bench.tell("start", 1).finish();
    expect(bench.heard()).toEqual(["start web/disk", "start web/ip", "stop web/disk", "report 1 failed start web/ip"]);
  });

  it("[SVC-3] turns to a newer order at once: a start under way is cancelled and undone under the new number", () => {
    const bench = probed();
    bench.answers.set("start web/ip", "silent");
    bench.tell("start", 1).finish().tell("stop", 2);
    bench.answers.delete("start web/ip");
    bench.finish();
    expect(bench.heard()).toEqual([
      "start web/disk",
      "start web/ip",
      "cancel",
      "stop web/ip",
      "stop web/disk",
      "report 2 stopped",
    ]);
  });
});
