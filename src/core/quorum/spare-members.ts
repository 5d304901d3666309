import type { NodeId } from "../../model/ids.ts";
import { isMajority } from "./votes.ts";

/**
 * The members of a view that it can lose and be quorate without, in the order of `members`.
 *
 * @param voters the last electorate
 * @param members of the view
 * @param others voters beside the members that would give their votes: a witness that is heard
 * @param isFencing two nodes whose arbiter is a fence: each may go on without the other
 */
export function spareMembers(
  voters: readonly NodeId[],
  members: readonly NodeId[],
  others: readonly NodeId[],
  isFencing: boolean,
): readonly NodeId[] {
  if (isFencing && voters.length === 2) return members;
  return members.filter((member) => isMajority(voters, [...members.filter((other) => other !== member), ...others]));
}
