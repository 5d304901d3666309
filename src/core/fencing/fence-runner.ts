import type { ClusterConfig, FenceDeviceConfig, FenceStep, NodeConfig } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { FenceAction, FenceCall, FenceOutcome } from "../../model/operation.ts";
import { leavesRunning } from "./unfence.ts";
import { after, earliest, type InstantMs, never } from "../../model/units.ts";

/**
 * Carries out fences on this node: device after device of a level, level after level.
 *
 * All steps of a level must confirm, one after another (two power supplies: the node is off only when both are). When a step
 * fails, the level has failed and the next one begins from its first step: a half-done level never counts. After a confirmed
 * fence the same devices switch the node on again when they are told to, so that it can come back; whether that works is nobody's
 * condition. A device whose action is `off` leaves it off; one that reboots has done both in one. A step may wait before it begins,
 * and keeps nobody but its own job waiting.
 */
export interface FenceRunner {
  readonly jobs: readonly FenceJob[];
  readonly nextCall: number;
}

/** One attempt on one node. `attempt` with `isArbiter`: the group's count, else that of the entries. */
export interface FenceTask {
  readonly target: NodeId;
  readonly attempt: number;
  readonly isArbiter: boolean;
}

/** An attempt under way. */
export interface FenceJob extends FenceTask {
  readonly levels: readonly (readonly FenceStep[])[];
  readonly devices: readonly FenceDeviceConfig[];
  readonly level: number;
  readonly step: number;
  /** confirmed: it is off, and waits to be switched on again. */
  readonly phase: "off" | "confirmed" | "on";
  /** The outstanding call; 0 while it waits. */
  readonly call: number;
  /** When the delay of its step is over; null: it does not wait. */
  readonly waitsUntil: InstantMs | null;
  readonly problems: readonly string[];
}

/** What came of an attempt. */
export interface FenceVerdict extends FenceTask {
  readonly confirmed: boolean;
  readonly devices: readonly DeviceId[];
  readonly reason: string;
}

/** One step of the runner. */
export interface FenceStepResult {
  readonly runner: FenceRunner;
  readonly effects: readonly Effect[];
  readonly verdicts: readonly FenceVerdict[];
  /** Nodes that were switched on again, for all that the devices did. */
  readonly switchedOn?: readonly NodeId[];
}

/** A number for a call that is no job's. */
export function takeCall(runner: FenceRunner): { readonly runner: FenceRunner; readonly call: number } {
  return { runner: { ...runner, nextCall: runner.nextCall + 1 }, call: runner.nextCall };
}

/** Nothing under way. */
export const idleFenceRunner: FenceRunner = { jobs: [], nextCall: 1 };

/**
 * Begins an attempt: its first step is due. One that this runner has under way already goes on undisturbed.
 *
 * @param disbelieved devices whose word counts for nothing: levels with them are used only when there is no other
 */
export function beginFence(
  runner: FenceRunner,
  config: ClusterConfig,
  what: FenceTask,
  now: InstantMs,
  disbelieved: readonly DeviceId[] = [],
): FenceStepResult {
  if (runner.jobs.some((job) => isSame(job, what))) return { runner, effects: [], verdicts: [] };
  const node = config.nodes.find((candidate) => candidate.id === what.target);
  if (!canFence(config, node) || config.fencing.kind !== "devices" || node === undefined) {
    const verdict = { ...what, confirmed: false, devices: [], reason: "no fence device is configured for it" };
    return { runner, effects: [], verdicts: [verdict] };
  }
  const believed = node.fence.filter((level) => !level.some(({ device }) => disbelieved.includes(device)));
  const job: FenceJob = {
    ...what,
    levels: believed.some((level) => level.length > 0) ? believed : node.fence,
    devices: config.fencing.devices,
    level: 0,
    step: 0,
    phase: "off",
    call: 0,
    waitsUntil: null,
    problems: [],
  };
  return awaitStep(runner, job, now);
}

/** Attempts whose present step is due: it had no delay, or that is over. Whether it is wanted by now is for others to know. */
export function dueJobs(runner: FenceRunner, now: InstantMs): readonly FenceJob[] {
  return runner.jobs.filter(({ waitsUntil }) => waitsUntil !== null && now >= waitsUntil);
}

