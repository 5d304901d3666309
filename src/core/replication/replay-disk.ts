import type { Checkpoint } from "../../model/checkpoint.ts";
import type { DiskRecord, DiskState } from "../../model/disk.ts";
import { unreachable } from "../../model/unreachable.ts";
import { compareViewIds, noView } from "../../model/view.ts";
import { isCheckpoint } from "./checkpoint-text.ts";
import { appendEntries, cutLog, emptyLog, type Log, logBehind } from "./log.ts";
import { recordBytes } from "./record-bytes.ts";

/** A disk that was never written: it votes for nothing, and is never a founder. */
export const emptyDisk: DiskState = {
  boot: 0,
  promised: noView,
  logView: noView,
  members: [],
  base: 0,
  committed: 0,
  checkpoint: null,
  log: [],
  founding: null,
  isBlank: true,
  grownBytes: 0,
};

type Replay = Omit<DiskState, "log" | "checkpoint"> & { readonly log: Log };

/**
 * What the records of a journal add up to. Called by the daemon at each start.
 *
 * `founded` counts on a blank disk only. It may name several voters and be written on all of them: every one then has the same
 * founding electorate and the same empty log, so their majorities meet. That is safe exactly when it is written once per node,
 * before the first view of the cluster. Written again on a node whose disk was lost later, it would make that node vote although it
 * has forgotten what it acknowledged; and two different lists are two clusters. `hale init` therefore names one node and the others
 * join, which needs no such care.
 *
 * @throws RangeError when the records contradict each other; the journal is then damaged, and the node must start blank
 */
export function replayDisk(records: readonly DiskRecord[]): DiskState {
  let replay: Replay = { ...emptyDisk, log: emptyLog(null) };
  for (const record of records) {
    const grownBytes = record.kind === "log" ? 0 : replay.grownBytes + recordBytes(record);
    replay = { ...replayRecord(replay, record), grownBytes };
  }
  const { checkpoint, trimmed, length } = replay.log;
  return { ...replay, checkpoint, log: replay.log.entries.slice(0, length - trimmed) };
}

/** The fewest records that replay to `disk`: for rewriting a journal that has grown. */
export function diskRecords(disk: DiskState): readonly DiskRecord[] {
  const records: DiskRecord[] = [{ kind: "boot", boot: disk.boot }];
  const { logView, members, base, committed, founding, checkpoint, log } = disk;
  if (compareViewIds(logView, noView) > 0) {
    records.push({ kind: "log", view: logView, members, base, committed, founding, checkpoint, entries: log });
  } else if (founding !== null) records.push({ kind: "founded", voters: founding.voters });
  if (compareViewIds(disk.promised, logView) > 0) records.push({ kind: "promise", promised: disk.promised });
  return records;
}

/** The log that a disk holds. @throws RangeError when it contradicts itself */
export function logOf({ founding, checkpoint, log }: Pick<DiskState, "founding" | "checkpoint" | "log">): Log {
  return appendEntries(checkpoint === null ? emptyLog(founding) : logBehind(checked(checkpoint)), log);
}

function checked(checkpoint: Checkpoint): Checkpoint {
  if (!isCheckpoint(checkpoint))
    throw new RangeError("Cannot replay the checkpoint: a field is missing or of another type");
  return checkpoint;
}

function replayRecord(replay: Replay, record: DiskRecord): Replay {
  switch (record.kind) {
    case "boot":
      return { ...replay, boot: Math.max(replay.boot, record.boot) };
    case "founded": {
      if (!replay.isBlank) return replay;
      const founding = { index: 0, voters: [...record.voters].sort() };
      return { ...replay, founding, log: emptyLog(founding), isBlank: false };
    }
    case "promise":
      return { ...replay, promised: record.promised };
    case "install": {
      const { checkpoint = null } = record;
      const isAnew = checkpoint === null && record.from === 1;
      const founding = isAnew ? { index: 0, voters: record.founding } : checkpoint === null ? replay.founding : null;
      const kept =
        checkpoint === null && !isAnew ? cutLog(replay.log, record.from - 1) : logOf({ founding, checkpoint, log: [] });
      const log = appendEntries(kept, record.entries);
      if (log.length !== record.base) {
        throw new RangeError(
          `Cannot replay view ${record.view.counter}: log ends at ${log.length}, wants ${record.base}`,
        );
      }
      const committed = Math.max(replay.committed, record.committed);
      const { view, members, base } = record;
      return {
        ...replay,
        promised: later(replay.promised, view),
        logView: view,
        members,
        base,
        committed,
        founding,
        log,
        isBlank: false,
      };
    }
    case "append":
      return { ...replay, log: appendEntries(replay.log, record.entries) };
    case "committed":
      return { ...replay, committed: Math.min(Math.max(replay.committed, record.committed), replay.log.length) };
    case "log": {
      const { view, members, base, committed, founding, entries } = record;
      const log = logOf({ founding, checkpoint: record.checkpoint, log: entries });
      const promised = later(replay.promised, view);
      return { ...replay, promised, logView: view, members, base, committed, founding, log, isBlank: false };
    }
    case "distrusted":
      return { ...emptyDisk, boot: replay.boot, promised: replay.promised, log: emptyLog(null) };
    default:
      return unreachable(record);
  }
}

function later(promised: DiskState["promised"], view: DiskState["promised"]): DiskState["promised"] {
  return compareViewIds(promised, view) < 0 ? view : promised;
}
