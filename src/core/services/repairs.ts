import type { RecoveryConfig, ResourceConfig } from "../../model/cluster-config.ts";
import type { ServiceResult } from "../../model/entry.ts";
import type { OperationOutcome } from "../../model/operation.ts";
import type { ResourceId } from "../../model/ids.ts";
import { subtreeOf, treeOf } from "../../model/resource-tree.ts";
import { after, type InstantMs } from "../../model/units.ts";
import { retryBackOffMs } from "./failure-memory.ts";

/**
 * What a node does by itself about a part of a service that has failed, before anybody else is asked.
 *
 * A resource that is marked (`independent`, or `critical: false`) is the root of a subtree that may be stopped and started while the rest runs. Such a
 * *repair* is local: nothing is decided with others, since the service stays where it is. Only when it comes to nothing is the failure reported, and
 * the service recovered as ever; and what the service goes on without is told, so that everybody sees it.
 */
export interface Repair {
  /** down: the subtree is stopped. up: it is started. */
  readonly phase: "down" | "up";
  /** It is started then, not before. */
  readonly againAt: InstantMs;
  /** It could not be started, and the service goes on without it. */
  readonly isGivenUp: boolean;
  /** What began it; null: it was found like this. */
  readonly cause: Failed | null;
}

/** A failed operation, as it is reported. */
export type Failed = Extract<ServiceResult, { kind: "failed" }>;

/** What a node remembers of the subtree of one root since its service was started. */
export interface Subtree {
  /** Its newest failures, at most `failuresKept`. */
  readonly failedAt: readonly InstantMs[];
  readonly repair: Repair | null;
}

/** By root. */
export type Subtrees = Readonly<Record<ResourceId, Subtree>>;

const failuresKept = 20;

/** What follows from a failure: this subtree is repaired, or (null) the service has failed. */
export interface Verdict {
  readonly root: number;
  readonly subtree: Subtree & { readonly repair: Repair };
}

/** A failure, with what it is judged by. */
export interface PartFailure {
  readonly resources: readonly ResourceConfig[];
  readonly recovery: RecoveryConfig;
  readonly subtrees: Subtrees;
  /** Of what failed. */
  readonly position: number;
  readonly failed: Failed;
  /** A start in the course of this subtree's repair; all: of the whole service. Subtrees from there on were restarted just now, to no avail. */
  readonly triedRoot: number | "all" | null;
  readonly now: InstantMs;
}

/**
 * From the nearest root outwards, the first that can help.
 *
 * | root | helps | otherwise |
 * | --- | --- | --- |
 * | `independent` | at most `max-restarts` times within the window, after a monitor, and not when it cannot work on this node | the next root, or the service |
 * | `critical: false` | always: at once the first time, then with back-off | |
 */
export function judgeFailure(failure: PartFailure): Verdict | null {
  const { resources, recovery, subtrees, position, failed, triedRoot, now } = failure;
  for (const root of treeOf(resources).roots[position] ?? []) {
    const config = resources[root];
    if (config === undefined) continue;
    const isTried = triedRoot === "all" || (triedRoot !== null && root >= triedRoot);
    const before = subtrees[config.id]?.failedAt.filter((at) => now - at < recovery.withinMs) ?? [];
    const failedAt = [...before, now].slice(-failuresKept);
    if (config.critical === false) {
      const rounds = isTried ? failedAt.length : failedAt.length - 1;
      const againAt = rounds === 0 ? now : after(now, retryBackOffMs(rounds));
      return { root, subtree: { failedAt, repair: { phase: "down", againAt, isGivenUp: rounds > 0, cause: failed } } };
    }
    if (isTried || cannotWorkHere(failed.outcome) || failedAt.length > recovery.maxRestarts) continue;
    return { root, subtree: { failedAt, repair: { phase: "down", againAt: now, isGivenUp: false, cause: failed } } };
  }
  return null;
}

function cannotWorkHere({ severity }: OperationOutcome): boolean {
  return severity === "hard" || severity === "fatal";
}

/** The subtrees with this one under repair. Those inside it are repaired with it. */
export function withRepair(subtrees: Subtrees, resources: readonly ResourceConfig[], verdict: Verdict): Subtrees {
  const inside = subtreeOf(treeOf(resources), verdict.root).map((position) => resources[position]?.id);
  const others = Object.entries(subtrees).map(([id, subtree]): [string, Subtree] => [
    id,
    inside.includes(id as ResourceId) ? { ...subtree, repair: null } : subtree,
  ]);
  const root = resources[verdict.root];
  return { ...Object.fromEntries(others), ...(root === undefined ? {} : { [root.id]: verdict.subtree }) };
}

/** Those of roots that are marked no more are forgotten. */
export function keptSubtrees(subtrees: Subtrees, resources: readonly ResourceConfig[]): Subtrees {
  const marked = resources.filter(({ independent, critical }) => independent === true || critical === false);
  const kept = marked.flatMap(({ id }) => {
    const subtree = subtrees[id];
    return subtree === undefined ? [] : [[id, subtree] as const];
  });
  return Object.fromEntries(kept);
}
