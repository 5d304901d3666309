import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import type { ViewId } from "../../model/view.ts";

/**
 * Votes are counted over the electorate, a replicated list: never over the nodes heard, never over the view. Two electorates that
 * follow each other differ by one vote, so a majority of one always meets a majority of the other.
 */

/** An arbiter's word that `peer` can decide nothing any more, valid for the one log that it was given for. */
export interface Grant {
  readonly peer: NodeId;
  /** The last view this node had installed when it asked. */
  readonly logView: ViewId;
}

/** Who gives its vote. */
export interface Votes {
  readonly present: readonly NodeId[];
  /** The node that asks; a grant can only help an electorate of itself and the granted peer. */
  readonly self: NodeId;
  /** A grant that is valid for the log in question; null when there is none. */
  readonly grant: Grant | null;
}

/** More than half of `voters` is in `present`. */
export function isMajority(voters: readonly NodeId[], present: readonly NodeId[]): boolean {
  let votes = 0;
  for (const voter of voters) if (present.includes(voter)) votes += 1;
  return 2 * votes > voters.length;
}

/** [GRP-33] A majority, or the grant's vote in an electorate of exactly this node and the granted one. */
export function hasVotes(voters: readonly NodeId[], votes: Votes): boolean {
  if (isMajority(voters, votes.present)) return true;
  const { grant, self, present } = votes;
  return (
    grant !== null &&
    voters.length === 2 &&
    voters.includes(self) &&
    voters.includes(grant.peer) &&
    present.includes(self)
  );
}

/**
 * The electorates that must agree to a log: the last one in it, and while that one is not known to be committed, the one before.
 *
 * [GRP-31] The last one may be on some disks only, and then the nodes that do not have it go by the one before.
 *
 * @param electorates of the log, oldest first; the last two are enough
 */
export function countedElectorates(electorates: readonly Electorate[], committed: number): readonly Electorate[] {
  const last = electorates.at(-1);
  if (last === undefined) return [];
  const before = electorates.at(-2);
  return last.index > committed && before !== undefined ? [before, last] : [last];
}

/** [GRP-30] True when every counted electorate gives its votes. A log without an electorate decides nothing. */
export function isQuorate(electorates: readonly Electorate[], committed: number, votes: Votes): boolean {
  const counted = countedElectorates(electorates, committed);
  return counted.length > 0 && counted.every(({ voters }) => hasVotes(voters, votes));
}