/**
 * Begins the step that was due.
 *
 * @param notAfter its device is not asked at or after this instant; default: whenever
 */
export function goOn(runner: FenceRunner, job: FenceJob, notAfter?: InstantMs): FenceStepResult {
  return callDevice(runner, { ...job, waitsUntil: null }, notAfter);
}

/**
 * Ends an attempt before its step has begun. Of two power supplies, the first stays off: to switch it on could come after the next attempt has switched it
 * off, and whoever reads the result knows.
 */
export function giveUp(runner: FenceRunner, job: FenceJob, reason: string): FenceStepResult {
  const done = (job.levels[job.level] ?? []).slice(0, job.step).map(({ device }) => device);
  const left = done.length === 0 ? [] : [`${done.join(" and ")}: done, and left so`];
  return failed(runner, { ...job, problems: [...job.problems, reason, ...left] });
}

/** When the next delay will be over; `never`: none will. */
export function fenceWakeAt(runner: FenceRunner, now: InstantMs): InstantMs {
  const later = runner.jobs.filter(({ waitsUntil }) => waitsUntil !== null && waitsUntil > now);
  return later.reduce((at, { waitsUntil }) => earliest(at, waitsUntil ?? never), never);
}

/** True when some device is configured that can fence the node. */
export function canFence(config: ClusterConfig, node: NodeConfig | undefined): boolean {
  return config.fencing.kind === "devices" && node !== undefined && node.fence.some((level) => level.length > 0);
}

/** A device has answered. Another one is not asked here: its step is due, for who knows whether it is still wanted. An unknown call is ignored. */
export function onFenceOutcome(
  runner: FenceRunner,
  call: number,
  outcome: FenceOutcome,
  now: InstantMs,
): FenceStepResult {
  const job = runner.jobs.find((candidate) => candidate.call === call && candidate.waitsUntil === null);
  if (job === undefined) return { runner, effects: [], verdicts: [] };
  if (job.phase === "on") return switchOn(runner, { ...job, step: job.step + 1 });
  const level = job.levels[job.level] ?? [];
  if (!outcome.confirmed) {
    const problem = `${level[job.step]?.device ?? "device"}: ${outcome.reason}`;
    return awaitStep(runner, atNextLevel(job, problem), now);
  }
  if (job.step + 1 < level.length) return awaitStep(runner, { ...job, step: job.step + 1 }, now);
  if (!level.some((step) => !isCut(job, step))) return awaitStep(runner, onlyCutOff(job, level), now);
  return onLevelConfirmed(runner, job, level);
}

/** [FEN-25] It keeps its addresses, and whatever needs no disk: what follows in its levels has to end it. */
function onlyCutOff(job: FenceJob, level: readonly FenceStep[]): FenceJob {
  const problem = `${level.map(({ device }) => device).join(" and ")}: cut it off, and it runs on`;
  return atNextLevel(job, problem);
}

function atNextLevel(job: FenceJob, problem: string): FenceJob {
  return { ...job, level: job.level + 1, step: 0, problems: [...job.problems, problem] };
}

function isCut(job: FenceJob, step: FenceStep): boolean {
  const device = deviceOf(job, step);
  return device !== undefined && leavesRunning(device);
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
  const isToBeOn = level.some((step) => isOffOn(deviceOf(job, step)));
  const next = isToBeOn ? withJob(runner, { ...job, phase: "confirmed", call: 0, step: 0 }) : without(runner, job);
  return { runner: next, effects: [], verdicts: [verdict] };
}

/** Attempts that are confirmed, and wait to be told whether to switch on again. */
export function confirmedJobs(runner: FenceRunner): readonly FenceJob[] {
  return runner.jobs.filter(({ phase }) => phase === "confirmed");
}

/** Switches on again what was switched off. */
export function switchOnAgain(runner: FenceRunner, job: FenceJob): FenceStepResult {
  return switchOn(runner, { ...job, phase: "on", step: 0 });
}

