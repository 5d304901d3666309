import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import type { ServiceResult } from "../../model/entry.ts";
import type { ServiceId } from "../../model/ids.ts";
import type { Moment } from "../../model/input.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import { after, durationMs, earliest, type InstantMs, never } from "../../model/units.ts";
import type { Order } from "./plan.ts";
import { isKept, type RunnerState } from "./runner-state.ts";
import { isProbeHeld } from "./probe-hold.ts";
import {
  isActive,
  isKnown,
  neverFailed,
  newRuntime,
  redefine,
  type ResourceRuntime,
  type Runtime,
  type Task,
  unprobed,
} from "./runtime.ts";

/** What the runner is allowed at this instant. */
export interface RunnerMandate {
  /** Starts are allowed, and until when. */
  readonly mayStart: boolean;
  readonly leaseUntil: InstantMs;
  /** To be stopped, unasked. lease: the lease has run out, so all but what freezes; all: the daemon ends as well. */
  readonly mustStop: "nothing" | "lease" | "all";
}

/** An order carried out, or a failure found. */
export interface RunnerReport {
  readonly service: ServiceId;
  readonly attempt: number;
  readonly result: ServiceResult;
}

/** An operation of this node that failed, for the events of this node. */
export interface RunnerFailure {
  readonly service: ServiceId;
  readonly text: string;
}

/** One step of the runner. */
export interface RunnerStep {
  readonly state: RunnerState;
  readonly effects: readonly Effect[];
  readonly reports: readonly RunnerReport[];
  readonly failures: readonly RunnerFailure[];
  readonly wakeAt: InstantMs;
}

/** The executor ends an operation at its time-out; when it is silent for this much longer, it is not waited for any more. */
const overdueMs = 10_000;

/** A failed unasked stop is tried again after this. */
const stopAgainMs = 1_000;

/**
 * Brings every service a step further.
 *
 * Carries out this node's orders, one agent operation after another, and watches what runs.
 *
 * - Start walks down the resources, stop walks up; a step begins when the one before has ended well (SAFE-6).
 * - A failed start is cleaned up (stopped, walking up) before it is reported, so that the report means: nothing of it runs here.
 * - A failed ordered stop ends there and is reported: the node must be fenced before anything else is done.
 * - Without a lease everything is stopped without an order. Nobody can be asked to fence then, so a failed stop is tried again and
 *   again, until it works or there is a group again to be told. A service that freezes is left as it is, running or in parts.
 * - Two operations on one resource never overlap: a monitor in the way is cancelled, and its end is waited for.
 *
 * @param definitions every service there is, to be probed when it was not yet
 * @param orders this node's orders, at most one per service, each of a service in `definitions`
 */
export function advanceRunner(
  state: RunnerState,
  definitions: readonly ServiceConfig[],
  orders: readonly Order[],
  mandate: RunnerMandate,
  moment: Moment,
): RunnerStep {
  const work = beginWork(state, mandate, moment);
  const ordered = new Map(orders.map((order) => [order.service, order]));
  for (const runtime of Object.values(work.runtimes)) endOverdue(work, runtime);
  const defined = new Map(definitions.map((definition) => [definition.id, definition]));
  for (const definition of definitions) work.runtimes[definition.id] ??= newRuntime(definition);
  for (const service of (Object.keys(work.runtimes) as ServiceId[]).toSorted()) {
    const runtime = work.runtimes[service];
    const definition = defined.get(service);
    // What is in no configuration any more is nobody's business here: it is forgotten, not stopped.
    if (definition === undefined && runtime?.task === null) delete work.runtimes[service];
    else if (runtime !== undefined && isProbeHeld(runtime, work.runtimes, ordered))
      work.runtimes[service] = unprobed(runtime, definition);
    else if (runtime !== undefined) advance(work, runtime, definition, ordered.get(service));
  }
  return endWork(work);
}

/** An operation has ended. Unknown ids are ignored. The caller advances the runner afterwards. */
export function onOperationOutcome(
  state: RunnerState,
  operation: number,
  outcome: OperationOutcome,
  mandate: RunnerMandate,
  moment: Moment,
): RunnerStep {
  const work = beginWork(state, mandate, moment);
  for (const runtime of Object.values(state.runtimes)) {
    const position = runtime.resources.findIndex((resource) => resource.operation?.id === operation);
    if (position >= 0) onOutcome(work, runtime, position, outcome);
  }
  return endWork(work);
}

function endOverdue(work: Work, runtime: Runtime): void {
  for (const [position, { operation }] of runtime.resources.entries()) {
    if (operation === null) continue;
    work.wakeAt = earliest(work.wakeAt, operation.overdueAt);
    if (work.moment.now < operation.overdueAt) continue;
    const reason = "no result came, not even of its time-out";
    const outcome: OperationOutcome = { status: "timed-out", severity: "soft", reason, output: "", durationMs: 0 };
    onOutcome(work, work.runtimes[runtime.service] ?? runtime, position, outcome);
  }
}

