import { replayDisk } from "../core/replication/replay-disk.ts";
import { bootAboveOf, configOf, snapshotOf, startCore, stepCore, whyOf } from "../core/step.ts";
import type { Rules } from "./setup.ts";

/** The rules of hale. */
export const coreRules: Rules = { replayDisk, startCore, stepCore, snapshotOf, whyOf, configOf, bootAboveOf };
