import type { ServiceResult } from "../../model/entry.ts";
import type { ResourceId } from "../../model/ids.ts";
import { type ResourceTree, subtreeOf, treeOf } from "../../model/resource-tree.ts";
import { earliest } from "../../model/units.ts";
import { failureText } from "./failure-memory.ts";
import type { Repair } from "./repairs.ts";
import { spentOn } from "./step-times.ts";
import type { ResourceRuntime, Runtime, Task } from "./runtime.ts";
import { begin, cancel, type RunnerWork, withResources } from "./runner-work.ts";

/**
 * Which step comes next.
 *
 * Each resource has an aim: up or down, by the task that its service is in and by the repairs whose subtree has it, or none. What is to go up is started
 * when everything that it stands on is up; what is to go down is stopped when nothing that stands on it is left. So branches go at the same time, a
 * list one after the other, and the order holds whatever is being done above and below (SAFE-6).
 */
type Aim = "up" | "down" | null;

/** All of the service is to be stopped. @param attempt null: unasked */
export function beginStop(work: RunnerWork, runtime: Runtime, attempt: number | null): Runtime {
  const { now } = work.moment;
  const task: Task = { kind: "stop", attempt, beganAt: now, notBefore: {}, failure: null, stuck: null };
  return takeUp(work, runtime, task);
}

/** Turns to a task of another kind: what is under way is cancelled, and repairs are part of it from now on. */
export function takeUp(work: RunnerWork, runtime: Runtime, task: Task): Runtime {
  return { ...withResources(runtime, (resource) => cancel(work, resource)), task, subtrees: {} };
}

/** Takes the task as far as it goes without waiting. */
export function walk(work: RunnerWork, before: Runtime): Runtime {
  const runtime = step(work, before);
  const { task } = runtime;
  if (task === null) return runtime;
  return task.kind === "start" ? startEnded(work, runtime, task) : stopEnded(work, runtime, task);
}

/** Takes the repairs as far as they go without waiting. */
export function mend(work: RunnerWork, before: Runtime): Runtime {
  if (Object.values(before.subtrees).every(({ repair }) => repair === null)) return before;
  const runtime = step(work, turnRepairs(work, before));
  const tree = treeOf(runtime.definition.resources);
  const subtrees = { ...runtime.subtrees };
  for (const [position, { config }] of runtime.resources.entries()) {
    const subtree = subtrees[config.id];
    if (subtree?.repair?.phase !== "up") continue;
    const isMended = subtreeOf(tree, position).every(
      (other) => isUp(runtime, tree, other) || aimOf(runtime, tree, other) === "down",
    );
    if (isMended) subtrees[config.id] = { ...subtree, repair: null };
  }
  return { ...runtime, subtrees };
}

/** The repairs whose subtree has it. */
export function repairsOf(runtime: Runtime, tree: ResourceTree, position: number): readonly Repair[] {
  return (tree.roots[position] ?? []).flatMap((root) => {
    const id = runtime.resources[root]?.config.id;
    return (id === undefined ? undefined : runtime.subtrees[id]?.repair) ?? [];
  });
}

/** What the service goes on without, and why; null while that is not known: a part of it is being brought up. */
export function missingOf(
  runtime: Runtime,
): { readonly resources: readonly ResourceId[]; readonly reason: string } | null {
  const tree = treeOf(runtime.definition.resources);
  const under = runtime.resources.map((_, position) => repairsOf(runtime, tree, position));
  // All of a part, until all of it is back.
  const missing = runtime.resources.filter((_, position) => under[position]?.some(({ isGivenUp }) => isGivenUp));
  if (missing.length === 0 && under.some((repairs) => repairs.length > 0)) return null;
  const [cause] = under
    .flat()
    .flatMap(({ isGivenUp, cause: failed }) => (isGivenUp && failed !== null ? [failed] : []));
  return { resources: missing.map(({ config }) => config.id), reason: cause === undefined ? "" : failureText(cause) };
}

function aimOf(runtime: Runtime, tree: ResourceTree, position: number): Aim {
  const { task } = runtime;
  if (task?.kind === "stop") return "down";
  const repairs = repairsOf(runtime, tree, position);
  if (repairs.some(({ phase }) => phase === "down")) return "down";
  return task?.kind === "start" || repairs.length > 0 ? "up" : null;
}

function isUp(runtime: Runtime, tree: ResourceTree, position: number): boolean {
  if (runtime.task?.kind === "start") return runtime.task.done.includes(position);
  return runtime.resources[position]?.state === "running" && aimOf(runtime, tree, position) !== "down";
}

function isDown({ resources }: Runtime, position: number): boolean {
  const resource = resources[position];
  return resource?.state === "stopped" && resource.operation === null;
}

