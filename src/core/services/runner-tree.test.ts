import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResourceConfig } from "../../model/cluster-config.ts";
import { type ResourceId, resourceId } from "../../model/ids.ts";
import type { OperationOutcome } from "../../model/operation.ts";
import { treeOf } from "../../model/resource-tree.ts";
import { durationMs, instantMs } from "../../model/units.ts";
import { bad, Bench, definition, free, helpless, times, web } from "./runner-bench.fixture.ts";
import { isQuiet, markReported } from "./runner-state.ts";
import { missingOf } from "./runner-walk.ts";
import { observationOf } from "./runtime.ts";

type Placement = Pick<ResourceConfig, "after" | "independent" | "critical">;

function resource(name: string, after: readonly string[] | undefined, place: Placement = {}): ResourceConfig {
  const named = after === undefined ? {} : { after: after.map((other) => resourceId(web, other)) };
  return { kind: "lsb", id: resourceId(web, name), name, script: "/s", ...times, ...named, ...place };
}

/** disk and ip at once; db on disk, restarted alone; app on db and ip; report on db, which can be done without; chart on that. */
const branched = [
  resource("disk", []),
  resource("ip", []),
  resource("db", ["disk"], { independent: true }),
  resource("app", ["db", "ip"]),
  resource("report", ["db"], { critical: false }),
  resource("chart", ["report"]),
];

function probed(resources: readonly ResourceConfig[] = branched): Bench {
  const bench = new Bench();
  const recovery = { policy: "restart", maxRestarts: 1, withinMs: durationMs(600_000) } as const;
  bench.definition = { ...definition, resources, recovery };
  bench.tick().finish();
  bench.heard();
  return bench;
}

function started(): Bench {
  const bench = probed().tell("start", 1).finish();
  bench.heard();
  return bench.tell("keep", 1);
}

function missing(bench: Bench): string {
  const runtime = bench.runner.runtimes[web];
  return runtime === undefined ? "" : (missingOf(runtime)?.resources.join(" ") ?? "not known");
}

describe("a service with branches", () => {
  it("[TREE-2] starts branches at once, each resource when all that it stands on runs, and stops the other way", () => {
    const bench = probed();
    bench.answers.set("start web/ip", "silent");
    bench.tell("start", 1);
    expect(bench.heard()).toEqual(["start web/disk", "start web/ip"]);
    bench.finish();
    expect(bench.heard()).toEqual(["start web/db", "start web/report", "start web/chart"]);
    bench.answers.delete("start web/ip");
    bench.finish();
    expect(bench.heard()).toEqual(["start web/app", "report 1 started"]);
    bench.answers.set("stop web/chart", "silent");
    bench.tell("stop", 2).finish();
    expect(bench.heard()).toEqual(["stop web/chart", "stop web/app", "stop web/ip"]);
    bench.answers.delete("stop web/chart");
    bench.finish();
    expect(bench.heard()).toEqual(["stop web/report", "stop web/db", "stop web/disk", "report 2 stopped"]);
  });

  it("[TREE-2, SVC-5] a failed start cancels the other branches and is cleaned up in order before it is reported", () => {
    const bench = probed();
    bench.answers.set("start web/ip", bad).set("start web/db", "silent");
    bench.tell("start", 1);
    bench.answers.set("start web/ip", "silent");
    bench.finish();
    bench.answers.set("start web/ip", bad).set("start web/db", { status: "failed", severity: "soft", reason: "cut" });
    bench.finish();
    expect(bench.heard()).toEqual([
      "start web/disk",
      "start web/ip",
      "start web/db",
      "cancel",
      "stop web/ip",
      "stop web/db",
      "stop web/disk",
      "report 1 failed start web/ip",
    ]);
  });

  it("[TREE-6, SVC-9] a failed stop is reported at once, the steps beside it come to their end, and no other is begun", () => {
    const bench = started();
    bench.answers.set("stop web/chart", "silent").set("stop web/app", bad);
    bench.tell("stop", 2).finish();
    expect(bench.heard()).toEqual(["stop web/chart", "stop web/app", "report 2 failed stop web/app"]);
    bench.answers.delete("stop web/chart");
    bench.finish();
    expect(bench.heard()).toEqual([]);
    bench.answers.delete("stop web/app");
    bench.tell("stop", 3).finish();
    expect(bench.heard().at(-1)).toBe("report 3 stopped");
  });

  it("[TREE-6, SVC-12] without a lease a branch that cannot be stopped does not hold up the others", () => {
    const bench = started();
    bench.answers.set("stop web/chart", bad);
    bench.mandate = helpless;
    bench.tick().finish();
    expect(bench.heard()).toEqual(["stop web/chart", "stop web/app", "stop web/ip"]);
    bench.answers.delete("stop web/chart");
    bench.tick(1_000).finish();
    expect(bench.heard()).toEqual(["stop web/chart", "stop web/report", "stop web/db", "stop web/disk"]);
  });
});

