import { describe, expect, it } from "vitest";
import type { ClusterConfig, FenceDeviceConfig, FenceStep } from "../../model/cluster-config.ts";
import { parseDeviceId, parseNodeId } from "../../model/ids.ts";
import { durationMs, instantMs, never, wallMs } from "../../model/units.ts";
import { fenceBackOffMs, fencePerformer } from "./fence-record.ts";
import {
  beginFence,
  confirmedJobs,
  dueJobs,
  type FenceRunner,
  type FenceStepResult,
  fenceWakeAt,
  giveUp,
  goOn,
  idleFenceRunner,
  onFenceOutcome,
  switchOnAgain,
} from "./fence-runner.ts";
import { unseenNode } from "./node-record.ts";

const target = parseNodeId("n1");

function step(device: string, plug?: string): FenceStep {
  return plug === undefined ? { device: parseDeviceId(device) } : { device: parseDeviceId(device), plug };
}

const start = instantMs(0);

function config(fence: readonly (readonly FenceStep[])[], action: FenceDeviceConfig["action"] = "off"): ClusterConfig {
  const spans = { keepaliveMs: 1, warntimeMs: 1, deadtimeMs: 1, initdeadMs: 1, daemonGraceMs: 1 };
  const heartbeat = { ...spans, port: 1 } as unknown as ClusterConfig["heartbeat"];
  const devices = ["pdu1", "pdu2", "ipmi"].map((name) => ({
    id: parseDeviceId(name),
    agent: `fence_${name}`,
    parameters: { ip: name },
    timeoutMs: durationMs(1000),
    ...(action === undefined ? {} : { action }),
  }));
  const nodes = [{ id: target, addresses: [], fence }];
  return {
    cluster: "c",
    heartbeat,
    nodes,
    quorum: { kind: "majority" },
    fencing: { kind: "devices", devices },
    services: [],
  };
}

/** One level of a step for each device, with its action. */
function withActions(actions: Readonly<Record<string, FenceDeviceConfig["action"]>>): ClusterConfig {
  const whole = config([Object.keys(actions).map((device) => step(device))]);
  if (whole.fencing.kind !== "devices") throw new Error("it has devices");
  const devices = whole.fencing.devices.map((device) => {
    const { action: _, ...plain } = device;
    const action = actions[device.id];
    return action === undefined ? plain : { ...plain, action };
  });
  return { ...whole, fencing: { kind: "devices", devices } };
}

/** Answers every call from the table and tells what was called and what came of it. */
function play(using: ClusterConfig, works: Readonly<Record<string, boolean>>): readonly string[] {
  const said: string[] = [];
  const queue: number[] = [];
  const agents = new Map<number, string>();
  let runner: FenceRunner = idleFenceRunner;
  const take = (result: FenceStepResult): void => {
    runner = result.runner;
    for (const effect of result.effects) {
      if (effect.kind !== "fence") continue;
      said.push(
        `${effect.call.action} ${effect.call.agent}${effect.call.plug === undefined ? "" : ` ${effect.call.plug}`}`,
      );
      agents.set(effect.call.id, effect.call.agent);
      queue.push(effect.call.id);
    }
    for (const verdict of result.verdicts)
      said.push(`${verdict.confirmed ? "confirmed" : "failed"}: ${verdict.reason}`);
  };
  const goOnWithAll = (): void => {
    for (const job of dueJobs(runner, start)) take(goOn(runner, job));
  };
  take(beginFence(runner, using, { target, attempt: 1, isArbiter: false }, start));
  goOnWithAll();
  for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
    const confirmed = works[agents.get(call) ?? ""] ?? false;
    take(
      onFenceOutcome(
        runner,
        call,
        { confirmed, reason: confirmed ? "" : "no answer", output: "", durationMs: 1 },
        start,
      ),
    );
    goOnWithAll();
    for (const job of confirmedJobs(runner)) take(switchOnAgain(runner, job));
  }
  expect(runner.jobs).toEqual([]);
  return said;
}

