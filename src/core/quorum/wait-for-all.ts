import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { InstantMs } from "../../model/units.ts";
import { isTwoWay, type Peer } from "../membership/peer.ts";

/**
 * After all nodes were off, a majority that comes up first may go on: logs and promises are on disk, so it has everything that was
 * decided. What it cannot know is whether the absent ones are lost or only slower to boot, and when `initdead` has run out it fences
 * them. Who would rather wait than have that says `wait-for-all`: a cluster that was off begins whole, or not at all.
 *
 * It is a matter of who may propose, not of whose votes count: a node that was in a view in this life has seen the cluster begin, and so
 * has one that has heard everybody at one moment since its start. Others wait, and are taken in by those.
 */
export interface Beginning {
  readonly quorum: QuorumConfig;
  /** In this life. */
  readonly hasBeenInView: boolean;
  /** Every other configured node was heard both ways at one moment of this life. */
  readonly hasSeenAll: boolean;
}

/** [GRP-44] This node may propose a view. */
export function hasBegun({ quorum, hasBeenInView, hasSeenAll }: Beginning): boolean {
  return quorum.waitForAll !== true || hasBeenInView || hasSeenAll;
}

/** The nodes that are not there, of all others that are configured. */
export function absentNodes(peers: readonly Peer[], now: InstantMs, deadtimeMs: number): readonly NodeId[] {
  return peers.filter((peer) => !isTwoWay(peer, now, deadtimeMs)).map(({ node }) => node);
}
