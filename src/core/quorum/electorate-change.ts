import { isWitness, type NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { differentVoters, isMajority, votesOf } from "./votes.ts";

/** What a coordinator knows when it thinks of changing the electorate. */
export interface ElectorateSituation {
  /** Of the log, oldest first. */
  readonly electorates: readonly Electorate[];
  readonly committed: number;
  /** Members of the present view, sorted. */
  readonly members: readonly NodeId[];
  /** A voter in the view says that it is blank: its disk cannot yet carry a change. */
  readonly hasBlankVoter: boolean;
  /** The disk of the witness that is to have a vote where there is one to have; null when none is. */
  readonly witness: NodeId | null;
}

/** True while a change of the electorate is in the log and not known to be committed. */
export function isChangePending({ electorates, committed }: ElectorateSituation): boolean {
  return (electorates.at(-1)?.index ?? 0) > committed;
}

/**
 * [GRP-32] True when the electorate may become `voters` now: nothing pending, no blank voter, the votes of one node changed, and the
 * view a majority of the old and of the new one by its nodes alone.
 *
 * By how many votes, and whether the witness comes or goes with it, does not matter, though majorities of the two lists need not meet
 * then. What decides is that nobody goes by the new list alone before every node of this view has the entry on disk. From then on
 * whoever can act by the old list needs somebody of this view, who has the entry, or the witness, which gives its vote to no log that
 * lacks it; and until then both lists count, of which the old one has its own majority.
 */
export function mayBecome(voters: readonly NodeId[], situation: ElectorateSituation): boolean {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined || voters.length === 0) return false;
  if (isChangePending(situation) || situation.hasBlankVoter) return false;
  const changed = differentVoters([...present, ...voters]).filter(
    (voter) => !isWitness(voter) && votesOf(present, voter) !== votesOf(voters, voter),
  );
  return changed.length <= 1 && isMajority(present, situation.members) && isMajority(voters, situation.members);
}

/** A change of one node's votes. */
export interface VoteChange {
  readonly node: NodeId;
  readonly votes: number;
  readonly voters: readonly NodeId[];
}

/**
 * The next step towards the votes that every node is to have: the first change, by name, that is allowed now. A node that is not in
 * the view may lose votes, but gets none before it is back.
 *
 * @param wantedOf votes by the configuration
 */
export function nextVoteChange(wantedOf: (node: NodeId) => number, situation: ElectorateSituation): VoteChange | null {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined) return null;
  for (const node of differentVoters([...nodesOf(present), ...situation.members]).toSorted()) {
    const has = votesOf(present, node);
    const votes = situation.members.includes(node) ? wantedOf(node) : Math.min(has, wantedOf(node));
    if (votes === has) continue;
    const others = nodesOf(present).filter((voter) => voter !== node);
    const voters = fitted([...others, ...Array.from({ length: votes }, () => node)], witnessAt(situation));
    if (mayBecome(voters, situation)) return { node, votes, voters };
  }
  return null;
}

/**
 * The electorate after a clean leave: without the leaver's votes, or unchanged when it is the last voter, has no vote, or the rest of the view
 * would not be a majority (then its vote stays, and the cluster counts it as absent).
 */
export function withoutLeaver(leaver: NodeId, situation: ElectorateSituation): readonly NodeId[] {
  const present = situation.electorates.at(-1)?.voters ?? [];
  const voters = fitted(
    nodesOf(present).filter((voter) => voter !== leaver),
    witnessAt(situation),
  );
  return mayBecome(voters, situation) ? voters : present;
}

/** The electorate with the vote of the witness as it should be, when that is not as it is and may be changed now. */
export function withWitness(situation: ElectorateSituation): readonly NodeId[] | null {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined) return null;
  const voters = fitted(nodesOf(present), situation.witness);
  return witnessOf(voters) !== witnessOf(present) && mayBecome(voters, situation) ? voters : null;
}

/** The witness among the voters. */
export function witnessOf(voters: readonly NodeId[]): NodeId | null {
  return voters.find(isWitness) ?? null;
}

/**
 * [GRP-88] The witness that a change of a node's votes brings along: in a change of its own it would come later, and between the two the
 * nodes have no one to go on with when one of them dies.
 */
function witnessAt({ electorates, witness }: ElectorateSituation): NodeId | null {
  return witnessOf(electorates.at(-1)?.voters ?? []) ?? witness;
}

/** [GRP-88] A witness has a vote where the number of votes is even, and so can be halved; with an odd one it could only do harm. */
function fitted(nodes: readonly NodeId[], witness: NodeId | null): readonly NodeId[] {
  const isEven = nodes.length > 0 && nodes.length % 2 === 0;
  return [...nodes, ...(isEven && witness !== null ? [witness] : [])].sort();
}

/** The votes of nodes, without the witness's. */
function nodesOf(voters: readonly NodeId[]): readonly NodeId[] {
  return voters.filter((voter) => !isWitness(voter));
}
