import { subtreeOf, treeOf } from "../../model/resource-tree.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import { after, never } from "../../model/units.ts";
import { type Failed, judgeFailure, type Verdict, withRepair } from "./repairs.ts";
import type { ResourceRuntime, Runtime, Task } from "./runtime.ts";
import { onNotified } from "./runner-notices.ts";
import { beginStop, repairsOf, takeUp } from "./runner-walk.ts";
import { cancel, put, type RunnerWork, say, withResources } from "./runner-work.ts";

/** A failed unasked stop is tried again after this. */
const stopAgainMs = 1_000;

/** The operation of the resource there has ended: what is known of it, and what follows. */
export function onOutcome(work: RunnerWork, runtime: Runtime, position: number, outcome: OperationOutcome): void {
  const resource = runtime.resources[position];
  const operation = resource?.operation;
  if (resource === undefined || operation === null || operation === undefined) return;
  if (operation.action === "notify")
    return onNotified(work, runtime, position, { ...resource, operation: null }, outcome);
  const last = { id: operation.id, action: operation.action, at: work.moment.wall, outcome };
  const ended = { ...resource, operation: null, isUnattended: false, last };
  if (operation.isCancelled && outcome.status !== "ok") {
    // A monitor that was cut off has learnt nothing; a start that was cut off may have started anything.
    const state = operation.action === "monitor" ? resource.state : "failed";
    put(work, runtime, position, { ...resource, operation: null, state });
    return;
  }
  if (operation.action === "start") onStarted(work, runtime, position, ended, outcome);
  else if (operation.action === "stop") onStopped(work, runtime, position, ended, outcome);
  else onMonitored(work, runtime, position, ended, outcome);
}

function onStarted(
  work: RunnerWork,
  before: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const { task } = before;
  if (outcome.status === "ok") {
    const runtime = put(work, before, position, { ...ended, state: "running", monitorAt: never, failures: 0 });
    if (task?.kind !== "start") return;
    work.runtimes[runtime.service] = { ...runtime, task: { ...task, done: [...task.done, position] } };
    return;
  }
  const isUntouched = outcome.status === "refused" || outcome.cannotBegin === true;
  const state = isUntouched ? (before.resources[position]?.state ?? "failed") : "failed";
  const runtime = put(work, before, position, { ...ended, state });
  if (task?.kind === "stop") return;
  if (outcome.status === "refused") {
    if (task?.kind === "start") work.runtimes[runtime.service] = beginStop(work, runtime, null);
    return;
  }
  const failed = failedOf(ended, "start", outcome);
  const verdict = judge(work, runtime, position, failed);
  if (verdict !== null) repair(work, runtime, verdict, failed);
  else if (task?.kind === "start") cleanUp(work, runtime, task, failed);
  else reportFailure(work, runtime, position, failed);
}

/** [SVC-5] A start that failed is undone before it is reported. */
function cleanUp(
  work: RunnerWork,
  runtime: Runtime,
  { attempt }: Extract<Task, { kind: "start" }>,
  failed: Failed,
): void {
  const { now } = work.moment;
  const stop: Task = { kind: "stop", attempt, beganAt: now, notBefore: {}, failure: failed, stuck: null };
  work.runtimes[runtime.service] = takeUp(work, runtime, stop);
  say(work, runtime, `start of ${failed.resource}`, failed.outcome);
}

function onStopped(
  work: RunnerWork,
  before: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const isStopped = outcome.status === "ok" || outcome.status === "not-running";
  const state = isStopped ? "stopped" : "failed";
  const runtime = put(work, before, position, { ...ended, state, monitorAt: never });
  if (isStopped) return;
  say(work, runtime, `stop of ${ended.config.id}`, outcome);
  const { task } = runtime;
  const failed = failedOf(ended, "stop", outcome);
  if (task === null) {
    // [TREE-6] A part that cannot be stopped is as bad as the whole.
    work.runtimes[runtime.service] = tell(work, runtime, failed);
  } else if (task.kind === "start") {
    const { attempt, beganAt } = task;
    const stop: Task = { kind: "stop", attempt, beganAt, notBefore: {}, failure: null, stuck: failed };
    work.runtimes[runtime.service] = takeUp(work, runtime, stop);
  } else if (task.attempt === null) {
    const notBefore = { ...task.notBefore, [position]: after(work.moment.now, stopAgainMs) };
    work.runtimes[runtime.service] = { ...runtime, task: { ...task, notBefore } };
  } else work.runtimes[runtime.service] = { ...runtime, task: { ...task, stuck: failed } };
}

function onMonitored(
  work: RunnerWork,
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
  const failed = failedOf(ended, "monitor", outcome);
  const verdict = judge(work, runtime, position, failed);
  if (verdict !== null) repair(work, runtime, verdict, failed);
  else reportFailure(work, runtime, position, failed);
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

function failedOf({ config }: ResourceRuntime, action: OperationAction, outcome: OperationOutcome): Failed {
  return { kind: "failed", resource: config.id, action, outcome };
}

function judge(work: RunnerWork, runtime: Runtime, position: number, failed: Failed): Verdict | null {
  const { definition, subtrees, task } = runtime;
  const { resources, recovery } = definition;
  const tree = treeOf(resources);
  const tried = (tree.roots[position] ?? []).filter((root) => {
    const id = resources[root]?.id;
    return id !== undefined && subtrees[id]?.repair?.phase === "up";
  });
  const isInRepair = failed.action === "start" && tried.length > 0;
  const triedRoot = task?.kind === "start" ? "all" : isInRepair ? Math.min(...tried) : null;
  return judgeFailure({ resources, recovery, subtrees, position, failed, triedRoot, now: work.moment.now });
}

/** [TREE-3, TREE-4] A part is stopped, and started again, while the rest goes on. */
function repair(work: RunnerWork, before: Runtime, verdict: Verdict, failed: Failed): void {
  const { resources } = before.definition;
  const subtree = subtreeOf(treeOf(resources), verdict.root);
  const cleared = withResources(before, (resource, position) =>
    subtree.includes(position) ? cancel(work, resource) : resource,
  );
  work.runtimes[before.service] = { ...cleared, subtrees: withRepair(before.subtrees, resources, verdict) };
  const names = subtree.flatMap((position) => resources[position]?.id ?? []).join(", ");
  const { isGivenUp, againAt } = verdict.subtree.repair;
  const waitMs = againAt - work.moment.now;
  const then = isGivenUp ? `; ${names} stopped, tried again after ${waitMs / 1_000} s` : `; ${names} restarted`;
  say(work, before, `${failed.action} of ${failed.resource}`, failed.outcome, then);
}

/** The whole service is to be recovered. Of a repair that came to nothing, what began it is told. */
function reportFailure(work: RunnerWork, runtime: Runtime, position: number, failed: Failed): void {
  const [began] = repairsOf(runtime, treeOf(runtime.definition.resources), position).flatMap(
    ({ cause }) => cause ?? [],
  );
  say(work, runtime, `${failed.action} of ${failed.resource}`, failed.outcome);
  const told: Failed = failed.action === "monitor" ? failed : { ...(began ?? failed), action: "monitor" };
  work.runtimes[runtime.service] = tell(work, runtime, told);
}

/** Tells the others that what is kept running has failed. Nothing more is done with it until they have decided. */
export function tell(work: RunnerWork, runtime: Runtime, result: Failed): Runtime {
  work.reports.push({ service: runtime.service, attempt: runtime.keeping, result });
  return { ...runtime, failedUnder: runtime.keeping };
}