/** An attempt whose first device was asked. */
function begun(using: ClusterConfig): FenceStepResult {
  const { runner } = beginFence(idleFenceRunner, using, { target, attempt: 1, isArbiter: false }, start);
  const [due] = dueJobs(runner, start);
  if (due === undefined) throw new Error("its first step is due");
  return goOn(runner, due);
}

describe("fencing a node by its devices", () => {
  it("[FEN-2] takes all steps of a level, one after another", () => {
    const both = config([[step("pdu1", "1"), step("pdu2", "2")]]);
    expect(play(both, { fence_pdu1: true, fence_pdu2: true })).toEqual([
      "off fence_pdu1 1",
      "off fence_pdu2 2",
      "confirmed: confirmed off by pdu1 and pdu2",
    ]);
  });

  it("[FEN-2] never counts half a level, and goes on to the next level from its first step", () => {
    const levels = config([[step("pdu1"), step("pdu2")], [step("ipmi")]]);
    expect(play(levels, { fence_pdu1: true, fence_ipmi: true })).toEqual([
      "off fence_pdu1",
      "off fence_pdu2",
      "off fence_ipmi",
      "confirmed: confirmed off by ipmi",
    ]);
  });

  it("[FEN-2] has failed when every level has, and says why", () => {
    const levels = config([[step("pdu1")], [], [step("ipmi")]]);
    expect(play(levels, {})).toEqual(["off fence_pdu1", "off fence_ipmi", "failed: pdu1: no answer; ipmi: no answer"]);
    expect(play(config([]), {})).toEqual(["failed: no fence device is configured for it"]);
  });

  it("[FEN-25] goes on from a level that only cut it off, and has failed when nothing follows", () => {
    const cutting = (...levels: readonly (readonly FenceStep[])[]): ClusterConfig => {
      const whole = config(levels);
      if (whole.fencing.kind !== "devices") throw new Error("it has devices");
      const devices = whole.fencing.devices.map((device) =>
        device.id === "ipmi" ? device : { ...device, unfence: true as const },
      );
      return { ...whole, fencing: { kind: "devices", devices } };
    };
    const works = { fence_pdu1: true, fence_pdu2: true, fence_ipmi: true };
    expect(play(cutting([step("pdu1"), step("pdu2")]), works).at(-1)).toBe(
      "failed: pdu1 and pdu2: cut it off, and it runs on",
    );
    expect(play(cutting([step("pdu1")], [step("ipmi")]), works).at(-1)).toBe("confirmed: confirmed off by ipmi");
    expect(play(cutting([step("pdu1"), step("ipmi")]), works).at(-1)).toBe("confirmed: confirmed off by pdu1 and ipmi");
  });

  it("[FEN-10] switches it on again after it was confirmed, whatever comes of that", () => {
    const on = withActions({ pdu1: undefined });
    expect(play(on, { fence_pdu1: true })).toEqual([
      "off fence_pdu1",
      "confirmed: confirmed off by pdu1",
      "on fence_pdu1",
    ]);
  });

  it("[FEN-10] leaves off what is to stay off, and switches on by the other devices of the level", () => {
    const mixed = withActions({ pdu1: undefined, pdu2: "off", ipmi: undefined });
    expect(play(mixed, { fence_pdu1: true, fence_pdu2: true, fence_ipmi: true })).toEqual([
      "off fence_pdu1",
      "off fence_pdu2",
      "off fence_ipmi",
      "confirmed: confirmed off by pdu1 and pdu2 and ipmi",
      "on fence_pdu1",
      "on fence_ipmi",
    ]);
  });

  it("[FEN-10] reboots by one call", () => {
    expect(play(withActions({ ipmi: "reboot" }), { fence_ipmi: true })).toEqual([
      "reboot fence_ipmi",
      "confirmed: confirmed off by ipmi",
    ]);
    expect(play(withActions({ ipmi: "reboot" }), {})).toEqual(["reboot fence_ipmi", "failed: ipmi: no answer"]);
  });

  it("[FEN-2] waits before a step that has a delay, and only there", () => {
    const slow: FenceStep = { ...step("pdu2"), delayMs: durationMs(5_000) };
    const first = begun(config([[step("pdu1"), slow]]));
    expect(fenceWakeAt(first.runner, start)).toBe(never);
    const ok = { confirmed: true, reason: "", output: "", durationMs: 1 };
    const waiting = onFenceOutcome(first.runner, 1, ok, instantMs(100));
    expect([waiting.effects, waiting.verdicts, fenceWakeAt(waiting.runner, instantMs(100))]).toEqual([[], [], 5_100]);
    // The answer of the first device, once more, is no answer of the second.
    expect(onFenceOutcome(waiting.runner, 1, ok, instantMs(200)).verdicts).toEqual([]);
    expect(dueJobs(waiting.runner, instantMs(5_099))).toEqual([]);
    const [due] = dueJobs(waiting.runner, instantMs(5_100));
    if (due === undefined) throw new Error("its delay is over");
    const called = goOn(waiting.runner, due);
    expect(called.effects).toMatchObject([{ kind: "fence", call: { agent: "fence_pdu2", action: "off" } }]);
    const done = onFenceOutcome(called.runner, 2, ok, instantMs(5_200));
    expect([done.runner.jobs, done.verdicts]).toMatchObject([[], [{ confirmed: true }]]);
    expect(giveUp(waiting.runner, due, "why")).toMatchObject({
      runner: { jobs: [] },
      verdicts: [{ confirmed: false, reason: "why; pdu1: done, and left so" }],
    });
  });

  it("[FEN-2] asks no other device by itself, and says what is left half done by an attempt that is given up", () => {
    const answered = (using: ClusterConfig, confirmed: boolean): FenceStepResult => {
      const { runner } = begun(using);
      const outcome = { confirmed, reason: "no answer", output: "", durationMs: 1 };
      const waiting = onFenceOutcome(runner, 1, outcome, start);
      expect([waiting.effects, waiting.verdicts]).toEqual([[], []]);
      const [due] = dueJobs(waiting.runner, start);
      if (due === undefined) throw new Error("its next step is due");
      return giveUp(waiting.runner, due, "no longer wanted");
    };
    const [levels, steps] = [config([[step("pdu1")], [], [step("ipmi")]]), config([[step("pdu1"), step("pdu2")]])];
    const reasons = [answered(levels, false), answered(steps, true)].map(({ verdicts }) => verdicts[0]?.reason);
    expect(reasons).toEqual(["pdu1: no answer; no longer wanted", "no longer wanted; pdu1: done, and left so"]);
  });

  it("[FEN-3] ignores the answer to a call it did not make", () => {
    const { runner } = begun(config([[step("pdu1")]]));
    const late = onFenceOutcome(runner, 99, { confirmed: true, reason: "", output: "", durationMs: 1 }, start);
    expect(late).toEqual({ runner, effects: [], verdicts: [] });
  });
});

describe("who fences, and when again", () => {
  it("[FEN-3] the members but the target take turns", () => {
    const nodes = ["n1", "n2", "n3"].map((name) => ({ ...unseenNode(parseNodeId(name), wallMs(0)), isMember: true }));
    expect([1, 2, 3, 4].map((attempt) => fencePerformer(nodes, target, attempt))).toEqual(["n2", "n3", "n2", "n3"]);
    expect(fencePerformer(nodes.slice(0, 1), target, 1)).toBe(null);
  });

  it("[FEN-3] waits 1 s doubling to 60 s", () => {
    expect([0, 1, 2, 3, 7, 100].map(fenceBackOffMs)).toEqual([0, 1000, 2000, 4000, 60_000, 60_000]);
  });
});
