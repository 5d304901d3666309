import { isWitness, type NodeId } from "../../model/ids.ts";
import { countedElectorates, differentVoters } from "../quorum/votes.ts";
import type { GroupState } from "./group-state.ts";

/** Those whose votes count by the log as it is: of the last electorate, and of the one before while that one is not known to be committed. */
export function countedNodes({ log, committed }: Pick<GroupState, "log" | "committed">): readonly NodeId[] {
  const voters = countedElectorates(log.electorates, committed).flatMap((electorate) => electorate.voters);
  return differentVoters(voters.filter((voter) => !isWitness(voter)));
}
