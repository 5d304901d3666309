import type { QuorumConfig } from "../../model/cluster-config.ts";
import { type InstantMs, instantMs, never } from "../../model/units.ts";

/**
 * The reachlist: hosts outside the cluster that are there as a rule, a router, a switch, a file server. When two nodes lose sight of each
 * other, whoever reaches fewer of them has probably lost its own cable, and should not be the one that goes on.
 *
 * It is no quorum: both sides may reach everything. It only says who fences first, and the fence decides.
 */
export interface ReachState {
  /** Of the last question; 0 before the first one. */
  readonly call: number;
  readonly askedAt: InstantMs;
  /** No answer to it yet. */
  readonly isOut: boolean;
  /** The last answer, with the instant of its question; null before the first one. */
  readonly counted: { readonly askedAt: InstantMs; readonly reached: number } | null;
}

/** Nothing was counted. */
export const noReach: ReachState = { call: 0, askedAt: instantMs(0), isOut: false, counted: null };

/** The hosts to count; empty without a reachlist. */
export function reachlistOf(quorum: QuorumConfig): readonly string[] {
  return quorum.kind === "fencing" ? (quorum.reachlist ?? []) : [];
}

/** When the next count may begin: one at a time. */
export function nextCountAt({ isOut, askedAt, call }: ReachState, periodMs: number): InstantMs {
  if (isOut) return never;
  return instantMs(call === 0 ? 0 : askedAt + periodMs);
}

/** After an answer; one to an older question says nothing. */
export function takeCount(state: ReachState, call: number, reached: number): ReachState {
  if (call !== state.call || !state.isOut) return state;
  return { ...state, isOut: false, counted: { askedAt: state.askedAt, reached } };
}

/**
 * [GRP-46] Hosts of the list that this node does not reach, by a count that was begun after `since`. Without such a count none is reached:
 * what was there before the peer fell silent says nothing of whose cable it was.
 */
export function missingHosts({ counted }: ReachState, listed: number, since: InstantMs): number {
  return counted === null || counted.askedAt <= since ? listed : Math.max(0, listed - counted.reached);
}
