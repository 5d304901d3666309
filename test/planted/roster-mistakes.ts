import {
  aNeededWitnessIsAsked,
  anOldRemovalSendsNobodyAway,
  aRemovalInALostTail,
  aRemovedCoordinatorGoes,
  aRemovedNodeEnds,
  aStrangerIsNotAwaited,
  aStrangerWaits,
  aVoteHalfWithdrawn,
  votesGoOneByOne,
} from "../../src/sim/group/roster-stories.ts";
import type { DirectedMistake } from "./directed-mistakes.ts";
import { patch } from "./plant-mistake.ts";

const followRoster = "replication/follow-roster.ts";
const electorateChange = "quorum/electorate-change.ts";

/** Mistakes about nodes that come and go, each with the story that finds it. */
export const rosterMistakes: readonly DirectedMistake[] = [
  {
    name: "a node without a view tells who was removed",
    story: anOldRemovalSendsNobodyAway,
    patches: [patch(followRoster, "if (!isInForce || !state", "if ((!isInForce && state.phase === null) || !state")],
  },
  {
    name: "a witness that is not configured any more is not asked, though its vote counts",
    story: aNeededWitnessIsAsked,
    patches: [patch("replication/ask-witness.ts", ".some(({ voters }) => voters.some(isWitness));", ".length === 0;")],
  },
  {
    name: "a node without a configured witness hears none",
    story: aNeededWitnessIsAsked,
    patches: [patch("replication/on-grant.ts", "!isWitnessAsked(state)", 'setup.quorum.kind === "majority"')],
  },
  {
    name: "a view is proposed with a node of the own file alone",
    story: aStrangerWaits,
    patches: [patch("replication/turn.ts", ".filter((peer) => !isStranger(turn.state, peer.node))", "")],
  },
  {
    name: "a node of the own file alone is waited for",
    story: aStrangerIsNotAwaited,
    patches: [patch(followRoster, " && !strangers.includes(node)", "")],
  },
  {
    name: "a removed node is not heard though its vote counts",
    story: aRemovalInALostTail,
    patches: [patch(followRoster, "[...listed, ...unlisted]", "listed")],
  },
  {
    name: "a removed node is heard when it has no vote any more",
    story: aRemovedNodeEnds,
    patches: [patch("group.ts", "  hearVoters(turn);\n", "")],
  },
  {
    name: "whose vote is withdrawn by an entry that may be lost is not heard",
    story: aVoteHalfWithdrawn,
    patches: [
      patch(
        "replication/counted-nodes.ts",
        "countedElectorates(log.electorates, committed)",
        "countedElectorates(log.electorates, committed + log.length)",
      ),
    ],
  },
  {
    name: "a removed coordinator keeps its vote",
    story: aRemovedCoordinatorGoes,
    patches: [
      patch(followRoster, "roster.removed.toSorted()", "roster.removed.filter((node) => node !== self).toSorted()"),
    ],
  },
  {
    name: "a removed node is heard",
    story: aRemovedNodeEnds,
    patches: [
      patch(
        followRoster,
        "[...new Set([...roster.nodes, self])]",
        "[...new Set([...roster.nodes, ...roster.removed, self])]",
      ),
    ],
  },
  {
    name: "a removed node keeps its vote",
    story: votesGoOneByOne,
    patches: [
      patch(
        "replication/group-state.ts",
        "if (removed.includes(node)) return 0;",
        "if (removed.includes(node)) return has;",
      ),
    ],
  },
  {
    name: "all removed nodes lose their votes at once",
    story: votesGoOneByOne,
    patches: [
      patch(electorateChange, "(voter) => voter !== node);", "(voter) => voter !== node && wantedOf(voter) > 0);"),
      patch(electorateChange, "changed.length <= 1", "changed.length <= 2"),
    ],
  },
];
