import type { NodeId } from "../../model/ids.ts";
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
 * [GRP-32] True when the electorate may become `voters` now: nothing pending, no blank voter, one vote of difference, and the view a
 * majority of the old and of the new one.
 */
export function mayBecome(voters: readonly NodeId[], situation: ElectorateSituation): boolean {
  const present = situation.electorates.at(-1)?.voters;
  if (present === undefined || voters.length === 0) return false;
  if (isChangePending(situation) || situation.hasBlankVoter) return false;
  const differing = differences(present, voters) + differences(voters, present);
  return differing <= 1 && isMajority(present, situation.members) && isMajority(voters, situation.members);
}

/** The electorate with the first member that has no vote yet, when there is one and the change is allowed. */
export function withNextMember(situation: ElectorateSituation): readonly NodeId[] | null {
  const present = situation.electorates.at(-1)?.voters;
  const member = situation.members.find((node) => present !== undefined && !present.includes(node));
  if (present === undefined || member === undefined) return null;
  const voters = [...present, member].sort();
  return mayBecome(voters, situation) ? voters : null;
}

/**
 * The electorate after a clean leave: without the leaver, or unchanged when it is the last voter, has no vote, or the rest of the view
 * would not be a majority (then its vote stays, and the cluster counts it as absent).
 */
export function withoutLeaver(leaver: NodeId, situation: ElectorateSituation): readonly NodeId[] {
  const present = situation.electorates.at(-1)?.voters ?? [];
  const voters = present.filter((voter) => voter !== leaver);
  return mayBecome(voters, situation) ? voters : present;
}

function differences(some: readonly NodeId[], others: readonly NodeId[]): number {
  return some.filter((node) => !others.includes(node)).length;
}