interface Work {
  readonly runtimes: Record<ServiceId, Runtime>;
  readonly mandate: RunnerMandate;
  readonly moment: Moment;
  readonly effects: Effect[];
  readonly reports: RunnerReport[];
  readonly failures: RunnerFailure[];
  nextOperation: number;
  wakeAt: InstantMs;
}

function beginWork(state: RunnerState, mandate: RunnerMandate, moment: Moment): Work {
  return {
    runtimes: { ...state.runtimes },
    mandate,
    moment,
    effects: [],
    reports: [],
    failures: [],
    nextOperation: state.nextOperation,
    wakeAt: never,
  };
}

function endWork(work: Work): RunnerStep {
  const { runtimes, nextOperation, effects, reports, failures, wakeAt } = work;
  return { state: { runtimes, nextOperation }, effects, reports, failures, wakeAt };
}

function advance(work: Work, before: Runtime, definition: ServiceConfig | undefined, order: Order | undefined): void {
  let runtime = before;
  const isDoing = order !== undefined && order.action !== "wait";
  if (runtime.task === null && isDoing) runtime = redefine(runtime, order.definition);
  else if (runtime.task === null && definition !== undefined && !isActive(runtime))
    runtime = redefine(runtime, definition);
  runtime = probe(work, runtime);
  runtime = adoptTask(work, runtime, order);
  runtime = runtime.task === null ? watch(work, runtime, order) : walk(work, runtime);
  work.runtimes[runtime.service] = runtime;
}

/** Asks every resource of which nothing is known whether it runs. */
function probe(work: Work, runtime: Runtime): Runtime {
  return withResources(runtime, (resource) =>
    resource.state === "unknown" && resource.operation === null ? begin(work, runtime, resource, "monitor") : resource,
  );
}

/** Decides which task the service should be in. */
function adoptTask(work: Work, runtime: Runtime, order: Order | undefined): Runtime {
  const { task } = runtime;
  if (order?.action === "stop" && order.attempt !== runtime.done) {
    if (task?.kind !== "stop") return beginStop(work, runtime, order.attempt);
    if (task.attempt === order.attempt) return runtime;
    return { ...runtime, task: { ...task, attempt: order.attempt, failure: null } };
  }
  if (work.mandate.mustStop !== "nothing") {
    if (work.mandate.mustStop === "lease" && isKept(runtime)) return runtime;
    if (task?.kind === "stop" || !(isActive(runtime) || task !== null)) return runtime;
    return beginStop(work, runtime, null);
  }
  if (order?.action === "start" && order.attempt !== runtime.done && task === null && !runtime.mustReport) {
    if (!work.mandate.mayStart || !isKnown(runtime)) return runtime;
    const started: Task = { kind: "start", attempt: order.attempt, position: 0, beganAt: work.moment.now };
    return { ...runtime, task: started, ranUntil: null };
  }
  if (order === undefined && task === null && isActive(runtime) && !runtime.mustReport)
    return { ...runtime, mustReport: true };
  return runtime;
}

function beginStop(work: Work, runtime: Runtime, attempt: number | null): Runtime {
  const position = runtime.resources.length - 1;
  const task: Task = {
    kind: "stop",
    attempt,
    position,
    beganAt: work.moment.now,
    notBefore: work.moment.now,
    failure: null,
  };
  return cancelAll(work, { ...runtime, task });
}

function cancelAll(work: Work, runtime: Runtime): Runtime {
  return withResources(runtime, (resource) => {
    const { operation } = resource;
    if (operation === null || operation.isCancelled) return resource;
    work.effects.push({ kind: "cancel", operation: operation.id });
    return { ...resource, operation: { ...operation, isCancelled: true } };
  });
}

/** Takes the task as far as it goes without waiting. */
function walk(work: Work, started: Runtime): Runtime {
  let runtime = started;
  for (;;) {
    const { task } = runtime;
    if (task === null) return runtime;
    const resource = runtime.resources[task.position];
    if (resource === undefined)
      return task.kind === "start" ? startEnded(work, runtime, task) : stopEnded(work, runtime, task);
    if (resource.operation !== null) return runtime;
    if (task.kind === "stop" && resource.state === "stopped") {
      runtime = { ...runtime, task: { ...task, position: task.position - 1 } };
      continue;
    }
    if (task.kind === "stop" && task.attempt === null && work.moment.now < task.notBefore) {
      if (work.mandate.mustStop === "nothing") return { ...runtime, task: null, mustReport: true };
      work.wakeAt = earliest(work.wakeAt, task.notBefore);
      return runtime;
    }
    return withResources(runtime, (other) => (other === resource ? begin(work, runtime, resource, task.kind) : other));
  }
}