/** [FEN-10] The same for who has switched it off and is gone: by the level of these devices, where there still is one. */
export function switchOnFor(
  runner: FenceRunner,
  config: ClusterConfig,
  what: FenceTask,
  by: readonly DeviceId[],
): FenceStepResult {
  const levels = config.nodes.find(({ id }) => id === what.target)?.fence ?? [];
  const level = levels.findIndex((steps) => steps.map(({ device }) => device).join() === by.join());
  const devices = config.fencing.kind === "devices" ? config.fencing.devices : [];
  const job = { ...what, levels, devices, level, step: 0, call: 0, waitsUntil: null, problems: [] };
  return switchOn(runner, { ...job, phase: "on" });
}

/** [FEN-10] Whether a device that has switched a node off is to switch it on again. */
export function isToSwitchOn(config: ClusterConfig, device: DeviceId): boolean {
  if (config.fencing.kind !== "devices") return false;
  return config.fencing.devices.some((candidate) => candidate.id === device && isOffOn(candidate));
}

/** One that is to leave the node off, or has rebooted it, says so. */
function isOffOn(device: FenceDeviceConfig | undefined): boolean {
  return device?.action === undefined;
}

/** Leaves it as it is. */
export function forget(runner: FenceRunner, job: FenceJob): FenceRunner {
  return without(runner, job);
}

/** The next step of the confirmed level whose device has switched off what it is to switch on again; the job's end after the last. */
function switchOn(runner: FenceRunner, job: FenceJob): FenceStepResult {
  const level = job.levels[job.level] ?? [];
  const step = level.findIndex((each, index) => index >= job.step && isOffOn(deviceOf(job, each)));
  if (step < 0) return { runner: without(runner, job), effects: [], verdicts: [], switchedOn: [job.target] };
  return callDevice(runner, { ...job, step });
}

/** The job's present step is due after its delay; the job ends when its levels are used up. Empty levels are no levels. */
function awaitStep(runner: FenceRunner, started: FenceJob, now: InstantMs): FenceStepResult {
  let level = started.level;
  while (level < started.levels.length && (started.levels[level]?.length ?? 0) === 0) level += 1;
  const job = { ...started, level };
  const step = job.levels[job.level]?.[job.step];
  if (step === undefined) return failed(runner, job);
  if (deviceOf(job, step) === undefined) {
    return awaitStep(runner, atNextLevel(job, `${step.device}: no such device`), now);
  }
  const waiting = { ...job, call: 0, waitsUntil: after(now, step.delayMs ?? 0) };
  return { runner: withJob(runner, waiting), effects: [], verdicts: [] };
}

function callDevice(runner: FenceRunner, job: FenceJob, notAfter?: InstantMs): FenceStepResult {
  const step = job.levels[job.level]?.[job.step];
  const device = step === undefined ? undefined : deviceOf(job, step);
  if (step === undefined || device === undefined) return { runner: without(runner, job), effects: [], verdicts: [] };
  const off = device.action === "reboot" ? "reboot" : "off";
  const action = job.phase === "on" ? "on" : off;
  const call = fenceCall(runner.nextCall, device, step, action);
  const next = withJob(runner, { ...job, call: call.id });
  const effect = { kind: "fence" as const, call, ...(notAfter === undefined ? {} : { notAfter }) };
  return { runner: { ...next, nextCall: runner.nextCall + 1 }, effects: [effect], verdicts: [] };
}

function deviceOf(job: Pick<FenceJob, "devices">, step: FenceStep): FenceDeviceConfig | undefined {
  return job.devices.find((candidate) => candidate.id === step.device);
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

function withJob(runner: FenceRunner, job: FenceJob): FenceRunner {
  return { ...runner, jobs: [...without(runner, job).jobs, job] };
}

function without(runner: FenceRunner, job: FenceTask): FenceRunner {
  return { ...runner, jobs: runner.jobs.filter((other) => !isSame(other, job)) };
}

function isSame(job: FenceTask, what: FenceTask): boolean {
  return job.target === what.target && job.attempt === what.attempt && job.isArbiter === what.isArbiter;
}
