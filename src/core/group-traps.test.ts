import { describe, expect, test } from "vitest";
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
});
