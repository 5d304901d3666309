import type { DiskRecord, DiskState } from "../../model/disk.ts";
import { unreachable } from "../../model/unreachable.ts";
import { compareViewIds, noView } from "../../model/view.ts";
import { appendEntries, cutLog, emptyLog, type Log } from "./log.ts";

/** A disk that was never written: it votes for nothing, and is never a founder. */
export const emptyDisk: DiskState = {
  boot: 0,
  promised: noView,
  logView: noView,
  members: [],
  base: 0,
  committed: 0,
  log: [],
  founding: null,
  isBlank: true,
};

type Replay = Omit<DiskState, "log"> & { readonly log: Log };

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
  for (const record of records) replay = replayRecord(replay, record);
  return { ...replay, log: replay.log.entries.slice(0, replay.log.length) };
}

/** The fewest records that replay to `disk`: for rewriting a journal that has grown. */
export function diskRecords(disk: DiskState): readonly DiskRecord[] {
  const records: DiskRecord[] = [{ kind: "boot", boot: disk.boot }];
  if (disk.founding !== null && disk.base === 0) records.push({ kind: "founded", voters: disk.founding.voters });
  if (disk.base > 0) {
    records.push({
      kind: "install",
      view: disk.logView,
      members: disk.members,
      base: disk.base,
      committed: Math.min(disk.committed, disk.base),
      founding: disk.founding?.voters ?? [],
      from: 1,
      entries: disk.log.slice(0, disk.base),
    });
  }
  if (compareViewIds(disk.promised, noView) > 0) records.push({ kind: "promise", promised: disk.promised });
  if (disk.log.length > disk.base) records.push({ kind: "append", entries: disk.log.slice(disk.base) });
  if (disk.committed > 0) records.push({ kind: "committed", committed: disk.committed });
  return records;
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
      const founding = { index: 0, voters: record.founding };
      const kept = record.from === 1 ? emptyLog(founding) : cutLog(replay.log, record.from - 1);
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
    case "distrusted":
      return { ...emptyDisk, boot: replay.boot, promised: replay.promised, log: emptyLog(null) };
    default:
      return unreachable(record);
  }
}

function later(promised: DiskState["promised"], view: DiskState["promised"]): DiskState["promised"] {
  return compareViewIds(promised, view) < 0 ? view : promised;
}
