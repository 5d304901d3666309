import { isWitness, type NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { isMajority } from "./votes.ts";

/** What a coordinator knows when it thinks of changing the electorate. */
export interface ElectorateSituation {
  /** Of the log, oldest first. */
  readonly electorates: readonly Electorate[];
  readonly committed: number;
  /** Members of the present view, sorted. */
  readonly members: readonly NodeId[];
  /** A voter in the view says that it is blank: its disk cannot yet carry a change. */
  readonly hasBlankVoter: boolean;
}

/** True while a change of the electorate is in the log and not known to be committed. */
export function isChangePending({ electorates, committed }: ElectorateSituation): boolean {
  return (electorates.at(-1)?.index ?? 0) > committed;
}

/**
 * [GRP-32] True when the electorate may become `voters` now: nothing pending, no blank voter, one node of difference, and the view a
 * majority of the old and of the new one by its nodes alone.
 *
 * The witness may come and go with it: what decides is that whoever can act by either list needs somebody of this view, who has the
 * entry, or the witness, which gives its vote to no log that lacks it.
 */
export function mayBecome(voters: readonly NodeId[], situation: ElectorateSituation): boolean {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined || voters.length === 0) return false;
  if (isChangePending(situation) || situation.hasBlankVoter) return false;
  const [before, after] = [nodesOf(present), nodesOf(voters)];
  const differing = differences(before, after) + differences(after, before);
  return differing <= 1 && isMajority(present, situation.members) && isMajority(voters, situation.members);
}

/** The electorate with the first member that has no vote yet, when there is one and the change is allowed. */
export function withNextMember(situation: ElectorateSituation): readonly NodeId[] | null {
  const present = situation.electorates.at(-1)?.voters;
  const member = situation.members.find((node) => present !== undefined && !present.includes(node));
  if (present === undefined || member === undefined) return null;
  const voters = fitted([...nodesOf(present), member], witnessOf(present));
  return mayBecome(voters, situation) ? voters : null;
}

/**
 * The electorate after a clean leave: without the leaver, or unchanged when it is the last voter, has no vote, or the rest of the view
 * would not be a majority (then its vote stays, and the cluster counts it as absent).
 */
export function withoutLeaver(leaver: NodeId, situation: ElectorateSituation): readonly NodeId[] {
  const present = situation.electorates.at(-1)?.voters ?? [];
  const voters = fitted(
    nodesOf(present).filter((voter) => voter !== leaver),
    witnessOf(present),
  );
  return mayBecome(voters, situation) ? voters : present;
}

/**
 * The electorate with the vote of the witness as it should be, when that is not as it is and may be changed now.
 *
 * @param wanted the disk of the witness to count; null when there is to be none
 */
export function withWitness(wanted: NodeId | null, situation: ElectorateSituation): readonly NodeId[] | null {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined) return null;
  const voters = fitted(nodesOf(present), wanted);
  return witnessOf(voters) !== witnessOf(present) && mayBecome(voters, situation) ? voters : null;
}

/** The witness among the voters. */
export function witnessOf(voters: readonly NodeId[]): NodeId | null {
  return voters.find(isWitness) ?? null;
}

/** [GRP-88] A witness has a vote where the number of nodes is even, and so can be halved; with an odd one it could only do harm. */
function fitted(nodes: readonly NodeId[], witness: NodeId | null): readonly NodeId[] {
  const isEven = nodes.length > 0 && nodes.length % 2 === 0;
  return [...nodes, ...(isEven && witness !== null ? [witness] : [])].sort();
}

function nodesOf(voters: readonly NodeId[]): readonly NodeId[] {
  return voters.filter((voter) => !isWitness(voter));
}

function differences(some: readonly NodeId[], others: readonly NodeId[]): number {
  return some.filter((node) => !others.includes(node)).length;
}
