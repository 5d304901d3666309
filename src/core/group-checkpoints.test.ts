import { describe, expect, test } from "vitest";
import {
  aBackupIsKnownByTheCheckpoint,
  aDamagedCheckpointIsNotTaken,
  aJoinerGetsACheckpoint,
  aNewerCheckpointIsRefused,
  anOldSubmissionStaysOld,
  aProposerGetsACheckpoint,
  aRewriteIsWholeOrNotThere,
  aTransferSurvivesItsProposer,
  aTransferSurvivesItsReceiver,
  logsStayShort,
  whoWasAwayTakesTheStateUp,
} from "../sim/group/checkpoint-stories.ts";
import { rightRules } from "../sim/group/group-rules.ts";

describe("stories of trimmed logs", () => {
  test.each([
    ["[GRP-59] a joiner gets a checkpoint part by part, through loss", aJoinerGetsACheckpoint],
    [
      "[GRP-59] a transfer survives the death of its proposer, and nothing of it counts before",
      aTransferSurvivesItsProposer,
    ],
    ["[GRP-59] a transfer survives crashes of its receiver", aTransferSurvivesItsReceiver],
    ["[GRP-59] a proposer gets the checkpoint that the best log begins with", aProposerGetsACheckpoint],
    ["[GRP-58] a rewrite that power loss cuts is whole or not there", aRewriteIsWholeOrNotThere],
    ["[GRP-55, GRP-61] a submission from before a checkpoint is not ordered again", anOldSubmissionStaysOld],
    ["[GRP-55, GRP-8] a backup is found out by what the checkpoint remembers", aBackupIsKnownByTheCheckpoint],
    [
      "[GRP-66] a checkpoint of a newer version is refused, and nobody is disturbed for long",
      aNewerCheckpointIsRefused,
    ],
    ["[GRP-66] a damaged checkpoint is not taken", aDamagedCheckpointIsNotTaken],
    ["[GRP-56] who was away for long takes the state up in one piece", whoWasAwayTakesTheStateUp],
    ["[GRP-57, GRP-58] logs and journals stay short, also while a node is away", logsStayShort],
  ])("%s", (_, story) => {
    expect(story(rightRules)).toEqual([]);
  });
});
