import type { Incarnation } from "./incarnation.ts";
import type { NodeId } from "./ids.ts";
import type { Electorate } from "./message.ts";
import type { WallMs } from "./units.ts";
import type { Member, ViewId } from "./view.ts";

/** Of the fields below. A checkpoint of another format is refused, never guessed at. */
export const checkpointFormat = 1;

/**
 * What the entries up to `index` add up to: it takes their place in a log that was trimmed.
 *
 * Plain JSON, and a pure function of these entries: whoever has them makes the same one, byte for byte. Lists are sorted by node.
 */
export interface Checkpoint {
  readonly format: typeof checkpointFormat;
  /** The last entry in it. */
  readonly index: number;
  /** That entry's stamp. */
  readonly at: WallMs;
  /** The last two, oldest first: all that a vote needs. Index 0 is the founding one. */
  readonly electorates: readonly Electorate[];
  /** The last submission of each origin: what came before it must not be ordered again. */
  readonly submissions: readonly {
    readonly origin: NodeId;
    readonly incarnation: Incarnation;
    readonly sequence: number;
  }[];
  /** The newest life of each node that a view entry names. */
  readonly lives: readonly Member[];
  /** The last life of each node that left cleanly. */
  readonly left: readonly Member[];
  /** The last view entry; null before the first. */
  readonly lastView: ViewMark | null;
  /** For each node the last view that it was a member of and that ordered something: the least that its disk must hold. */
  readonly floors: readonly DiskMark[];
  /** The manager's part: the replicated state of the cluster. */
  readonly state: unknown;
}

/** A view entry. */
export interface ViewMark {
  readonly index: number;
  readonly view: ViewId;
  readonly members: readonly NodeId[];
}

/** A view entry that was on the disk of `node`. */
export interface DiskMark {
  readonly node: NodeId;
  readonly view: ViewId;
  readonly index: number;
}