function step(work: RunnerWork, runtime: Runtime): Runtime {
  const tree = treeOf(runtime.definition.resources);
  const { task } = runtime;
  if (task?.kind === "stop" && task.stuck !== null) return runtime;
  const changed = new Map<number, ResourceRuntime>();
  const positions = [...runtime.resources.keys()];
  for (const position of task?.kind === "stop" ? positions.toReversed() : positions) {
    const resource = runtime.resources[position];
    if (resource === undefined || resource.operation !== null) continue;
    const aim = aimOf(runtime, tree, position);
    if (aim === "down" && isNextDown(work, runtime, tree, position))
      changed.set(position, begin(work, runtime, resource, "stop"));
    if (aim === "up" && isNextUp(work, runtime, tree, position))
      changed.set(position, begin(work, runtime, resource, "start"));
  }
  return changed.size === 0 ? runtime : withResources(runtime, (one, position) => changed.get(position) ?? one);
}

function isNextDown(work: RunnerWork, runtime: Runtime, tree: ResourceTree, position: number): boolean {
  if (isDown(runtime, position) || tree.upon[position]?.every((other) => isDown(runtime, other)) === false)
    return false;
  const { task } = runtime;
  const notBefore = task?.kind === "stop" ? task.notBefore[position] : undefined;
  if (notBefore === undefined || work.moment.now >= notBefore) return true;
  work.wakeAt = earliest(work.wakeAt, notBefore);
  return false;
}

function isNextUp(work: RunnerWork, runtime: Runtime, tree: ResourceTree, position: number): boolean {
  if (isUp(runtime, tree, position) || tree.below[position]?.every((other) => isUp(runtime, tree, other)) === false)
    return false;
  return runtime.task !== null || work.mandate.mayStart;
}

/** What is down is started again when its time has come. */
function turnRepairs(work: RunnerWork, runtime: Runtime): Runtime {
  const tree = treeOf(runtime.definition.resources);
  const subtrees = { ...runtime.subtrees };
  for (const [position, { config }] of runtime.resources.entries()) {
    const subtree = subtrees[config.id];
    const { repair = null } = subtree ?? {};
    if (subtree === undefined || repair?.phase !== "down") continue;
    if (!subtreeOf(tree, position).every((other) => isDown(runtime, other))) continue;
    if (work.moment.now < repair.againAt) work.wakeAt = earliest(work.wakeAt, repair.againAt);
    else if (work.mandate.mayStart) subtrees[config.id] = { ...subtree, repair: { ...repair, phase: "up" } };
  }
  return { ...runtime, subtrees };
}

function startEnded(work: RunnerWork, runtime: Runtime, task: Extract<Task, { kind: "start" }>): Runtime {
  const tree = treeOf(runtime.definition.resources);
  const isEnded = runtime.resources.every(
    (_, position) =>
      isUp(runtime, tree, position) || (aimOf(runtime, tree, position) === "down" && isDown(runtime, position)),
  );
  if (!isEnded) return runtime;
  const spent = work.moment.now - task.beganAt;
  work.reports.push({
    service: runtime.service,
    attempt: task.attempt,
    result: { kind: "started", durationMs: spent, ...spentOn(runtime, "start") },
  });
  return { ...runtime, task: null, done: task.attempt };
}

function stopEnded(work: RunnerWork, runtime: Runtime, task: Extract<Task, { kind: "stop" }>): Runtime {
  if (task.stuck !== null) return stopDone(work, runtime, task.attempt, task.stuck);
  const isAtRest = runtime.resources.every(({ operation }) => operation === null);
  if (!runtime.resources.every((_, position) => isDown(runtime, position))) {
    // There is a group again to be told what is left, and to fence if need be.
    const isPaused = task.attempt === null && isAtRest && work.mandate.mustStop === "nothing";
    return isPaused ? { ...runtime, task: null, mustReport: true } : runtime;
  }
  const ended = { ...runtime, ranUntil: work.moment.now };
  if (task.attempt === null) return { ...ended, task: null, mustReport: true };
  const spent = work.moment.now - task.beganAt;
  const stopped: ServiceResult = { kind: "stopped", durationMs: spent, ...spentOn(runtime, "stop") };
  return { ...stopDone(work, ended, task.attempt, task.failure ?? stopped), mustReport: false };
}

function stopDone(work: RunnerWork, runtime: Runtime, attempt: number | null, result: ServiceResult): Runtime {
  if (attempt === null) return { ...runtime, task: null, mustReport: true };
  work.reports.push({ service: runtime.service, attempt, result });
  return { ...runtime, task: null, done: attempt };
}
