import type { NodeId } from "../model/ids.ts";
import { managerConfig, type Work } from "./manager-work.ts";
import { groupTimers } from "./membership/timers.ts";

/**
 * For how long a node does things alone. While daemons are restarted one after the other for other timers, and after a reload of which a
 * node that was lost has not heard, not every node goes by the timers in force: so each tells its lease, and is judged by that.
 */

/** How long a daemon keeps what it found running at its start, in deadtimes: long enough to get into a view. Others give it as long. */
export const adoptionDeadtimes = 4;

/** How long this node may act on when it hears nobody: by the timers that it runs with, or by those in force for all it knows. */
export function leaseHere({ state, facts }: Work): number {
  return Math.max(facts.leaseMs, leaseInForce(state));
}

/** How long a node may act on when it hears nobody, for all that this one knows: until it has told, as long as this one. */
export function leaseOf({ state, facts }: Work, node: NodeId): number {
  return Math.max(leaseInForce(state), state.cluster.nodes[node]?.leaseMs ?? facts.leaseMs);
}

/** By the deadtime in force. */
export function leaseInForce(state: Work["state"]): number {
  return groupTimers(managerConfig(state).heartbeat).lease;
}

/** How long others give a daemon to be taken in. */
export function adoptionMsOf(work: Work, node: NodeId): number {
  const { heartbeat } = managerConfig(work.state);
  return (adoptionDeadtimes * heartbeat.deadtimeMs * leaseOf(work, node)) / leaseInForce(work.state);
}
