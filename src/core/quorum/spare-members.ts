import type { NodeId } from "../../model/ids.ts";
import { evenFellow, isMajority } from "./votes.ts";

/**
 * The members of a view that it can lose and be quorate without, in the order of `members`.
 *
 * @param voters the last electorate
 * @param members of the view
 * @param others voters beside the members that would give their votes: a witness that is heard
 * @param isFencing the arbiter is a fence: of two nodes with as many votes, each may go on without the other
 */
export function spareMembers(
  voters: readonly NodeId[],
  members: readonly NodeId[],
  others: readonly NodeId[],
  isFencing: boolean,
): readonly NodeId[] {
  return members.filter((member) => {
    const rest = members.filter((other) => other !== member);
    const isRival = isFencing && rest.some((other) => evenFellow(voters, other) === member);
    return isRival || isMajority(voters, [...rest, ...others]);
  });
}
