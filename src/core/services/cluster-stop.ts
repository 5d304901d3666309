import type { NodeId } from "../../model/ids.ts";
import type { Member } from "../../model/view.ts";
import { isLive, type ShutdownRecord } from "../fencing/node-record.ts";
import { type ClusterState, nodesInOrder, notAllowed, type Refusal, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode } from "./draft.ts";
import { frozenText, thawCommand } from "./frozen.ts";
import { placesOf, whereItMayRun } from "./service-record.ts";

type View = Omit<ClusterState, "index">;

/**
 * [SVC-45] The stop of the whole cluster that is under way: as long as a life that it was asked of is in the view, though it may be
 * known to end. A life that comes meanwhile is not told to end, but is given nothing before the others are gone.
 */
export function clusterStop({ nodes }: Pick<View, "nodes">): ShutdownRecord | null {
  const ending = Object.values(nodes).find(({ isMember, shutdown }) => isMember && shutdown?.withAll === true);
  return ending?.shutdown ?? null;
}

/** [SVC-45] Why the cluster cannot be stopped; null: it can. */
export function refuseClusterStop(state: View): Refusal | null {
  const what = "Cannot stop the cluster";
  const stop = clusterStop(state);
  if (stop !== null) return notAllowed(`${what}: it is being stopped already (${stop.by})`);
  const frozen = servicesInOrder(state).find(
    (record) => placesOf(record).length > 0 && frozenText(state, record) !== null,
  );
  if (frozen === undefined) return null;
  const why = `service ${frozen.service} is not to be touched: ${frozenText(state, frozen)}`;
  return notAllowed(`${what}: ${why}; first: ${thawCommand(state, frozen)}`);
}

/**
 * [SVC-45] Every member gives up what it runs. Whoever is shut down by itself already goes on with that; where nobody else is there, it is
 * marked all the same, so that who comes before it is gone is given nothing.
 */
export function stopCluster(draft: Draft, by: string): void {
  const here = nodesInOrder(draft).filter((record) => isLive(record) && !record.shutdown);
  const staying = here.filter(({ isLeaving }) => !isLeaving);
  const shutdown = { services: "move", by, at: draft.at, withAll: true } as const;
  for (const { node } of staying.length > 0 ? staying : here) patchNode(draft, node, { isLeaving: true, shutdown });
  const text = `the cluster is being stopped by ${by}: all services stop, then all daemons end`;
  draft.events.push({ node: draft.origin, level: "warning", text });
}

/** [SVC-45] A marked life is back, and nobody else is there of those who were to go with it: it leaves by itself. */
export function withoutTheOthers(draft: Draft, shutdown: ShutdownRecord): ShutdownRecord {
  const isAlone = shutdown.withAll === true && clusterStop(draft) === null;
  return isAlone ? { ...shutdown, withAll: false } : shutdown;
}

/** What an operator is told while it lasts. */
export function stopWarnings(state: Pick<View, "nodes">): readonly string[] {
  const stop = clusterStop(state);
  if (stop === null) return [];
  return [`the cluster is being stopped by ${stop.by}: nothing is started any more, and all daemons end`];
}

/** [SVC-46] Nothing may run any more on whoever is there. */
export function isAllStopped(state: Pick<View, "nodes" | "config" | "services">): boolean {
  const isThere = (node: NodeId): boolean => isLive(state.nodes[node]);
  return !servicesInOrder(state).some((record) => whereItMayRun(record).some(isThere));
}

/** [SVC-46] Who ends with the whole cluster, in file order. */
export function endingTogether(state: Pick<View, "nodes" | "config">): readonly Member[] {
  const ending = nodesInOrder(state).filter((record) => isLive(record) && record.shutdown?.withAll === true);
  return ending.flatMap(({ node, incarnation }) => (incarnation === null ? [] : [{ node, incarnation }]));
}
