import { describe, expect, test } from "vitest";
import { aLeaverFencesWhoItLeaves, noVoteChangesBesideABlankVoter } from "../sim/group/electorate-stories.ts";
import {
  anInstallationIsForOneLife,
  aPauseAsksForNoFence,
  aPauseCostsNoView,
  aPauseDoesNotLoseTheWitness,
  oldEchoesGiveNoLease,
} from "../sim/group/life-stories.ts";
import {
  aDuplicateIsNotOnDisk,
  aPromiseIsNoInstallation,
  aPromiseMakesNoLogNewer,
  whatOneLacksIsNotDelivered,
} from "../sim/group/log-stories.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import {
  aMemberEntersItsViewAgain,
  aRebootedNodeDoesNotRace,
  aDoomedProposerBacksOff,
  whatWasCommittedIsInTheNextView,
} from "../sim/group/trap-stories.ts";
import { aGrantOutlivesTheWitness } from "../sim/group/witness-stories.ts";

// Goal: the traps that random seeds rarely step into. docs/traps.md lists all of them.

describe("traps", () => {
  test("[GRP-62] after a promise to a proposer outside the view, nothing of that view is acknowledged", () => {
    expect(whatWasCommittedIsInTheNextView(rightRules)).toEqual([]);
  });

  test("[GRP-14] a member that was cut off for a moment enters its view again", () => {
    expect(aMemberEntersItsViewAgain(rightRules)).toEqual([]);
  });

  test("[GRP-31, GRP-16] who cannot win for now asks less and less often", () => {
    expect(aDoomedProposerBacksOff(rightRules)).toEqual([]);
  });

  test("[GRP-34] a node that rebooted does not fence for quorum", () => {
    expect(aRebootedNodeDoesNotRace(rightRules)).toEqual([]);
  });

  test("[GRP-4] a loop that stood still reads what waited before it judges: no view is left", () => {
    expect(aPauseCostsNoView(rightRules)).toEqual([]);
  });

  test("[GRP-4] nor is a fence asked for before that is read", () => {
    expect(aPauseAsksForNoFence(rightRules)).toEqual([]);
  });

  test("[GRP-4, GRP-87] nor is a witness taken for silent that this node did not listen to", () => {
    expect(aPauseDoesNotLoseTheWitness(rightRules)).toEqual([]);
  });

  test("[GRP-13] an installation for a former life is ignored, though this life has promised the same view", () => {
    expect(anInstallationIsForOneLife(rightRules)).toEqual([]);
  });

  test("[GRP-62] a duplicate of an entry that is on its way to the disk is not acknowledged for it", () => {
    expect(aDuplicateIsNotOnDisk(rightRules)).toEqual([]);
  });

  test("[GRP-60] what one member lacks is not delivered, whoever else has it", () => {
    expect(whatOneLacksIsNotDelivered(rightRules)).toEqual([]);
  });

  test("[GRP-50] a log is not newer for what its node has promised since", () => {
    expect(aPromiseMakesNoLogNewer(rightRules)).toEqual([]);
  });

  test("[GRP-12, GRP-50] a promise on disk is no installation for the next life", () => {
    expect(aPromiseIsNoInstallation(rightRules)).toEqual([]);
  });

  test("[GRP-80, GRP-81] a witness that was restarted knows which view it helped to install", () => {
    expect(aGrantOutlivesTheWitness(rightRules)).toEqual([]);
  });

  test("[GRP-40] heartbeats that waited through a pause give no lease", () => {
    expect(oldEchoesGiveNoLease(rightRules)).toEqual([]);
  });

  test("[GRP-31, GRP-34] one of two goes on by no change that a leaver, who fences it, has not heard of", () => {
    expect(aLeaverFencesWhoItLeaves(rightRules)).toEqual([]);
  });

  test("[GRP-32] nobody's vote is withdrawn beside a voter that has just found itself blank", () => {
    expect(noVoteChangesBesideABlankVoter(rightRules)).toEqual([]);
  });
});
