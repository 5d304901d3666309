import type { Entry, EntryBody, SubmitId } from "./entry.ts";
import type { NodeId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Installation } from "./installation.ts";
import type { InstantMs, WallMs } from "./units.ts";
import type { ViewId } from "./view.ts";

/** Where a node stands in the group protocol. Only `active` orders and delivers. */
export type GroupStatus = "electing" | "proposing" | "promised" | "active";

/** An electorate with the index of the entry that set it; index 0 is the founding one. */
export interface Electorate {
  readonly index: number;
  /**
   * A name for each vote, sorted: a node with two votes is named twice. Where the nodes' votes are even perhaps also the disk of a witness,
   * by its name.
   */
  readonly voters: readonly NodeId[];
}

/** How many hosts of the reachlist a node reaches. */
export interface Reach {
  readonly reached: number;
  readonly of: number;
}

/** What one node says of another in its heartbeat. */
export interface Hearing {
  readonly node: NodeId;
  /** The newest incarnation known, whether or not it is still heard. */
  readonly incarnation: Incarnation;
  /** Heard within deadtime. */
  readonly isHeard: boolean;
  /** Newest `sentAt` of that incarnation that was received: the echo that extends its lease. 0 when none. */
  readonly echo: InstantMs;
}

/** Everything a heartbeat says but the time of sending, which the sender's beat thread stamps. */
export interface HeartbeatBody {
  readonly status: GroupStatus;
  readonly promised: ViewId;
  /** The view this node is active in, or has last installed. */
  readonly view: ViewId;
  readonly coordinator: NodeId | null;
  readonly members: readonly NodeId[];
  /** Sorted by node. */
  readonly hears: readonly Hearing[];
  readonly delivered: number;
  /** Commit index known to the sender in `view`. */
  readonly committed: number;
  readonly electorate: Electorate;
  readonly isBlank: boolean;
  readonly loopLateMs: number;
  readonly diskLateMs: number;
  /** Hosts of the reachlist that answer it; absent without one, or before the first count. */
  readonly reach?: Reach;
}

/** What a proposer learns of a member's log. */
export interface LogPosition {
  /** Last view whose log this node installed. */
  readonly logView: ViewId;
  /** Durable length of the log. */
  readonly length: number;
  readonly committed: number;
  /** The last two electorates of the log, oldest first. */
  readonly electorates: readonly Electorate[];
  readonly isBlank: boolean;
}

/**
 * What a node asks of the witness.
 *
 * - `hear`: nothing but to be answered: the echo extends the lease
 * - `promise`: its vote for `view`, whose log was last installed in `basis`
 * - `install`: to keep `view` as its last: every member has installed it
 */
export interface WitnessAsk {
  readonly step: "hear" | "promise" | "install";
  /** The asker's clock; comes back in the answer. */
  readonly sentAt: InstantMs;
  /** `noView` with `hear`. */
  readonly view: ViewId;
  /** `noView` but with `promise`. */
  readonly basis: ViewId;
}

/** The witness's answer: what was asked, what came of it, and where it stands. */
export interface WitnessGrant {
  readonly step: WitnessAsk["step"];
  /** The life that has asked: another one's send time must not extend a lease. */
  readonly asker: Incarnation;
  readonly sentAt: InstantMs;
  readonly view: ViewId;
  readonly isGranted: boolean;
  /** The highest id it has given its vote to; perhaps not on its disk yet. */
  readonly promised: ViewId;
  /** The last view that needed it and was installed. Logs of older ones it refuses. */
  readonly logView: ViewId;
}

/** One protocol message between two nodes. See docs/protocol.md for who sends what when. */
export type Message =
  | ({ readonly kind: "heartbeat"; readonly sentAt: InstantMs } & HeartbeatBody)
  | { readonly kind: "propose"; readonly view: ViewId; readonly members: readonly NodeId[] }
  | ({ readonly kind: "promise"; readonly view: ViewId } & LogPosition)
  | { readonly kind: "nack"; readonly view: ViewId; readonly promised: ViewId }
  | { readonly kind: "abort"; readonly view: ViewId }
  | { readonly kind: "fetch"; readonly view: ViewId; readonly from: number; readonly to: number }
  | { readonly kind: "log-part"; readonly view: ViewId; readonly from: number; readonly entries: readonly Entry[] }
  | ({ readonly kind: "install" } & Installation)
  | { readonly kind: "installed"; readonly view: ViewId }
  | { readonly kind: "start"; readonly view: ViewId }
  | { readonly kind: "submit"; readonly id: SubmitId; readonly body: EntryBody }
  | { readonly kind: "busy"; readonly id: SubmitId }
  | { readonly kind: "entry"; readonly view: ViewId; readonly entry: Entry; readonly committed: number }
  | { readonly kind: "ack"; readonly view: ViewId; readonly length: number }
  | { readonly kind: "commit"; readonly view: ViewId; readonly committed: number }
  /** Asks for the checkpoint at `index`, from that character on. */
  | { readonly kind: "checkpoint-fetch"; readonly view: ViewId; readonly index: number; readonly from: number }
  | ({ readonly kind: "checkpoint-part"; readonly view: ViewId } & CheckpointPart)
  /** To a node that was removed, in answer to a heartbeat of this life of it. */
  | { readonly kind: "removed"; readonly life: Incarnation }
  /** Saves the deadtime after a clean leave; proves nothing. */
  | { readonly kind: "goodbye"; readonly at: WallMs }
  /** Node to witness. */
  | ({ readonly kind: "ask" } & WitnessAsk)
  /** Witness to node; its sender's name is that of the witness's disk. */
  | ({ readonly kind: "grant" } & WitnessGrant);

/** A piece of a checkpoint's text, which is ASCII. */
export interface CheckpointPart {
  readonly index: number;
  /** Characters of the whole. */
  readonly size: number;
  /** Of the whole: parts of different texts must not be put together. */
  readonly check: string;
  readonly from: number;
  readonly text: string;
}

/** A message with its sender, after authentication, cluster, version and replay checks. */
export interface Packet {
  readonly from: NodeId;
  readonly incarnation: Incarnation;
  readonly message: Message;
}
