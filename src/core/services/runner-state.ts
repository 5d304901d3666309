import type { ResourceId, ServiceId } from "../../model/ids.ts";
import { isActive, isBusy, isKnown, type QueuedNotice, type ResourceRuntime, type Runtime } from "./runtime.ts";

/** What a node does with its services: what it knows of each, and the operations under way. */
export interface RunnerState {
  readonly runtimes: Readonly<Record<ServiceId, Runtime>>;
  readonly nextOperation: number;
}

/** Nothing known, nothing running. */
export const idleRunner: RunnerState = { runtimes: {}, nextOperation: 1 };

/** Marks services as reported. */
export function markReported(state: RunnerState, services: readonly ServiceId[]): RunnerState {
  const runtimes = { ...state.runtimes };
  for (const service of services) {
    const runtime = runtimes[service];
    if (runtime !== undefined) runtimes[service] = { ...runtime, mustReport: false };
  }
  return { ...state, runtimes };
}

/** Something of a resource is said to have ended. Its agent is asked before anything else follows from it, and again when it is being asked already. */
export function markSuspect(state: RunnerState, resource: ResourceId): RunnerState {
  const runtime = Object.values(state.runtimes).find(({ resources }) => resources.some(isMeant));
  if (runtime === undefined) return state;
  const resources = runtime.resources.map((one) => (isMeant(one) ? { ...one, isSuspect: true } : one));
  return { ...state, runtimes: { ...state.runtimes, [runtime.service]: { ...runtime, resources } } };

  function isMeant(one: ResourceRuntime): boolean {
    return one.config.id === resource && one.state === "running";
  }
}

/** Told and not told yet, at most, of one instance. */
const noticesMax = 64;

/** The agent of an instance here is to be told something, after what it is to be told already. Of too much, what nobody waits for is dropped, the oldest first. */
export function queueNotice(state: RunnerState, instance: ServiceId, queued: QueuedNotice): RunnerState {
  const runtime = state.runtimes[instance];
  if (runtime === undefined) return state;
  const { notices } = runtime;
  // The first may be under way.
  const oldest = notices.findIndex(({ answers }, position) => position > 0 && answers === null);
  const kept = notices.length < noticesMax ? notices : notices.filter((_, position) => position !== oldest);
  return { ...state, runtimes: { ...state.runtimes, [instance]: { ...runtime, notices: [...kept, queued] } } };
}

/** True when nothing runs here and nothing is being done. */
export function isQuiet(state: RunnerState): boolean {
  return Object.values(state.runtimes).every((runtime) => !isBusy(runtime) && !isActive(runtime));
}

/** True when it is known that nothing runs here and that nothing is about to: every resource was probed, no start is under way. */
export function isIdle(state: RunnerState): boolean {
  return Object.values(state.runtimes).every((runtime) => isKnown(runtime) && !isActive(runtime) && !isBusy(runtime));
}

/** Services that run here and are kept so when the lease runs out, sorted. */
export function frozenServices(state: RunnerState): readonly ServiceId[] {
  const kept = Object.values(state.runtimes).filter((runtime) => isKept(runtime) && isActive(runtime));
  return kept.map((runtime) => runtime.service).toSorted();
}

/** [SVC-23] Nothing is being done with it, and it freezes. A start that is under way is undone as ever. */
export function isKept(runtime: Runtime): boolean {
  return runtime.definition.withoutQuorum === "freeze" && !isBusy(runtime);
}
