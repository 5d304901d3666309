import { describe, expect, it } from "vitest";
import type { ResourceConfig } from "../model/cluster-config.ts";
import { parseServiceId, resourceId } from "../model/ids.ts";
import type { OperationAction, OperationOutcome } from "../model/operation.ts";
import { durationMs, wallMs } from "../model/units.ts";
import { daemonLimits } from "./limits.ts";
import { RunMemory } from "./run-memory.ts";

const web = parseServiceId("web");
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
const ok: OperationOutcome = { status: "ok", severity: "none", reason: "runs", output: "", durationMs: 1 };

function resource(service: string, name = "d"): ResourceConfig {
  return { kind: "lsb", id: resourceId(parseServiceId(service), name), name, script: "/x", ...times };
}

/** `monitor ok x3 @9`, newest first. */
function told(memory: RunMemory, service = web): readonly string[] {
  return memory
    .of(service)
    .map(({ action, outcome, times: often, at }) => `${action} ${outcome.status} x${often} @${at}`);
}

function add(memory: RunMemory, action: OperationAction, at: number, outcome = ok, of = resource("web")): void {
  memory.add({ resource: of, action }, outcome, wallMs(at));
}

describe("the last runs of agents", () => {
  it("[SVC-51] are kept, good monitors that say the same as one", () => {
    const memory = new RunMemory();
    add(memory, "start", 1);
    for (const at of [2, 3, 4]) add(memory, "monitor", at);
    add(memory, "monitor", 5, { ...ok, status: "failed", severity: "soft", reason: "no answer" });
    add(memory, "monitor", 6);
    expect(told(memory)).toEqual(["monitor ok x1 @6", "monitor failed x1 @5", "monitor ok x3 @4", "start ok x1 @1"]);
    expect(memory.of(parseServiceId("we"))).toEqual([]);
  });

  it("[SVC-51] are bounded: runs of a resource, what they printed, and resources", () => {
    const memory = new RunMemory();
    for (let at = 1; at <= 20; at += 1)
      add(memory, at % 2 === 0 ? "start" : "stop", at, { ...ok, output: "x".repeat(4_096) });
    expect(memory.of(web)).toHaveLength(daemonLimits.runsMax);
    expect(memory.of(web)[0]?.outcome.output).toHaveLength(daemonLimits.runOutputMax);
    for (let number = 0; number < daemonLimits.runResourcesMax; number += 1)
      add(memory, "monitor", 30, ok, resource(`s${number}`));
    expect(memory.of(web)).toEqual([]);
  });

  it("of a clone are those of its instance here", () => {
    const memory = new RunMemory();
    add(memory, "start", 1, ok, resource("db@n1"));
    expect(told(memory, parseServiceId("db"))).toEqual(["start ok x1 @1"]);
  });
});
