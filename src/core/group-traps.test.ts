import { describe, expect, test } from "vitest";
import {
  anInstallationIsForOneLife,
  aPauseCostsNoView,
  aPauseDoesNotLoseTheWitness,
} from "../sim/group/life-stories.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import {
  aMemberEntersItsViewAgain,
  aRebootedNodeDoesNotRace,
  aDoomedProposerBacksOff,
  whatWasCommittedIsInTheNextView,
} from "../sim/group/trap-stories.ts";

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

  test("[GRP-4, GRP-87] nor is a witness taken for silent that this node did not listen to", () => {
    expect(aPauseDoesNotLoseTheWitness(rightRules)).toEqual([]);
  });

  test("[GRP-13] an installation for a former life is ignored, though this life has promised the same view", () => {
    expect(anInstallationIsForOneLife(rightRules)).toEqual([]);
  });
});
