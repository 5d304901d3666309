import type { NodeId } from "../../model/ids.ts";
import type { InstantMs } from "../../model/units.ts";
import { hearingOf, isHeard, isTwoWay, type Peer } from "./peer.ts";

/**
 * Who should propose the next view: whoever hears most nodes both ways, then the first by name.
 *
 * Everyone judges from its own heartbeats, so two nodes may disagree for a moment. Then both propose (the greater id wins, the
 * other aborts and waits a random time) or none does (the next in rank proposes after its fallback time). Neither lasts, so the
 * best may propose at once, without the random wait of Raft: that is what makes a takeover cost the deadtime and a few ms.
 */
export interface Candidacy {
  readonly self: NodeId;
  /** Position of the own name. */
  readonly rank: number;
  /** Every other configured node. */
  readonly peers: readonly Peer[];
  readonly now: InstantMs;
  readonly deadtimeMs: number;
  readonly keepaliveMs: number;
  /** Nodes that cannot or should not propose although heard: slow ones, blank ones, one that is being fenced. */
  isExcluded(peer: Peer): boolean;
}

/** [GRP-21] True when no node heard both ways is a better proposer than this one. */
export function isBestCandidate(candidacy: Candidacy): boolean {
  const { peers, now, deadtimeMs, rank } = candidacy;
  const twoWay = peers.filter((peer) => isTwoWay(peer, now, deadtimeMs));
  const reach = 1 + twoWay.length;
  return !twoWay.some((peer) => {
    if (candidacy.isExcluded(peer)) return false;
    const theirs = reachOf(peer, candidacy);
    return theirs > reach || (theirs === reach && peer.rank < rank);
  });
}

/**
 * How many nodes `peer` hears both ways, itself included, as far as this node can tell.
 *
 * A claim about a node that we hear is checked against what that node says. A claim about one that we do not hear is believed (a
 * centre hears nodes that do not hear each other), but not while its death is fresh: the claim is then older than our knowledge,
 * and waiting for it to be corrected would add a keepalive to every takeover.
 */
function reachOf(peer: Peer, candidacy: Candidacy): number {
  const { peers, self, now, deadtimeMs, keepaliveMs } = candidacy;
  let reach = 1;
  for (const hearing of peer.beat?.hears ?? []) {
    if (!hearing.isHeard) continue;
    if (hearing.node === self) {
      reach += 1;
      continue;
    }
    const other = peers.find(({ node }) => node === hearing.node);
    if (other === undefined || (other.gone !== null && other.gone === hearing.incarnation)) continue;
    if (isHeard(other, now, deadtimeMs)) {
      if (other.beat !== null && hearingOf(other.beat, peer.node)?.isHeard === true) reach += 1;
    } else if (now - other.heardAt > deadtimeMs + 2 * keepaliveMs) reach += 1;
  }
  return reach;
}
