import type { NodeId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Electorate, GroupStatus, Reach } from "./message.ts";
import type { InstantMs } from "./units.ts";
import type { View } from "./view.ts";

/** What the group tells the manager beside the entries: local, never replicated, true at one instant on one node. */
export interface GroupFacts {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly status: GroupStatus;
  /** The view this node is active in; null while it is electing, proposing or promised. */
  readonly view: View | null;
  /** This node may start services and feed its watchdog before this instant. 0 when it never held a lease. */
  readonly leaseUntil: InstantMs;
  /** That instant has not come. */
  readonly isLeased: boolean;
  /** How long a lease lasts, by the timers that this daemon runs with. */
  readonly leaseMs: number;
  /** `arbiter: fencing`, race undecided: keep what runs, start nothing, stop nothing. */
  readonly isFrozen: boolean;
  readonly electorate: Electorate;
  /** Nodes whose votes count now, as one of these electorates or the other has it; without the witness. */
  readonly counted: readonly NodeId[];
  /** The configured witness as this node knows it; null without one. */
  readonly witness: WitnessFacts | null;
  /** The peer that the group wants fenced to be quorate alone; attempts grow. */
  readonly arbiterFence: { readonly target: NodeId; readonly attempt: number } | null;
  /** Heard within deadtime, self included, sorted. */
  readonly heard: readonly NodeId[];
  /** `wait-for-all`, and this node has not seen the cluster begin: who is not there, sorted. Empty otherwise. */
  readonly awaited: readonly NodeId[];
  /** What is known of reachlists: this node's last count, and what the nodes heard have said. Empty without one. */
  readonly reach: readonly NodeReach[];
  /** Nodes whose port lately answered "closed": the kernel lives, the daemon does not. Sorted. */
  readonly closed: readonly NodeId[];
  readonly length: number;
  readonly delivered: number;
  /**
   * The group remembers a life of this node with this boot counter, and the present one is older: the disk was lost or restored.
   * Append a boot record above it and start again; null when all is well.
   */
  readonly bootAbove: number | null;
  /** The member that has told this life that its node was removed; null when none has. */
  readonly removedBy: NodeId | null;
  /** Nodes that were removed and are heard all the same, sorted. */
  readonly intruders: readonly NodeId[];
  /** Why this node cannot take up the state of the group; null when all is well. */
  readonly refusal: string | null;
}

/** A node's count of its reachlist. */
export interface NodeReach extends Reach {
  readonly node: NodeId;
}

/** What a node knows of its witness. */
export interface WitnessFacts {
  /** What people call it. */
  readonly name: "the witness" | "the arbiter disk";
  /** By which the electorate would name it; null before its first answer. */
  readonly id: NodeId | null;
  /** Answered within deadtime. */
  readonly isHeard: boolean;
  /** Its last answer; null before the first one. */
  readonly heardAt: InstantMs | null;
  /** The electorate names the disk that answers. */
  readonly hasVote: boolean;
}
