import { groupFacts, hasLeft, startGroup, stepGroup } from "../../core/group.ts";
import { startArbiterDisk, stepArbiterDisk } from "../../core/quorum/arbiter-disk.ts";
import { foundedWitness, startWitness, stepWitness } from "../../core/quorum/witness.ts";
import { replayDisk } from "../../core/replication/replay-disk.ts";

/** The rules under test. A parameter, so that a mistake can be planted in a copy of them. */
export interface GroupRules {
  readonly startGroup: typeof startGroup;
  readonly stepGroup: typeof stepGroup;
  readonly groupFacts: typeof groupFacts;
  readonly hasLeft: typeof hasLeft;
  readonly replayDisk: typeof replayDisk;
  readonly foundedWitness: typeof foundedWitness;
  readonly startWitness: typeof startWitness;
  readonly stepWitness: typeof stepWitness;
  readonly startArbiterDisk: typeof startArbiterDisk;
  readonly stepArbiterDisk: typeof stepArbiterDisk;
}

/** The rules as they are. */
export const rightRules: GroupRules = {
  startGroup,
  stepGroup,
  groupFacts,
  hasLeft,
  replayDisk,
  foundedWitness,
  startWitness,
  stepWitness,
  startArbiterDisk,
  stepArbiterDisk,
};
