import type { NodeId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";
import type { ViewId } from "./view.ts";

/** The first block of an arbiter disk: whose it is, written once by `hale arbiter-disk init`. */
export interface ArbiterHeader {
  /** The name by which it votes, drawn when it was made. */
  readonly disk: NodeId;
  readonly cluster: string;
  /** Who may use it; position i has slot i. */
  readonly nodes: readonly NodeId[];
}

/** What one node has done with the vote of the disk. Only that node writes it. */
export interface SlotVote {
  /** The disk it was written for: a write from before the disk was made anew belongs to nobody. */
  readonly disk: NodeId;
  readonly node: NodeId;
  /** The life that wrote it. */
  readonly incarnation: Incarnation;
  /** Grows by one with each writing; 0 on a new disk. */
  readonly sequence: number;
  /** The highest view this node has taken the vote for. */
  readonly promised: ViewId;
  /** The last view of this node that was installed with the vote. */
  readonly logView: ViewId;
}

/** A sign of life of one node. Only that node writes it, each time it has looked at the disk. */
export interface SlotBeat {
  readonly disk: NodeId;
  readonly node: NodeId;
  readonly incarnation: Incarnation;
  readonly count: number;
}

/** One node's part of the disk. null is what cannot be read. */
export interface ArbiterSlot {
  /** Written one after the other, so that at any moment one of them is whole. */
  readonly votes: readonly [SlotVote | null, SlotVote | null];
  readonly beat: SlotBeat | null;
}

/** An arbiter disk as it was read. */
export interface ArbiterContent {
  readonly header: ArbiterHeader;
  /** In the order of `header.nodes`. */
  readonly slots: readonly ArbiterSlot[];
}
