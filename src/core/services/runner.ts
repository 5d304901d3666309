import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { OperationOutcome } from "../../model/operation.ts";
import type { ResourceId, ServiceId } from "../../model/ids.ts";
import type { Moment } from "../../model/input.ts";
import { treeOf } from "../../model/resource-tree.ts";
import { after, earliest, never } from "../../model/units.ts";
import type { Order } from "./plan.ts";
import { isProbeHeld } from "./probe-hold.ts";
import { type Failed, withRepair } from "./repairs.ts";
import { tellNext } from "./runner-notices.ts";
import { onOutcome, tell } from "./runner-outcomes.ts";
import { isKept, type RunnerState } from "./runner-state.ts";
import { beginStop, mend, repairsOf, walk } from "./runner-walk.ts";
import {
  begin,
  beginWork,
  endWork,
  type RunnerMandate,
  type RunnerStep,
  type RunnerWork,
  withResources,
} from "./runner-work.ts";
import {
  isActive,
  isBelieved,
  isBusy,
  isKnown,
  neverFailed,
  newRuntime,
  redefine,
  type Runtime,
  type Task,
  unprobed,
} from "./runtime.ts";

/**
 * Brings every service a step further.
 *
 * Carries out this node's orders, one agent operation after another, and watches what runs.
 *
 * - Start goes from what others stand on to what stands on it, stop the other way; a step begins when those before it have ended well (SAFE-6).
 * - A failed start is cleaned up (stopped in order) before it is reported, so that the report means: nothing of it runs here.
 * - A failed ordered stop ends there and is reported: the node must be fenced before anything else is done.
 * - What fails in a part that is marked is repaired first, while the rest goes on (`repairs.ts`).
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
    if (definition === undefined && runtime !== undefined && !isBusy(runtime)) delete work.runtimes[service];
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

function endOverdue(work: RunnerWork, runtime: Runtime): void {
  for (const [position, { operation }] of runtime.resources.entries()) {
    if (operation === null) continue;
    work.wakeAt = earliest(work.wakeAt, operation.overdueAt);
    if (work.moment.now < operation.overdueAt) continue;
    const reason = "no result came, not even of its time-out";
    const outcome: OperationOutcome = { status: "timed-out", severity: "soft", reason, output: "", durationMs: 0 };
    onOutcome(work, work.runtimes[runtime.service] ?? runtime, position, outcome);
  }
}

function advance(
  work: RunnerWork,
  before: Runtime,
  definition: ServiceConfig | undefined,
  order: Order | undefined,
): void {
  let runtime = before;
  const isDoing = order !== undefined && order.action !== "wait";
  if (isDoing && !isBusy(runtime)) runtime = redefine(runtime, order.definition);
  else if (definition !== undefined && !isBusy(runtime) && !isActive(runtime)) runtime = redefine(runtime, definition);
  runtime = probe(work, runtime);
  runtime = tellNext(work, adoptTask(work, runtime, order));
  runtime = runtime.task === null ? watch(work, runtime, order) : walk(work, runtime);
  work.runtimes[runtime.service] = runtime;
}

/** Asks every resource of which nothing is known whether it runs. */
function probe(work: RunnerWork, runtime: Runtime): Runtime {
  return withResources(runtime, (resource) =>
    resource.state === "unknown" && resource.operation === null ? begin(work, runtime, resource, "monitor") : resource,
  );
}

/** Decides which task the service should be in. */
function adoptTask(work: RunnerWork, runtime: Runtime, order: Order | undefined): Runtime {
  const { task } = runtime;
  if (order?.action === "stop" && order.attempt !== runtime.done) {
    if (task?.kind !== "stop") return beginStop(work, runtime, order.attempt);
    if (task.attempt === order.attempt) return runtime;
    return { ...runtime, task: { ...task, attempt: order.attempt, notBefore: {}, failure: null, stuck: null } };
  }
  if (work.mandate.mustStop !== "nothing") {
    if (work.mandate.mustStop === "lease" && isKept(runtime)) return runtime;
    if (task?.kind === "stop" || !(isActive(runtime) || isBusy(runtime))) return runtime;
    return beginStop(work, runtime, null);
  }
  if (order?.action === "start" && order.attempt !== runtime.done && !isBusy(runtime) && !runtime.mustReport) {
    if (!work.mandate.mayStart || !isKnown(runtime)) return runtime;
    const started: Task = { kind: "start", attempt: order.attempt, done: [], beganAt: work.moment.now };
    return { ...runtime, task: started, subtrees: {}, ranUntil: null };
  }
  if (order === undefined && task === null && isActive(runtime) && !runtime.mustReport)
    return { ...runtime, mustReport: true };
  return runtime;
}