describe("a part that is restarted alone", () => {
  it("[TREE-3] goes down and up with all that stands on it, while the rest runs and is monitored", () => {
    const bench = started();
    bench.wanted = "restarted";
    bench.answers.set("monitor web/db", { status: "not-running", reason: "dead" });
    bench.tick(5_000).finish();
    // Monitors of the others in it were due as well.
    expect(bench.heard().filter((line) => line !== "cancel")).toEqual([
      "event monitor of web/db not-running: dead; web/db, web/app, web/report, web/chart restarted",
      "stop web/app",
      "stop web/chart",
      "stop web/report",
      "stop web/db",
      "start web/db",
      "start web/app",
      "start web/report",
      "start web/chart",
    ]);
    const before = bench.asked("monitor web/ip");
    bench.answers.delete("monitor web/db");
    bench.tick(5_000).tick(5_000).finish();
    expect(bench.asked("monitor web/ip")).toBeGreaterThan(before);
    expect(missing(bench)).toBe("");
  });

  it("[TREE-3] fails with the service when it fails too often, and by what began it when it cannot be started", () => {
    const bench = started();
    bench.answers.set("monitor web/app", { status: "not-running", reason: "dead" });
    bench.tick(5_000).finish();
    bench.heard();
    bench.tick(5_000).tick(5_000).finish();
    expect(bench.heard()).toEqual(["report 1 failed monitor web/app"]);
    const second = started();
    second.answers.set("monitor web/app", { status: "not-running", reason: "dead" }).set("start web/db", bad);
    second.tick(5_000).finish();
    expect(second.heard().slice(-2)).toEqual(["start web/db", "report 1 failed monitor web/app"]);
    second.tick(60_000).finish();
    expect(second.heard()).toEqual([]);
  });

  it("[TREE-6] is reported when it cannot be stopped", () => {
    const bench = started();
    bench.answers.set("monitor web/db", { status: "not-running", reason: "dead" }).set("stop web/report", bad);
    bench.tick(5_000).finish();
    expect(bench.heard().at(-1)).toBe("report 1 failed stop web/report");
    bench.tick(60_000).finish();
    expect(bench.heard()).toEqual([]);
  });

  it("[TREE-3, SVC-19] is not started without a lease, and when that ends meanwhile all is stopped", () => {
    const bench = started();
    bench.answers.set("monitor web/db", { status: "not-running", reason: "dead" }).set("start web/db", "silent");
    bench.tick(5_000).finish();
    bench.heard();
    bench.mandate = helpless;
    bench.tick();
    expect(isQuiet(bench.runner)).toBe(false);
    bench.answers.set("start web/db", { status: "failed", severity: "soft", reason: "cut" });
    bench.finish();
    expect(bench.heard()).toEqual(["cancel", "stop web/ip", "stop web/db", "stop web/disk"]);
    expect(isQuiet(bench.runner)).toBe(true);
  });

  it("[TREE-3, SVC-29] nothing of it is stopped or started while the service is frozen", () => {
    const bench = started();
    bench.answers.set("monitor web/app", "silent");
    bench.tick(5_000).finish();
    bench.order = { service: web, action: "wait", attempt: 1, definition: bench.definition, isFrozen: true };
    bench.answers.set("monitor web/app", { status: "not-running", reason: "dead" });
    bench.tick().finish().tick(60_000).finish();
    expect(bench.heard()).toEqual([]);
    bench.tell("keep", 1).finish();
    expect(bench.heard()).toContain("start web/app");
  });
});

