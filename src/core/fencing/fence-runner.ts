import type { ClusterConfig, FenceDeviceConfig, FenceStep, NodeConfig } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { FenceAction, FenceCall, FenceOutcome } from "../../model/operation.ts";

/**
 * Carries out fences on this node: device after device of a level, level after level.
 *
 * All steps of a level must confirm, one after another (two power supplies: the node is off only when both are). When a step
 * fails, the level has failed and the next one begins from its first step: a half-done level never counts. After a confirmed
 * fence the same devices switch the node on again, so that it can come back; whether that works is nobody's condition.
 */
export interface FenceRunner {
  readonly jobs: readonly FenceJob[];
  readonly nextCall: number;
}

/** One attempt on one node. `attempt` with `isArbiter`: the group's count, else that of the entries. */
export interface FenceJob {
  readonly target: NodeId;
  readonly attempt: number;
  readonly isArbiter: boolean;
  readonly levels: readonly (readonly FenceStep[])[];
  readonly devices: readonly FenceDeviceConfig[];
  readonly powerOn: boolean;
  readonly level: number;
  readonly step: number;
  readonly phase: "off" | "on";
  /** The outstanding call. */
  readonly call: number;
  readonly problems: readonly string[];
}

/** What came of an attempt. */
export interface FenceVerdict {
  readonly target: NodeId;
  readonly attempt: number;
  readonly isArbiter: boolean;
  readonly confirmed: boolean;
  readonly devices: readonly DeviceId[];
  readonly reason: string;
}

/** One step of the runner. */
export interface FenceStepResult {
  readonly runner: FenceRunner;
  readonly effects: readonly Effect[];
  readonly verdicts: readonly FenceVerdict[];
}

/** Nothing under way. */
export const idleFenceRunner: FenceRunner = { jobs: [], nextCall: 1 };

/** Begins an attempt; one that this runner has under way already goes on undisturbed. */
export function beginFence(
  runner: FenceRunner,
  config: ClusterConfig,
  what: { readonly target: NodeId; readonly attempt: number; readonly isArbiter: boolean },
): FenceStepResult {
  if (runner.jobs.some((job) => isSame(job, what))) return { runner, effects: [], verdicts: [] };
  const node = config.nodes.find((candidate) => candidate.id === what.target);
  if (!canFence(config, node) || config.fencing.kind !== "devices" || node === undefined) {
    const verdict = { ...what, confirmed: false, devices: [], reason: "no fence device is configured for it" };
    return { runner, effects: [], verdicts: [verdict] };
  }
  const job: FenceJob = {
    ...what,
    levels: node.fence,
    devices: config.fencing.devices,
    powerOn: config.fencing.powerOn ?? true,
    level: 0,
    step: 0,
    phase: "off",
    call: 0,
    problems: [],
  };
  return callStep(runner, job);
}

/** True when some device is configured that can fence the node. */
export function canFence(config: ClusterConfig, node: NodeConfig | undefined): boolean {
  return config.fencing.kind === "devices" && node !== undefined && node.fence.some((level) => level.length > 0);
}

/** A device has answered. An unknown call is ignored. */
export function onFenceOutcome(runner: FenceRunner, call: number, outcome: FenceOutcome): FenceStepResult {
  const job = runner.jobs.find((candidate) => candidate.call === call);
  if (job === undefined) return { runner, effects: [], verdicts: [] };
  if (job.phase === "on") return onPowerOn(runner, job);
  const level = job.levels[job.level] ?? [];
  if (!outcome.confirmed) {
    const problem = `${level[job.step]?.device ?? "device"}: ${outcome.reason}`;
    return callStep(runner, { ...job, level: job.level + 1, step: 0, problems: [...job.problems, problem] });
  }
  if (job.step + 1 < level.length) return callStep(runner, { ...job, step: job.step + 1 });
  return onLevelConfirmed(runner, job, level);
}

function onLevelConfirmed(runner: FenceRunner, job: FenceJob, level: readonly FenceStep[]): FenceStepResult {
  const devices = level.map((step) => step.device);
  const verdict: FenceVerdict = {
    target: job.target,
    attempt: job.attempt,
    isArbiter: job.isArbiter,
    confirmed: true,
    devices,
    reason: `confirmed off by ${devices.join(" and ")}`,
  };
  if (!job.powerOn) return { runner: without(runner, job), effects: [], verdicts: [verdict] };
  const next = callStep(runner, { ...job, phase: "on", step: 0 });
  return { ...next, verdicts: [verdict] };
}

function onPowerOn(runner: FenceRunner, job: FenceJob): FenceStepResult {
  const level = job.levels[job.level] ?? [];
  if (job.step + 1 < level.length) return callStep(runner, { ...job, step: job.step + 1 });
  return { runner: without(runner, job), effects: [], verdicts: [] };
}

/** Calls the job's present step, or ends the job when its levels are used up. Empty levels are no levels. */
function callStep(runner: FenceRunner, started: FenceJob): FenceStepResult {
  let level = started.level;
  while (level < started.levels.length && (started.levels[level]?.length ?? 0) === 0) level += 1;
  const job = { ...started, level };
  const step = job.levels[job.level]?.[job.step];
  if (step === undefined) return failed(runner, job);
  const device = job.devices.find((candidate) => candidate.id === step.device);
  if (device === undefined) {
    const problems = [...job.problems, `${step.device}: no such device`];
    return callStep(runner, { ...job, level: job.level + 1, step: 0, problems });
  }
  const call = fenceCall(runner.nextCall, device, step, job.phase);
  const jobs = [...without(runner, job).jobs, { ...job, call: call.id }];
  return { runner: { jobs, nextCall: runner.nextCall + 1 }, effects: [{ kind: "fence", call }], verdicts: [] };
}

function failed(runner: FenceRunner, job: FenceJob): FenceStepResult {
  const verdict: FenceVerdict = {
    target: job.target,
    attempt: job.attempt,
    isArbiter: job.isArbiter,
    confirmed: false,
    devices: [],
    reason: job.problems.join("; "),
  };
  return { runner: without(runner, job), effects: [], verdicts: [verdict] };
}

function fenceCall(id: number, device: FenceDeviceConfig, step: FenceStep, action: FenceAction): FenceCall {
  const call = { id, agent: device.agent, parameters: device.parameters, action, timeoutMs: device.timeoutMs };
  return step.plug === undefined ? call : { ...call, plug: step.plug };
}

function without(runner: FenceRunner, job: FenceJob): FenceRunner {
  return { ...runner, jobs: runner.jobs.filter((other) => !isSame(other, job)) };
}

function isSame(
  job: FenceJob,
  what: { readonly target: NodeId; readonly attempt: number; readonly isArbiter: boolean },
) {
  return job.target === what.target && job.attempt === what.attempt && job.isArbiter === what.isArbiter;
}
