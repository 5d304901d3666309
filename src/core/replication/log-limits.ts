import { checkpointPartMax } from "./checkpoint-text.ts";

/** How much of the log a node keeps. Not replicated: each node trims by itself. */
export interface LogLimits {
  /** Entries that all members have delivered are kept up to this many, so that a short absence costs entries and no checkpoint. */
  readonly keepEntries: number;
  /** And trimmed when there are so many more: each trim copies what it keeps. */
  readonly spareEntries: number;
  /** The same in bytes of JSON, about. */
  readonly keepBytes: number;
  /** The journal is rewritten when so much was added to it, and four times what a rewritten one has. */
  readonly rewriteBytes: number;
  /** Characters of a checkpoint in one message. */
  readonly partCharacters: number;
}

/** A window each, of entries and of bytes. */
export const logLimits: LogLimits = {
  keepEntries: 256,
  spareEntries: 64,
  keepBytes: 1024 * 1024,
  rewriteBytes: 1024 * 1024,
  partCharacters: checkpointPartMax,
};
