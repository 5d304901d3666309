import type { Checkpoint } from "./checkpoint.ts";
import type { Entry } from "./entry.ts";
import type { NodeId } from "./ids.ts";
import type { Installation } from "./installation.ts";
import type { Electorate } from "./message.ts";
import type { Member, ViewId } from "./view.ts";

/** One atomic, checksummed record of the journal. Records are replayed in order at start. */
export type DiskRecord =
  /** Written once at each start, before anything is sent. */
  | { readonly kind: "boot"; readonly boot: number }
  /** `hale init`: this node is the founder and the first voter set. Never implied by an empty disk. */
  | { readonly kind: "founded"; readonly voters: readonly NodeId[] }
  /** `padding`: makes the record as large as the writer wants it, and says nothing. */
  | { readonly kind: "promise"; readonly promised: ViewId; readonly padding?: string }
  /** Replaces the log from `from` on and moves logView, in one switch. */
  | ({ readonly kind: "install"; readonly checkpoint?: Checkpoint } & Installation)
  | { readonly kind: "append"; readonly entries: readonly Entry[] }
  | { readonly kind: "committed"; readonly committed: number }
  /** The whole log anew, with the view it was installed in: what a journal that has grown is rewritten to. */
  | ({ readonly kind: "log" } & WrittenLog)
  /** The group remembers a later life of this node than its disk does (a restored backup): the disk counts as lost from here on. */
  | { readonly kind: "distrusted" };

/** What the records add up to. */
export interface DiskState {
  readonly boot: number;
  readonly promised: ViewId;
  readonly logView: ViewId;
  readonly members: readonly Member[];
  readonly base: number;
  readonly committed: number;
  /** What the log begins with when it was trimmed; null when it begins with entry 1. */
  readonly checkpoint: Checkpoint | null;
  /** The entries behind the checkpoint, without a gap. */
  readonly log: readonly Entry[];
  /** The founding electorate; null on a blank disk, and where a checkpoint takes its place. */
  readonly founding: Electorate | null;
  readonly isBlank: boolean;
  /** About how many bytes were written since the journal was last rewritten. */
  readonly grownBytes: number;
}

/** A log with the view it was installed in. */
export interface WrittenLog {
  readonly view: ViewId;
  readonly members: readonly Member[];
  readonly base: number;
  readonly committed: number;
  readonly founding: Electorate | null;
  readonly checkpoint: Checkpoint | null;
  readonly entries: readonly Entry[];
}