/** Watches what should run, and mends what may be mended here. */
function watch(work: RunnerWork, runtime: Runtime, order: Order | undefined): Runtime {
  if (order?.isFrozen === true) return leaveAlone(runtime);
  if (order?.isDoubted === true) return askBelieved(work, runtime);
  if (order?.action !== "keep" || runtime.failedUnder === order.attempt || runtime.mustReport) return runtime;
  const kept = noteMissing(work, runtime.keeping === order.attempt ? runtime : { ...runtime, keeping: order.attempt });
  if (kept.failedUnder === order.attempt) return kept;
  return monitor(work, work.mandate.mustStop === "nothing" ? mend(work, kept) : kept);
}

/** [SVC-29] What failed before, or was ignored meanwhile, is found again afterwards, and what runs is asked anew. */
function leaveAlone(runtime: Runtime): Runtime {
  const left = withResources(runtime, (one) => (one.isUnattended ? one : { ...one, isUnattended: true }));
  return left.failedUnder === neverFailed ? left : { ...left, failedUnder: neverFailed };
}

/** [SVC-29] This node's word is waited for: it is the agents' word, not what was true before nobody looked. */
function askBelieved(work: RunnerWork, runtime: Runtime): Runtime {
  return withResources(runtime, (resource) =>
    isBelieved(resource) && resource.operation === null ? begin(work, runtime, resource, "monitor") : resource,
  );
}

/** [TREE-4] A part that the service can do without, and that was not found running, is brought up. Anything else that is missing has failed. */
function noteMissing(work: RunnerWork, before: Runtime): Runtime {
  const { resources } = before.definition;
  const tree = treeOf(resources);
  let runtime = before;
  for (const [position, { config, state, operation }] of before.resources.entries()) {
    const isMissing = state === "stopped" || (state === "failed" && tree.isCritical[position] === false);
    if (!isMissing || operation !== null || repairsOf(runtime, tree, position).length > 0) continue;
    const root = tree.roots[position]?.find((one) => resources[one]?.critical === false);
    if (root === undefined) return tell(work, runtime, missing(config.id));
    const failedAt = runtime.subtrees[resources[root]?.id ?? config.id]?.failedAt ?? [];
    const repair = { phase: "down", againAt: work.moment.now, isGivenUp: false, cause: null } as const;
    runtime = {
      ...runtime,
      subtrees: withRepair(runtime.subtrees, resources, { root, subtree: { failedAt, repair } }),
    };
  }
  return runtime;
}

function missing(resource: ResourceId): Failed {
  const outcome = {
    status: "not-running",
    severity: "soft",
    reason: "it was stopped",
    output: "",
    durationMs: 0,
  } as const;
  return { kind: "failed", resource, action: "monitor", outcome };
}

/** At intervals, and at once what is said to have ended; not what is being mended. */
function monitor(work: RunnerWork, runtime: Runtime): Runtime {
  const tree = treeOf(runtime.definition.resources);
  return withResources(runtime, (resource, position) => {
    const interval = resource.config.monitorIntervalMs;
    if (interval === 0 || resource.operation !== null || resource.state === "stopped") return resource;
    if (repairsOf(runtime, tree, position).length > 0) return resource;
    const isDue = resource.monitorAt !== never && work.moment.now >= resource.monitorAt;
    if (isDue || resource.isSuspect) return begin(work, runtime, resource, "monitor");
    const monitorAt = resource.monitorAt === never ? after(work.moment.now, interval) : resource.monitorAt;
    work.wakeAt = earliest(work.wakeAt, monitorAt);
    return monitorAt === resource.monitorAt ? resource : { ...resource, monitorAt };
  });
}
