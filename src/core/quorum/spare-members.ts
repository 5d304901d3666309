import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { GroupFacts } from "../../model/group-facts.ts";
import type { NodeId } from "../../model/ids.ts";
import { evenFellow, isMajority } from "./votes.ts";

/**
 * [FEN-20] The members that the view can lose and be quorate without; none without a view.
 *
 * @param off members whose fence was confirmed: they are about to go from the view, or live on with a device that lies, and nobody
 *   counts on them
 */
export function spareMembers(
  { electorate, view, witness }: Pick<GroupFacts, "electorate" | "view" | "witness">,
  arbiter: QuorumConfig["kind"],
  off: readonly NodeId[],
): readonly NodeId[] {
  const { voters } = electorate;
  const members = view?.members.map(({ node }) => node).filter((node) => !off.includes(node)) ?? [];
  const others = witness?.isHeard === true && witness.id !== null ? [witness.id] : [];
  return members.filter((member) => {
    const rest = members.filter((other) => other !== member);
    // Of two nodes with as many votes and a fence for an arbiter, each may go on without the other.
    const isRival = arbiter === "fencing" && rest.some((other) => evenFellow(voters, other) === member);
    return isRival || isMajority(voters, [...rest, ...others]);
  });
}
