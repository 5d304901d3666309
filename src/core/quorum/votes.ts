import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import type { ViewId } from "../../model/view.ts";

/**
 * Votes are counted over the electorate, a replicated list: never over the nodes heard, never over the view.
 *
 * The list holds a name for each vote, so a node with three votes stands in it three times, and one without is not in it. Everything
 * that counts names counts votes: more than half of the list is a majority, whoever has the votes, and any two majorities share one.
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

/** How many of these votes are the node's. */
export function votesOf(voters: readonly NodeId[], node: NodeId): number {
  let votes = 0;
  for (const voter of voters) if (voter === node) votes += 1;
  return votes;
}

/** Everyone who has a vote, once. */
export function differentVoters(voters: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(voters)];
}

/** For people: `a (2 votes), b`. */
export function votersText(voters: readonly NodeId[]): string {
  const named = (voter: NodeId): string => {
    const votes = votesOf(voters, voter);
    return votes === 1 ? voter : `${voter} (${votes} votes)`;
  };
  return differentVoters(voters).map(named).join(", ");
}

/** The other one, where exactly two vote and have as many votes as each other, so that neither decides alone; else null. */
export function evenFellow(voters: readonly NodeId[], self: NodeId): NodeId | null {
  const others = voters.filter((voter) => voter !== self);
  const [fellow] = others;
  const isEven = 2 * others.length === voters.length && others.every((voter) => voter === fellow);
  return isEven && fellow !== undefined ? fellow : null;
}

/** The votes of those in `present` are more than half of all. */
export function isMajority(voters: readonly NodeId[], present: readonly NodeId[]): boolean {
  let votes = 0;
  for (const voter of voters) if (present.includes(voter)) votes += 1;
  return 2 * votes > voters.length;
}

/** [GRP-33] A majority, or the grant's votes in an electorate of exactly this node and the granted one, with as many votes each. */
export function hasVotes(voters: readonly NodeId[], votes: Votes): boolean {
  if (isMajority(voters, votes.present)) return true;
  const { grant, self, present } = votes;
  return grant !== null && present.includes(self) && evenFellow(voters, self) === grant.peer;
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