describe("a part that a service can do without", () => {
  it("[TREE-4, TREE-5] does not keep the service from starting, and is tried again with back-off", () => {
    const bench = probed();
    bench.answers.set("start web/report", bad);
    bench.tell("start", 1).finish();
    expect(bench.heard()).toEqual([
      "start web/disk",
      "start web/ip",
      "start web/db",
      "start web/app",
      "start web/report",
      "stop web/report",
      "report 1 started",
    ]);
    bench.tell("keep", 1);
    expect(missing(bench)).toBe("web/report web/chart");
    bench.tick(999).finish();
    expect(bench.heard()).toEqual([]);
    bench.tick(1).finish();
    expect(bench.heard()).toEqual(["start web/report", "stop web/report"]);
    bench.answers.delete("start web/report");
    bench.tick(1_999).finish();
    expect(bench.heard()).toEqual([]);
    bench.tick(1).finish();
    expect(bench.heard()).toEqual(["start web/report", "start web/chart"]);
    bench.tick();
    expect(missing(bench)).toBe("");
  });

  it("[TREE-4] is restarted at once the first time, then later and later, and never takes the service along", () => {
    const bench = started();
    bench.answers.set("monitor web/chart", { status: "not-running", reason: "dead" });
    for (let times = 0; times < 40; times += 1) bench.tick(5_000).finish();
    const said = bench.heard();
    expect(said.filter((line) => line.startsWith("report"))).toEqual([]);
    expect(said.slice(0, 4)).toEqual(["stop web/chart", "stop web/report", "start web/report", "start web/chart"]);
    expect(bench.asked("start web/db")).toBe(1);
    expect(bench.asked("start web/chart")).toBeLessThan(12);
  });

  it("[TREE-7] that was not found running is brought up after the adoption", () => {
    const bench = new Bench();
    bench.definition = { ...definition, resources: branched };
    bench.answers.set("monitor web/report", bad);
    for (const name of ["disk", "ip", "db", "app"]) bench.answers.set(`monitor web/${name}`, { status: "ok" });
    bench.tick().finish();
    bench.answers.delete("monitor web/report");
    bench.runner = markReported(bench.runner, [web]);
    bench.tell("keep", 3).finish();
    expect(bench.heard()).toEqual(["stop web/report", "start web/report", "start web/chart"]);
  });

  it("[TREE-7] what is not optional any more while it is missing has failed", () => {
    const bench = started();
    bench.answers.set("start web/report", bad).set("monitor web/report", { status: "not-running", reason: "dead" });
    bench.tick(5_000).finish();
    bench.heard();
    bench.definition = {
      ...bench.definition,
      resources: bench.definition.resources.map(({ critical: _critical, ...one }) => one),
    };
    bench.tell("keep", 1).finish();
    expect(bench.heard()).toEqual(["report 1 failed monitor web/report"]);
  });
});

describe("whatever the tree, the order and what goes wrong", () => {
  const placed = fc.record({
    after: fc.option(fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), { nil: undefined }),
    mark: fc.constantFrom("none", "none", "independent", "optional"),
  });
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom("tick", "end", "end", "end", "fail", "die", "start", "stop", "keep", "lease", "freeze"),
      of: fc.nat({ max: 20 }),
    }),
    { maxLength: 60 },
  );

  it("[SAFE-6, SVC-18, TREE-2, TREE-3] the order is respected, nothing overlaps, and an ordered stop leaves nothing", () => {
    fc.assert(
      fc.property(fc.array(placed, { minLength: 1, maxLength: 7 }), steps, (drawn, events) => {
        const world = new TreeWorld(
          drawn.map(({ after, mark }, position) => {
            const names = position === 0 ? [] : after?.map((number) => `r${number % position}`);
            const marks = mark === "independent" ? { independent: true as const } : {};
            const optional = mark === "optional" ? { critical: false as const } : {};
            return resource(`r${position}`, names === undefined ? undefined : [...new Set(names)], {
              ...marks,
              ...optional,
            });
          }),
        );
        for (const { what, of } of events) world.happen(what, of);
        world.stopForGood();
      }),
      { numRuns: 400 },
    );
  });
});

function must(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new RangeError(otherwise);
}

/** A runner among agents that end when and how the test says, and what really runs. */
class TreeWorld {
  readonly bench = new Bench();
  readonly running = new Set<string>();
  readonly #resources: readonly ResourceConfig[];
  #attempt = 0;
  #seen = 0;