function startEnded(work: Work, runtime: Runtime, task: Extract<Task, { kind: "start" }>): Runtime {
  const spent = work.moment.now - task.beganAt;
  work.reports.push({
    service: runtime.service,
    attempt: task.attempt,
    result: { kind: "started", durationMs: spent },
  });
  return { ...runtime, task: null, done: task.attempt };
}

function stopEnded(work: Work, runtime: Runtime, task: Extract<Task, { kind: "stop" }>): Runtime {
  if (task.attempt === null) return { ...runtime, task: null, mustReport: true, ranUntil: work.moment.now };
  const stopped: ServiceResult = { kind: "stopped", durationMs: work.moment.now - task.beganAt };
  work.reports.push({ service: runtime.service, attempt: task.attempt, result: task.failure ?? stopped });
  return { ...runtime, task: null, done: task.attempt, mustReport: false };
}

/** Monitors what should run: at intervals, and at once what is said to have ended. */
function watch(work: Work, runtime: Runtime, order: Order | undefined): Runtime {
  // [SVC-29] What failed before, or was ignored meanwhile, is found again afterwards.
  if (order?.isFrozen === true && runtime.failedUnder !== neverFailed) return { ...runtime, failedUnder: neverFailed };
  if (order?.action !== "keep" || runtime.failedUnder === order.attempt || runtime.mustReport) return runtime;
  return withResources({ ...runtime, keeping: order.attempt }, (resource) => {
    const interval = resource.config.monitorIntervalMs;
    if (interval === 0 || resource.operation !== null || resource.state === "stopped") return resource;
    const isDue = resource.monitorAt !== never && work.moment.now >= resource.monitorAt;
    if (isDue || resource.isSuspect) return begin(work, runtime, resource, "monitor");
    const monitorAt = resource.monitorAt === never ? after(work.moment.now, interval) : resource.monitorAt;
    work.wakeAt = earliest(work.wakeAt, monitorAt);
    return { ...resource, monitorAt };
  });
}

function begin(work: Work, runtime: Runtime, resource: ResourceRuntime, action: OperationAction): ResourceRuntime {
  const id = work.nextOperation;
  work.nextOperation += 1;
  const { config } = resource;
  const timeouts = { start: config.startTimeoutMs, stop: config.stopTimeoutMs, monitor: config.monitorTimeoutMs };
  const operation = {
    id,
    service: runtime.service,
    resource: config,
    action,
    timeoutMs: durationMs(timeouts[action]),
    notAfter: action === "start" ? work.mandate.leaseUntil : never,
  };
  work.effects.push({ kind: "run", operation });
  const overdueAt = after(work.moment.now, operation.timeoutMs + overdueMs);
  work.wakeAt = earliest(work.wakeAt, overdueAt);
  return { ...resource, isSuspect: false, operation: { id, action, isCancelled: false, overdueAt } };
}

function onOutcome(work: Work, runtime: Runtime, position: number, outcome: OperationOutcome): void {
  const resource = runtime.resources[position];
  const operation = resource?.operation;
  if (resource === undefined || operation === null || operation === undefined) return;
  const last = { action: operation.action, at: work.moment.wall, outcome };
  const ended = { ...resource, operation: null, last };
  if (operation.isCancelled && outcome.status !== "ok") {
    // A monitor that was cut off has learnt nothing; a start that was cut off may have started anything.
    const state = operation.action === "monitor" ? resource.state : "failed";
    put(work, runtime, position, { ...ended, state, last: resource.last });
    return;
  }
  if (operation.action === "start") onStarted(work, runtime, position, ended, outcome);
  else if (operation.action === "stop") onStopped(work, runtime, position, ended, outcome);
  else onMonitored(work, runtime, position, ended, outcome);
}

function onStarted(
  work: Work,
  before: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const { task } = before;
  if (outcome.status === "ok") {
    const runtime = put(work, before, position, { ...ended, state: "running", monitorAt: never, failures: 0 });
    if (task?.kind !== "start") return;
    work.runtimes[runtime.service] = { ...runtime, task: { ...task, position: position + 1 } };
    return;
  }
  const isUntouched = outcome.status === "refused" || outcome.cannotBegin === true;
  const state = isUntouched ? (before.resources[position]?.state ?? "failed") : "failed";
  const runtime = put(work, before, position, { ...ended, state });
  if (task?.kind !== "start") return;
  if (outcome.status === "refused") {
    work.runtimes[runtime.service] = beginStop(work, runtime, null);
    return;
  }
  const failure: ServiceResult = { kind: "failed", resource: ended.config.id, action: "start", outcome };
  const stop: Task = {
    kind: "stop",
    attempt: task.attempt,
    position,
    beganAt: work.moment.now,
    notBefore: work.moment.now,
    failure,
  };
  work.runtimes[runtime.service] = { ...runtime, task: stop };
  say(work, runtime, `start of ${ended.config.id}`, outcome);
}

