import {
  bootAboveOf,
  configOf,
  decisionsOf,
  diskOf,
  fencesOf,
  previewOf,
  replayCoreDisk,
  rosterOf,
  snapshotOf,
  startCore,
  stepCore,
  whyOf,
} from "../core/step.ts";
import type { Rules } from "./setup.ts";

/** The rules of hale. */
export const coreRules: Rules = {
  replayDisk: replayCoreDisk,
  startCore,
  stepCore,
  snapshotOf,
  whyOf,
  fencesOf,
  previewOf,
  decisionsOf,
  configOf,
  rosterOf,
  bootAboveOf,
  diskOf,
};
