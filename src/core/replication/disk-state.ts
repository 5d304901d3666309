import type { DiskState } from "../../model/disk.ts";
import { bootOf } from "../../model/incarnation.ts";
import type { GroupState } from "./group-state.ts";
import { entriesBetween } from "./log.ts";
import { emptyDisk } from "./replay-disk.ts";

/** What the disk holds when everything asked for is written. A disk that is distrusted holds its boot counter and its promise. */
export function diskStateOf(state: GroupState): DiskState {
  const { log, promised, logView, viewMembers, base, committed } = state;
  const boot = bootOf(state.setup.incarnation);
  if (state.isBlank) return { ...emptyDisk, boot, promised };
  const founding = log.checkpoint === null ? (log.electorates[0] ?? null) : null;
  return {
    boot,
    promised,
    logView,
    members: viewMembers,
    base,
    committed,
    checkpoint: log.checkpoint,
    log: entriesBetween(log, log.trimmed + 1, log.length),
    founding,
    isBlank: false,
    grownBytes: 0,
  };
}
