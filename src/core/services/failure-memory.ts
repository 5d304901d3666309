import type { NodeId } from "../../model/ids.ts";
import type { RecoveryConfig } from "../../model/cluster-config.ts";
import type { WallMs } from "../../model/units.ts";
import { type FailureRecord, failuresMax, outputCharactersMax, type ServiceRecord } from "./service-record.ts";

/**
 * What a service's failures say against a node.
 *
 * - A failed start speaks against its node for the window `within` (soft), until the node is probed in a new life (hard), or
 *   against every node (fatal: the resource itself is wrong); hard and fatal ones end also by an operator.
 * - Failed monitors speak against their node when there are more than the policy's restarts within the window.
 *
 * @returns the case against, one line; null when there is none
 */
export function failureAgainst(
  record: ServiceRecord,
  recovery: RecoveryConfig,
  node: NodeId,
  at: WallMs,
): string | null {
  const open = record.failures.filter((failure) => !failure.isCleared);
  const fatal = open.find((failure) => failure.outcome.severity === "fatal");
  if (fatal !== undefined) return `${failureText(fatal)}; it would fail everywhere`;
  const here = open.filter((failure) => failure.node === node);
  const hard = here.find((failure) => failure.outcome.severity === "hard");
  if (hard !== undefined) return `${failureText(hard)}; it cannot work here`;
  const recent = here.filter((failure) => at - failure.at < recovery.withinMs);
  const start = recent.findLast((failure) => failure.action === "start");
  if (start !== undefined) return `${failureText(start)}, ${secondsText(at - start.at)} ago`;
  const monitors = recent.filter((failure) => failure.action === "monitor");
  const allowed = recovery.policy === "restart" ? recovery.maxRestarts : 0;
  const last = monitors.at(-1);
  if (last === undefined || monitors.length <= allowed) return null;
  const count = monitors.length === 1 ? "once" : `${monitors.length} times`;
  return `failed here ${count} within ${secondsText(recovery.withinMs)}: ${failureText(last)}`;
}

/** True when time can lift something that speaks against a node: a fatal failure, or hard ones alone, wait for an operator. */
export function canRetry(record: ServiceRecord): boolean {
  const open = record.failures.filter((failure) => !failure.isCleared).map((failure) => failure.outcome.severity);
  return !open.includes("fatal") && open.some((severity) => severity !== "hard");
}

/** True when the failure before the last one lies outside the window: the rounds are counted anew. */
export function isFirstRound({ failures }: ServiceRecord, { withinMs }: RecoveryConfig, at: WallMs): boolean {
  return at - (failures.at(-2)?.at ?? 0) > withinMs;
}

/** With one more failure; the agent's output is cut, for it is replicated. */
export function withFailure(record: ServiceRecord, failure: FailureRecord): readonly FailureRecord[] {
  const output = failure.outcome.output.slice(-outputCharactersMax);
  return [...record.failures, { ...failure, outcome: { ...failure.outcome, output } }].slice(-failuresMax);
}

/** Forgives the failures that match. They stay in the list for people to read. */
export function forgive(record: ServiceRecord, matches: (failure: FailureRecord) => boolean): readonly FailureRecord[] {
  return record.failures.map((failure) => (matches(failure) ? { ...failure, isCleared: true } : failure));
}

const retryFirstMs = 1_000;
const retryMaxMs = 60_000;

/** Wait before a failed service is tried again: 1 s doubling to 60 s. */
export function retryBackOffMs(rounds: number): number {
  return Math.min(retryFirstMs * 2 ** Math.min(Math.max(rounds - 1, 0), 10), retryMaxMs);
}

/** `start of web/nginx failed: exit 1`; `monitor of web/nginx found it not running`. */
export function failureText(failure: Pick<FailureRecord, "action" | "resource" | "outcome">): string {
  const how = failure.outcome.status === "timed-out" ? "timed out" : "failed";
  const what = failure.outcome.status === "not-running" ? "found it not running" : how;
  const isSaid = failure.outcome.reason === "" || what.endsWith(failure.outcome.reason);
  const reason = isSaid ? "" : `: ${failure.outcome.reason}`;
  return `${failure.action} of ${failure.resource} ${what}${reason}`;
}

function secondsText(spanMs: number): string {
  return `${Math.round(spanMs / 1_000)} s`;
}
