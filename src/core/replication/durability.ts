import type { DiskRecord } from "../../model/disk.ts";
import { type InstantMs, never } from "../../model/units.ts";
import type { ViewId } from "../../model/view.ts";
import { recordBytes } from "./record-bytes.ts";

/**
 * What is on disk, apart from what is in memory.
 *
 * The state runs ahead of the disk: a promise is made in memory, the write is asked for, and the answer goes out only when it is done.
 * Writes finish in order, so it is enough to remember for each what the disk will hold after it; everything that may be said only
 * "after it is on disk" is derived from `durable`, never from the state in memory.
 */
export interface Durable {
  readonly promised: ViewId;
  readonly logView: ViewId;
  /** Durable length of the log. Acknowledgements name this. */
  readonly length: number;
}

/** A write under way, with what the disk holds after it. */
interface Write extends Durable {
  readonly write: number;
  readonly askedAt: InstantMs;
}

/** The disk and the writes under way, oldest first. */
export interface DiskProgress {
  readonly durable: Durable;
  readonly writes: readonly Write[];
  /** Number of the next write. */
  readonly next: number;
  /** Commit index that was last written. */
  readonly committed: number;
  /** About how much was written since the journal was last rewritten, and when that is worth the next one. */
  readonly grownBytes: number;
  readonly rewriteAtBytes: number;
  /** About how much was added since the log was last trimmed. */
  readonly untrimmedBytes: number;
}

/** One more write under way. */
export function asked(disk: DiskProgress, records: readonly DiskRecord[], now: InstantMs): DiskProgress {
  const after = records.reduce(holding, disk.writes.at(-1) ?? disk.durable);
  const { promised, logView, length } = after;
  const write: Write = { promised, logView, length, write: disk.next, askedAt: now };
  const added = records.reduce((sum, record) => sum + recordBytes(record), 0);
  return {
    ...disk,
    writes: [...disk.writes, write],
    next: disk.next + 1,
    grownBytes: disk.grownBytes + added,
    untrimmedBytes: disk.untrimmedBytes + added,
  };
}

/** What the disk holds after one more record. */
function holding(before: Durable, record: DiskRecord): Durable {
  switch (record.kind) {
    case "promise":
      return { ...before, promised: record.promised };
    case "install":
      return { promised: before.promised, logView: record.view, length: record.base };
    case "log":
      return { ...before, logView: record.view, length: (record.checkpoint?.index ?? 0) + record.entries.length };
    case "append":
      return { ...before, length: record.entries.at(-1)?.index ?? before.length };
    case "boot":
    case "founded":
    case "committed":
    case "distrusted":
      return before;
  }
}

/** Everything up to that write number is done. */
export function finished(disk: DiskProgress, write: number): DiskProgress {
  let durable = disk.durable;
  for (const done of disk.writes) {
    if (done.write > write) break;
    durable = { promised: done.promised, logView: done.logView, length: done.length };
  }
  return { ...disk, durable, writes: disk.writes.filter((waiting) => waiting.write > write) };
}

/** When the oldest unfinished write was asked for; `never` when there is none. */
export function waitingSince(disk: DiskProgress): InstantMs {
  return disk.writes[0]?.askedAt ?? never;
}
