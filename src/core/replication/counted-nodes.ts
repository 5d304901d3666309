import { isWitness, type NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { countedElectorates, differentVoters } from "../quorum/votes.ts";
import type { GroupState } from "./group-state.ts";

/** Those whose votes count by the log as it is: of the last electorate, and of the one before while that one is not known to be committed. */
export function countedNodes({ log, committed }: Pick<GroupState, "log" | "committed">): readonly NodeId[] {
  const counted = countedElectorates(log.electorates, committed);
  const [only] = counted;
  return only === undefined || counted.length > 1 ? nodesOf(counted) : nodesOfOne(only);
}

const known = new WeakMap<Electorate, readonly NodeId[]>();

/** Asked for in each step, and the same for as long as nobody's vote changes. */
function nodesOfOne(electorate: Electorate): readonly NodeId[] {
  const nodes = known.get(electorate) ?? nodesOf([electorate]);
  known.set(electorate, nodes);
  return nodes;
}

function nodesOf(electorates: readonly Electorate[]): readonly NodeId[] {
  const voters = electorates.flatMap((electorate) => electorate.voters);
  return differentVoters(voters.filter((voter) => !isWitness(voter)));
}
