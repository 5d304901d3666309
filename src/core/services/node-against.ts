import { isLive, type NodeRecord, shutdownText } from "../fencing/node-record.ts";
import { isResetByItself } from "../fencing/own-watchdog.ts";
import { notUnfenced } from "../fencing/unfence.ts";
import { type ClusterState, isConfigured, servicesInOrder } from "./cluster-state.ts";
import { clusterStop } from "./cluster-stop.ts";
import type { ServiceRecord } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "services" | "fences">;

/** What speaks against a node by itself, whatever failed, runs or is lacking there. */
export function nodeAgainst(state: View, record: ServiceRecord, node: NodeRecord): readonly string[] {
  if (!isConfigured(state, node.node)) return ["no longer in the configuration"];
  if (!node.isMember) return [node.off === null ? "lost, not known to be off" : `off: ${node.reason}`];
  if (node.off !== null) return [`taken as off: ${node.reason}`];
  const against: string[] = [];
  if (node.shutdown) against.push(shutdownText(node.shutdown));
  if (node.isLeaving) against.push("it is leaving");
  const cutOff = state.config === null ? [] : notUnfenced(state.config.config, node);
  if (cutOff.length > 0) against.push(`not switched on by ${cutOff.join(", ")} yet`);
  if (node.isStandby) against.push("on standby");
  if (node.frozen) against.push(`frozen (${node.frozen.by})`);
  const fence = state.fences[node.node];
  if (fence !== undefined && (fence.inFlight !== null || fence.wish !== null)) against.push("it is being fenced");
  else if (
    state.config !== null &&
    isResetByItself(state.config.config, node, fence?.failures ?? 0) &&
    failedStopOf(state, node) !== undefined
  )
    against.push("it is to be reset by its watchdog");
  if (record.doubts.includes(node.node)) against.push("has not reported yet what it runs");
  const unable = record.unable[node.node];
  if (unable !== undefined) against.push(`cannot run it: ${unable}`);
  return against;
}

/** Why a node gives up what it runs; null: it keeps it. */
export function whyItGivesUp(
  state: Pick<ClusterState, "nodes">,
  { isStandby, isLeaving, shutdown }: NodeRecord,
): string | null {
  const isShutDown = shutdown?.services === "move" || shutdown?.services === "stop";
  if (isShutDown || (shutdown && (isLeaving || isStandby))) return shutdownText(shutdown);
  if (isLeaving) return "leaving";
  const stop = clusterStop(state);
  if (stop !== null) return shutdownText(stop);
  return isStandby ? "on standby" : null;
}

/**
 * A service that the node could not stop, and is fenced for. Who is here again may have been rebooted since: nothing is known before
 * it has reported. [SVC-25] What was never started by the cluster costs no node: its agent may be broken everywhere.
 */
export function failedStopOf(state: Pick<View, "config" | "services">, record: NodeRecord): ServiceRecord | undefined {
  const { node } = record;
  return servicesInOrder(state).find(
    ({ phase, strays, doubts, lastOwner }) =>
      lastOwner !== null &&
      !(isLive(record) && doubts.includes(node)) &&
      ((phase.kind === "blocked" && phase.node === node) ||
        strays.some((stray) => stray.node === node && stray.isBlocked)),
  );
}
