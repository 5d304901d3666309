import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { InstantMs } from "../../model/units.ts";
import { isHeardAt } from "../membership/peer.ts";
import { absentNodes } from "../quorum/wait-for-all.ts";
import { countedNodes } from "./counted-nodes.ts";
import type { GroupState } from "./group-state.ts";
import { rememberedPeers } from "./start-state.ts";
import { peerOf, send, type Turn } from "./turn.ts";

/** Whom the group is made of. */
export interface GroupRoster {
  /** In any order; this node need not be among them. */
  readonly nodes: readonly NodeId[];
  /** Of these, known by this node's own file alone: not proposed with, so given no vote, and not waited for. Default: none. */
  readonly strangers?: readonly NodeId[];
  /** How many votes a node is to have, where it is not 1. Default: it is. */
  readonly votes?: ReadonlyMap<NodeId, number>;
  /** Given no vote, and when they have none any more never heard, and told so. */
  readonly removed: readonly NodeId[];
  readonly quorum: QuorumConfig;
}

/**
 * [GRP-100] Other nodes from now on, as soon as the votes allow. Who stays is known as before; who is new is as silent as at a start; who is gone is forgotten.
 *
 * That members take it up at different moments does no harm: it says who is heard, proposed with and given a vote, never whose votes are
 * counted. Those are in the log, and who has one is heard, whatever the roster says.
 */
export function followRoster(turn: Turn, roster: GroupRoster): void {
  const { state } = turn;
  const { self } = state.setup;
  const listed = [...new Set([...roster.nodes, self])].sort();
  const removed = roster.removed.toSorted();
  const { quorum, votes = new Map<NodeId, number>(), strangers = [] } = roster;
  const isRemoved = removed.includes(self);
  state.setup = { ...state.setup, listed, strangers, votes, removed, isRemoved, quorum };
  state.intruders = new Map([...state.intruders].filter(([node]) => removed.includes(node)));
  hearVoters(turn);
}

/**
 * [GRP-106] Heard are the listed nodes, and every node whose vote counts, as long as it does: a quorum may not be had without it. Of a
 * removed one that is until a committed electorate lacks it, on this very log: neither its removal nor the loss of its vote is enough
 * while it stands in the tail of a view that was lost.
 */
export function hearVoters(turn: Turn): void {
  const { state } = turn;
  const { self, listed } = state.setup;
  const unlisted = countedNodes(state).filter((node) => !listed.includes(node));
  const nodes = unlisted.length === 0 ? listed : [...listed, ...unlisted].sort();
  if (nodes === state.setup.nodes || nodes.join() === state.setup.nodes.join()) return;
  state.setup = { ...state.setup, nodes, rank: nodes.indexOf(self) };
  state.peers = rememberedPeers(nodes, self, state.log).map((peer) => {
    const known = peerOf(turn, peer.node);
    return known === undefined ? peer : { ...known, rank: peer.rank };
  });
}

/** Nobody begins without the other nodes, but for those that are never to come back, and [GRP-108] those of the own file alone. */
export function awaitedNodes({ peers, setup }: GroupState, now: InstantMs): readonly NodeId[] {
  const { removed, strangers } = setup;
  const expected = peers.filter(({ node }) => !removed.includes(node) && !strangers.includes(node));
  return absentNodes(expected, now, setup.timers.deadtime);
}

/**
 * [GRP-103] A node that was removed beats: this life of it is told so, and nothing else that it says is listened to. Only by who is in a view
 * with a lease: whoever was away may remember a removal that is over.
 */
export function refuseRemoved(turn: Turn, node: NodeId, life: Incarnation): void {
  const { state, moment } = turn;
  const isInForce = state.phase.kind === "active" && moment.now < state.leaseUntil;
  if (!isInForce || !state.setup.removed.includes(node)) return;
  state.intruders = new Map(state.intruders).set(node, moment.now);
  send(turn, node, { kind: "removed", life });
}

/**
 * [GRP-104] A node of the roster says that this node was removed; it counts when it says so for a deadtime. Of an earlier life it may have
 * been true, and is no longer; and who has just readmitted it may not know yet that it has.
 */
export function onRemoved(turn: Turn, from: NodeId, life: Incarnation): void {
  const { state, moment } = turn;
  if (life !== state.setup.incarnation || peerOf(turn, from) === undefined) return;
  const { refused } = state;
  const { deadtime } = state.setup.timers;
  const isOngoing = refused !== null && isHeardAt(refused.at, moment.now, deadtime);
  state.refused = { by: from, since: isOngoing ? refused.since : moment.now, at: moment.now };
  if (moment.now - state.refused.since >= deadtime) state.removedBy ??= from;
}

/** Removed nodes that were heard within deadtime, sorted. */
export function intrudersOf({ intruders, setup }: GroupState, now: number): readonly NodeId[] {
  if (intruders.size === 0) return [];
  return [...intruders].flatMap(([node, at]) => (isHeardAt(at, now, setup.timers.deadtime) ? [node] : [])).sort();
}
