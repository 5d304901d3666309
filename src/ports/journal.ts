import type { DiskRecord } from "../model/disk.ts";

/** What was found on disk at opening. */
export interface JournalContent {
  readonly records: readonly DiskRecord[];
  /**
   * none: new; good: all records, or all but a torn last write; damaged: a record in the middle is broken or the file is not a journal
   * (then `records` is empty: the node has lost its disk and must be blank).
   */
  readonly state: "none" | "good" | "damaged";
  /** For the log: what was found where. */
  readonly detail: string;
}

/** Durable records. Survives being cut at any byte, and says so when it was changed in the middle. */
export interface Journal {
  /** Once, before any append. */
  load(): Promise<JournalContent>;
  /**
   * Resolves after the records are on disk (as after fdatasync). Calls finish in order; what waits is written together.
   * Rejects when the disk refuses; the journal is then closed for good (a failed fsync is never retried).
   */
  append(records: readonly DiskRecord[]): Promise<void>;
  /** Atomically replaces the whole content. */
  rewrite(records: readonly DiskRecord[]): Promise<void>;
  close(): Promise<void>;
}
