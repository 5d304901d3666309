import { type ClusterConfig, unusualVotes } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import type { Roster, RosterNode } from "../model/roster.ts";
import { sameNodes } from "./manager-facts.ts";
import { managerConfig, type ManagerState, patch, say, type Work } from "./manager-work.ts";
import type { GroupRoster } from "./replication/follow-roster.ts";
import type { ClusterState, RemovedNode } from "./services/cluster-state.ts";
import { isRemoved, removedNodes } from "./services/removed-nodes.ts";

/**
 * [GRP-100] Whom this node has to do with follows the configuration in force. Until its first view in this life the own file counts as
 * well, because the disk may be behind: an administrator who tells a node where the others are by now must be believed.
 */
export function tendRoster(work: Work): void {
  const { state, facts } = work;
  const { cluster, rosterBasis } = state;
  const config = cluster.config?.config ?? null;
  const isStart = rosterBasis.isStart && facts.view === null;
  const voting = removedNodes(cluster).flatMap(({ node }) => (facts.counted.includes(node) ? [node] : []));
  const isSame =
    rosterBasis.config === config &&
    rosterBasis.removed === cluster.removed &&
    rosterBasis.isStart === isStart &&
    sameNodes(rosterBasis.voting, voting);
  if (isSame) return;
  const listed = listedNodes(state, isStart);
  const roster = rosterOf(cluster, listed, voting);
  patch(work, { rosterBasis: { config, removed: cluster.removed, isStart, voting } });
  const strangers = strangersOf(config, listed);
  const told = { ...groupRosterOf(listed, removedNodes(cluster), managerConfig(state)), strangers };
  if (isStart) tellStrangers(work, strangers);
  if (JSON.stringify(roster) !== JSON.stringify(state.roster)) patch(work, { roster, ...forgetting(state, roster) });
  if (textOf(told) === textOf(state.groupRoster)) return;
  patch(work, { groupRoster: told });
  work.toGroup.push({ kind: "roster", ...told });
}

/** [GRP-108] Listed by the own file, and not by the configuration in force. */
function strangersOf(inForce: ClusterConfig | null, listed: readonly RosterNode[]): readonly NodeId[] {
  if (inForce === null) return [];
  return listed.map(({ id }) => id).filter((id) => !inForce.nodes.some((node) => node.id === id));
}

/** [GRP-108] An edited file is no reload: what it says is not in force, and the administrator may think it is. */
function tellStrangers(work: Work, strangers: readonly NodeId[]): void {
  if (strangers.length === 0) return;
  const text = `this node's file has nodes that are not in the configuration in force, which counts: ${strangers.join(", ")}`;
  say(work, "warning", `${text}; when there is quorum: hale config reload`);
}

/** What of it concerns the group. */
export function groupRosterOf(
  listed: readonly RosterNode[],
  removed: readonly RemovedNode[],
  { nodes, quorum }: Pick<ClusterConfig, "nodes" | "quorum">,
): GroupRoster {
  return {
    nodes: listed.map(({ id }) => id),
    votes: unusualVotes(nodes),
    removed: removed.map(({ node }) => node),
    strangers: [],
    quorum,
  };
}

function textOf({ votes = new Map(), ...roster }: GroupRoster): string {
  return JSON.stringify([roster, [...votes]]);
}

/** [GRP-103] Tells when a node that was removed is here again. */
export function watchIntruders(work: Work): void {
  const { intruders } = work.facts;
  const known = work.state.intruders;
  for (const node of intruders) {
    if (known.includes(node)) continue;
    say(work, "warning", `${node} was removed, and is refused: stop its daemon, or: hale node readmit ${node}`);
  }
  if (!sameNodes(intruders, known)) patch(work, { intruders });
}

function listedNodes({ cluster, fileConfig }: ManagerState, isStart: boolean): readonly RosterNode[] {
  const inForce = cluster.config?.config.nodes ?? [];
  const ofFile = isStart || cluster.config === null ? fileConfig.nodes : [];
  const others = inForce.filter(({ id }) => !ofFile.some((node) => node.id === id));
  const nodes = [...ofFile, ...others].filter(({ id }) => !isRemoved(cluster, id));
  return nodes.map(({ id, addresses }) => ({ id, addresses }));
}

/** [GRP-106] A removed node is spoken to while its vote counts. */
function rosterOf(cluster: ClusterState, listed: readonly RosterNode[], voting: readonly NodeId[]): Roster {
  const removed = removedNodes(cluster).map(({ node, addresses }) => ({ id: node, addresses }));
  const isVoting = ({ id }: RosterNode): boolean => voting.includes(id);
  return {
    nodes: [...listed, ...removed.filter(isVoting)],
    removed: removed.filter((node) => !isVoting(node)),
  };
}

/** What this daemon alone knows of nodes that are gone: should one of that name come again, it is another one. */
function forgetting(state: ManagerState, { nodes }: Roster): Partial<ManagerState> {
  const gone = state.roster.nodes.map(({ id }) => id).filter((id) => !nodes.some((node) => node.id === id));
  const without = <Value>(known: Readonly<Record<NodeId, Value>>): Readonly<Record<NodeId, Value>> =>
    Object.fromEntries(Object.entries(known).filter(([node]) => !gone.includes(node as NodeId))) as Record<
      NodeId,
      Value
    >;
  if (gone.length === 0) return {};
  return {
    lostSince: without(state.lostSince),
    fenceFailedAt: without(state.fenceFailedAt),
    portProbedAt: without(state.portProbedAt),
    crashedAt: without(state.crashedAt),
    hearings: without(state.hearings),
    seenOnDiskAt: without(state.seenOnDiskAt),
    closedUntil: without(state.closedUntil),
    fenceBegun: without(state.fenceBegun),
    outsideSince: without(state.outsideSince),
  };
}
