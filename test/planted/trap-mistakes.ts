import { aLeaverFencesWhoItLeaves, noVoteChangesBesideABlankVoter } from "../../src/sim/group/electorate-stories.ts";
import { oldEchoesGiveNoLease } from "../../src/sim/group/life-stories.ts";
import {
  aDuplicateIsNotOnDisk,
  aPromiseIsNoInstallation,
  aPromiseMakesNoLogNewer,
  slowDisksAreWaitedFor,
  whatOneLacksIsNotDelivered,
} from "../../src/sim/group/log-stories.ts";
import {
  aBackupDoesNotVote,
  aChangeInFlightIsCountedBothWays,
  aTailWaitsForTheStart,
  aTargetStaysOutside,
  type Story,
} from "../../src/sim/group/stories.ts";
import { aRebootedNodeDoesNotRace } from "../../src/sim/group/trap-stories.ts";
import { aGrantOutlivesTheWitness } from "../../src/sim/group/witness-stories.ts";
import type { DirectedMistake } from "./directed-mistakes.ts";
import { patchesOf } from "./mistakes.ts";
import { patch } from "./plant-mistake.ts";

/** A mistake that seeds find, and the story of the trap. */
function alsoTold(name: string, story: Story): DirectedMistake {
  return { name, story, patches: patchesOf(name) };
}

/** Traps of docs/traps.md into which seeds step as well, or of which only the story is new: the others are in directed-mistakes.ts. */
export const trapMistakes: readonly DirectedMistake[] = [
  alsoTold("acknowledged from memory, not from disk", aDuplicateIsNotOnDisk),
  alsoTold("delivered at a majority of acknowledgements", whatOneLacksIsNotDelivered),
  alsoTold("the log is chosen by the highest promise", aPromiseMakesNoLogNewer),
  alsoTold("a promise is forgotten by a reboot", aPromiseIsNoInstallation),
  alsoTold("sent before it is on disk", slowDisksAreWaitedFor),
  alsoTold("a blank node votes", aBackupDoesNotVote),
  alsoTold("the witness forgets the view it granted", aGrantOutlivesTheWitness),
  alsoTold("the lease runs from the arrival of heartbeats", oldEchoesGiveNoLease),
  alsoTold("a node that rebooted fences for quorum", aRebootedNodeDoesNotRace),
  alsoTold("the peer is taken in while its fence is in flight", aTargetStaysOutside),
  alsoTold("the tail is delivered at the installation", aTailWaitsForTheStart),
  alsoTold("an electorate in flight is counted alone", aLeaverFencesWhoItLeaves),
  alsoTold("many votes at once count before they are committed", aChangeInFlightIsCountedBothWays),
  {
    name: "a promise on disk is read as an installation",
    story: aPromiseIsNoInstallation,
    patches: [
      patch(
        "replication/replay-disk.ts",
        "return { ...replay, promised: record.promised };",
        "return { ...replay, promised: record.promised, logView: record.promised };",
      ),
    ],
  },
  {
    name: "votes change beside a blank voter",
    story: noVoteChangesBesideABlankVoter,
    patches: [
      patch(
        "quorum/electorate-change.ts",
        "if (isChangePending(situation) || situation.hasBlankVoter) return false;",
        "if (isChangePending(situation)) return false;",
      ),
    ],
  },
];