  constructor(resources: readonly ResourceConfig[]) {
    this.#resources = resources;
    this.bench.definition = { ...definition, resources };
    this.bench.tick();
    this.#look();
  }

  happen(what: string, of: number): void {
    const { bench } = this;
    const { open } = bench;
    const operation = open[of % Math.max(1, open.length)];
    const isActive = this.running.size > 0 || open.some((one) => !one.what.startsWith("monitor"));
    const resourceId = this.#resources[of % this.#resources.length]?.id ?? "";
    if (what === "tick") bench.tick(of * 400);
    else if (what === "end" && operation !== undefined) this.#end(operation, {});
    else if (what === "fail" && operation !== undefined && !operation.what.startsWith("stop"))
      this.#end(operation, bad);
    else if (what === "die") this.running.delete(resourceId);
    else if (what === "lease") bench.mandate = of % 3 === 0 ? helpless : free;
    else if (what === "freeze" && bench.order?.action === "keep")
      bench.order = { ...bench.order, action: "wait", isFrozen: true };
    // As the cluster does: a start only where nothing runs, and what runs is kept or stopped.
    else if (what === "start" && !isActive && bench.mandate === free) this.#order("start");
    else if (what === "stop" && bench.order !== undefined) this.#order("stop");
    else if (what === "keep" && bench.said.some((line) => line === `report ${this.#attempt} started`))
      bench.tell("keep", this.#attempt);
    bench.tick();
    this.#look();
  }

  stopForGood(): void {
    const { bench } = this;
    bench.mandate = free;
    this.#order("stop");
    this.#look();
    for (let next = bench.open[0]; next !== undefined; next = bench.open[0]) this.#end(next, {});
    must(this.running.size === 0, `left over: ${[...this.running].join()}`);
    must(bench.said.at(-1) === `report ${this.#attempt} stopped`, "the stop was not reported");
    must(isQuiet(bench.runner), "something is left to be done");
    const runtime = bench.runner.runtimes[web];
    must(runtime !== undefined && observationOf(runtime, 0, instantMs(0)).running.length === 0, "it is said to run");
  }

  #order(action: "start" | "stop"): void {
    this.#attempt += 1;
    this.bench.tell(action, this.#attempt);
  }

  #end(operation: { readonly id: number; readonly what: string }, given: Partial<OperationOutcome>): void {
    const { bench } = this;
    const [action = "", id = ""] = operation.what.split(" ");
    const isOk = given.status === undefined;
    if (action === "start" && isOk) this.running.add(id);
    if (action === "stop" && isOk) this.running.delete(id);
    const found =
      action === "monitor" && isOk ? ({ status: this.running.has(id) ? "ok" : "not-running" } as const) : {};
    for (const { what } of bench.open) bench.answers.set(what, "silent");
    bench.answers.set(operation.what, { status: "ok", ...found, ...given });
    bench.endOne(operation.id);
    bench.answers.clear();
    this.#look();
  }

  /** Every operation that was begun since is held against the order. */
  #look(): void {
    const { bench } = this;
    const { upon } = treeOf(this.#resources);
    const under = bench.open.map(({ what }) => what.split(" ")[1]);
    must(new Set(under).size === under.length, `two operations at once on ${under.join()}`);
    for (const what of bench.begun.slice(this.#seen)) {
      const [action = "", id = ""] = what.split(" ");
      const position = this.#resources.findIndex((one) => one.id === id);
      for (const [other, { id: otherId }] of this.#resources.entries()) {
        if (action === "start" && upon[other]?.includes(position)) this.#expectUp(otherId, what);
        if (action === "stop" && upon[position]?.includes(other)) this.#expectDown(otherId, what);
      }
    }
    this.#seen = bench.begun.length;
  }

  /** What died since it was last looked at counts: nobody can know. */
  #expectUp(id: ResourceId, what: string): void {
    const known = this.bench.runner.runtimes[web]?.resources.find(({ config }) => config.id === id);
    const isStopping = known?.operation?.action === "stop";
    must(known?.state === "running" && !isStopping, `${what} while ${id} is ${known?.state}`);
  }

  #expectDown(id: ResourceId, what: string): void {
    must(!this.running.has(id), `${what} while ${id} runs`);
  }
}