function onStopped(
  work: Work,
  before: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const isStopped = outcome.status === "ok" || outcome.status === "not-running";
  const state = isStopped ? "stopped" : "failed";
  const runtime = put(work, before, position, { ...ended, state, monitorAt: never });
  const { task } = runtime;
  if (!isStopped) say(work, runtime, `stop of ${ended.config.id}`, outcome);
  if (task?.kind !== "stop") return;
  if (isStopped) {
    work.runtimes[runtime.service] = { ...runtime, task: { ...task, position: position - 1 } };
    return;
  }
  if (task.attempt === null) {
    work.runtimes[runtime.service] = { ...runtime, task: { ...task, notBefore: after(work.moment.now, stopAgainMs) } };
    return;
  }
  const result: ServiceResult = { kind: "failed", resource: ended.config.id, action: "stop", outcome };
  work.reports.push({ service: runtime.service, attempt: task.attempt, result });
  work.runtimes[runtime.service] = { ...runtime, task: null, done: task.attempt };
}

function onMonitored(
  work: Work,
  before: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const wasUnknown = before.resources[position]?.state === "unknown";
  const interval = ended.config.monitorIntervalMs;
  if (outcome.status === "ok") {
    // The one event for it: the next monitors say the same.
    if (outcome.isDegraded === true && before.resources[position]?.last?.outcome.isDegraded !== true)
      work.failures.push({ service: before.service, text: `${ended.config.id} is degraded: ${outcome.reason}` });
    const monitorAt = interval === 0 || wasUnknown ? never : after(work.moment.now, interval);
    put(work, before, position, { ...ended, state: "running", monitorAt, failures: 0, unable: null });
    return;
  }
  if (wasUnknown) {
    // Not installed means not running, and so does an agent that cannot be run; every other failure leaves the question open.
    const isAbsent = outcome.status === "not-running" && outcome.severity === "hard";
    const isStopped = outcome.status === "not-running" || outcome.cannotBegin === true;
    const state = isStopped ? "stopped" : "failed";
    put(work, before, position, { ...ended, state, unable: isAbsent ? outcome.reason : null });
    return;
  }
  const failures = ended.failures + 1;
  if (isBorne(ended, outcome, failures)) {
    // The resource counts as running, so the next monitor comes as if this one had ended well.
    put(work, before, position, { ...ended, failures, monitorAt: after(work.moment.now, interval) });
    say(work, before, `monitor ${failures} of ${ended.config.failuresToAct} of ${ended.config.id}`, outcome);
    return;
  }
  const runtime = put(work, before, position, { ...ended, state: "failed", failures: 0 });
  if (runtime.task !== null || runtime.mustReport || runtime.failedUnder === runtime.keeping) return;
  say(work, runtime, `monitor of ${ended.config.id}`, outcome);
  work.runtimes[runtime.service] = { ...runtime, failedUnder: runtime.keeping };
  const result: ServiceResult = { kind: "failed", resource: ended.config.id, action: "monitor", outcome };
  work.reports.push({ service: runtime.service, attempt: runtime.keeping, result });
}

/** [SVC-33] A check that fails now and then is no reason to act yet. That it does not run is. */
function isBorne(
  { config, state }: ResourceRuntime,
  { status, severity }: OperationOutcome,
  failures: number,
): boolean {
  const isDoubtful = (status === "failed" || status === "timed-out") && severity === "soft";
  return state === "running" && isDoubtful && failures < (config.failuresToAct ?? 1);
}

function say(work: Work, runtime: Runtime, what: string, outcome: OperationOutcome): void {
  const output = outcome.output.trim().split("\n").at(-1) ?? "";
  const said = output === "" || output === outcome.reason ? "" : ` (${output})`;
  work.failures.push({ service: runtime.service, text: `${what} ${outcome.status}: ${outcome.reason}${said}` });
}

function put(work: Work, runtime: Runtime, position: number, resource: ResourceRuntime): Runtime {
  const changed = { ...runtime, resources: runtime.resources.map((other, i) => (i === position ? resource : other)) };
  work.runtimes[runtime.service] = changed;
  return changed;
}

function withResources(runtime: Runtime, change: (resource: ResourceRuntime) => ResourceRuntime): Runtime {
  return { ...runtime, resources: runtime.resources.map(change) };
}
