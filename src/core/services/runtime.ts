import type { ResourceConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { Observation } from "../../model/entry.ts";
import type { ResourceId, ServiceId } from "../../model/ids.ts";
import type { Notice, NoticeId } from "../../model/notice.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import { treeOf } from "../../model/resource-tree.ts";
import type { InstantMs, WallMs } from "../../model/units.ts";
import { never } from "../../model/units.ts";
import { type Failed, keptSubtrees, type Subtrees } from "./repairs.ts";

/** What this node knows of a service from its own operations, and what it is doing with it. Local, never replicated. */
export interface Runtime {
  readonly service: ServiceId;
  readonly definition: ServiceConfig;
  /** In file order, as the definition has them. */
  readonly resources: readonly ResourceRuntime[];
  readonly task: Task | null;
  /** Parts that are restarted while the rest runs, since its start. */
  readonly subtrees: Subtrees;
  /** What the agent of an instance that runs here is to be told, the next first. */
  readonly notices: readonly QueuedNotice[];
  /** Last order carried out and reported. */
  readonly done: number;
  /** Order under which it is kept running; -1 when none. */
  readonly keeping: number;
  /** Order under which a failed monitor was reported: no more monitors until there is a new one. */
  readonly failedUnder: number;
  /** When it was last stopped by this daemon, until it is started again; null: it was not. */
  readonly ranUntil: InstantMs | null;
  /** What runs here has changed without an order: it must be reported. */
  readonly mustReport: boolean;
}

/**
 * A resource on this node. `failed`: it may run, wholly or in parts. `unknown`: not probed yet.
 */
export interface ResourceRuntime {
  readonly config: ResourceConfig;
  readonly state: "unknown" | "running" | "stopped" | "failed";
  /** The one operation under way. */
  readonly operation: RunningOperation | null;
  readonly monitorAt: InstantMs;
  /** Something of it is said to have ended, and its agent was not asked since. */
  readonly isSuspect: boolean;
  /** It was frozen, and its agent was not asked since. */
  readonly isUnattended: boolean;
  /** Monitors in a row that have failed and did not count yet. */
  readonly failures: number;
  readonly last: LastOperation | null;
  /** The agent says that this node cannot run it. */
  readonly unable: string | null;
}

/** Something that an agent is to be told. */
export interface QueuedNotice {
  readonly notice: Notice;
  /** Others wait for this answer; null: nobody does. */
  readonly answers: NoticeId | null;
}

/** An operation that was asked for and has not ended. */
export interface RunningOperation {
  readonly id: number;
  readonly action: OperationAction | "notify";
  readonly isCancelled: boolean;
  /** Its result should have come long before: it is taken as timed out. */
  readonly overdueAt: InstantMs;
}

/** The newest result. */
export interface LastOperation {
  /** Operations are numbered as they are begun. */
  readonly id: number;
  readonly action: OperationAction;
  readonly at: WallMs;
  readonly outcome: OperationOutcome;
}

/** One walk through the resources: to start, each after those that it stands on; to stop, before them. */
export type Task =
  | {
      readonly kind: "start";
      readonly attempt: number;
      /** Positions that were started well. */
      readonly done: readonly number[];
      readonly beganAt: InstantMs;
    }
  | {
      readonly kind: "stop";
      /** null: not ordered, the lease has run out. */
      readonly attempt: number | null;
      readonly beganAt: InstantMs;
      /** Steps that failed unasked are tried again then, by position. */
      readonly notBefore: Readonly<Record<number, InstantMs>>;
      /** The failed start after which this cleans up. */
      readonly failure: Failed | null;
      /** An ordered step has failed: no other is begun, and that is reported when those under way have ended. */
      readonly stuck: Failed | null;
    };

/** As the order under which it failed. */
export const neverFailed = -1;

/** A service of which nothing is known yet. */
export function newRuntime(definition: ServiceConfig): Runtime {
  return {
    service: definition.id,
    definition,
    resources: definition.resources.map(newResource),
    task: null,
    subtrees: {},
    notices: [],
    done: 0,
    keeping: -1,
    failedUnder: neverFailed,
    ranUntil: null,
    mustReport: false,
  };
}

/** The same service by another definition; what is known of resources that stay is kept. */
export function redefine(runtime: Runtime, definition: ServiceConfig): Runtime {
  if (runtime.definition === definition) return runtime;
  const resources = definition.resources.map((config) => {
    const known = runtime.resources.find((resource) => resource.config.id === config.id);
    return known === undefined ? newResource(config) : { ...known, config };
  });
  // [SVC-24] The others wait for this node's word before they rely on it.
  const isThawed = runtime.definition.withoutQuorum === "freeze" && definition.withoutQuorum !== "freeze";
  const mustReport = runtime.mustReport || (isThawed && isActive(runtime));
  const subtrees = keptSubtrees(runtime.subtrees, definition.resources);
  return { ...runtime, definition, resources, subtrees, mustReport };
}

/** The same service, of which nothing is known any more. */
export function unprobed(runtime: Runtime, definition = runtime.definition): Runtime {
  return { ...runtime, definition, resources: definition.resources.map(newResource), subtrees: {} };
}

/** True when some of it runs, or may run. Not yet probed counts as not: the probe comes first. */
export function isActive(runtime: Runtime): boolean {
  return runtime.resources.some(
    ({ state, operation }) => state === "running" || state === "failed" || operation?.action === "start",
  );
}

/** True while something is being done with it: a task, or a step of a repair. */
export function isBusy({ task, resources }: Runtime): boolean {
  return (
    task !== null || resources.some(({ operation }) => operation?.action === "start" || operation?.action === "stop")
  );
}

/** True when all runs here that the service cannot do without. */
export function isUp({ definition, resources }: Runtime): boolean {
  const { isCritical } = treeOf(definition.resources);
  return resources.every(({ state }, position) => isCritical[position] !== true || state === "running");
}

/** True when every resource has been probed. */
export function isKnown(runtime: Runtime): boolean {
  return runtime.resources.every((resource) => resource.state !== "unknown");
}

/** True while it is only believed that it runs: nobody has looked for a while. */
export function isBelieved({ state, isUnattended }: ResourceRuntime): boolean {
  return state === "running" && isUnattended;
}

/** What there is to report. */
export function observationOf(runtime: Runtime, attempt: number, now: InstantMs): Observation {
  const inState = (state: ResourceRuntime["state"]): readonly ResourceId[] =>
    runtime.resources.filter((resource) => resource.state === state).map((resource) => resource.config.id);
  const unable = runtime.resources.find((resource) => resource.unable !== null);
  const ran = runtime.ranUntil === null ? {} : { ranMsAgo: Math.max(0, Math.round(now - runtime.ranUntil)) };
  const base = { service: runtime.service, running: inState("running"), unclear: inState("failed"), attempt, ...ran };
  return unable === undefined ? base : { ...base, unable: `${unable.config.id}: ${unable.unable ?? ""}` };
}

function newResource(config: ResourceConfig): ResourceRuntime {
  return {
    config,
    state: "unknown",
    operation: null,
    monitorAt: never,
    isSuspect: false,
    isUnattended: false,
    failures: 0,
    last: null,
    unable: null,
  };
}
