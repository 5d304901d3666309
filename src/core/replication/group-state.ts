import type { Checkpoint } from "../../model/checkpoint.ts";
import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { Entry, EntryBody, SubmitId } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { LogPosition, Message } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import type { Member, View, ViewId } from "../../model/view.ts";
import type { Peer } from "../membership/peer.ts";
import type { GroupTimers } from "../membership/timers.ts";
import type { RaceState } from "../quorum/fencing-race.ts";
import type { KnownWitness } from "../quorum/known-witness.ts";
import type { ReachState } from "../quorum/reach.ts";
import type { DiskProgress } from "./durability.ts";
import type { Transfer } from "./checkpoint-text.ts";
import type { Log } from "./log.ts";
import type { LogLimits } from "./log-limits.ts";
import type { KnownStamp } from "./stamp.ts";
import type { StateMachine } from "./state-machine.ts";
import type { LastSubmissions } from "./submissions.ts";

/**
 * Everything the group knows. A value: steps give a new one and share what did not change.
 *
 * Invariants: delivered <= committed <= log.length. logView <= promised. While a view is active, logView is its id and nothing
 * higher is promised. What others may rely on is in `disk.durable`, the rest is ahead of it.
 */
export interface GroupState {
  readonly setup: GroupSetup;
  readonly seed: number;
  /** When the loop last ran. */
  readonly steppedAt: InstantMs;
  /** Until when it wanted to sleep at most: what is later is the loop's own lateness. */
  readonly wantedAt: InstantMs;
  readonly loopLateMs: number;
  readonly stamped: KnownStamp;
  /** Every other node of the roster, sorted by name. */
  readonly peers: readonly Peer[];
  readonly phase: Phase;
  /** The highest id answered, by anybody's proposal: not the same as `logView`. */
  readonly promised: ViewId;
  /** The last view whose log was installed here. Logs are compared by this and their length. */
  readonly logView: ViewId;
  /** Its members, and the length of its log when it began. */
  readonly viewMembers: readonly Member[];
  readonly base: number;
  readonly log: Log;
  /** Known to be on every member's disk. */
  readonly committed: number;
  /** Handed out so far. */
  readonly delivered: number;
  /** Nothing was ever installed on this disk: no vote, no proposals. */
  readonly isBlank: boolean;
  readonly disk: DiskProgress;
  /** `logView` was installed in this life. */
  readonly isInstalledHere: boolean;
  /** Every other node was heard both ways at one moment of this life. Noted with `wait-for-all` only. */
  readonly hasSeenAll: boolean;
  readonly leaseUntil: InstantMs;
  /** Own submissions that were not delivered yet, oldest first. */
  readonly pending: readonly Pending[];
  readonly submitted: number;
  readonly submitTimer: ResendTimer;
  /** As of `delivered`. */
  readonly lastDelivered: LastSubmissions;
  readonly race: RaceState;
  readonly reach: ReachState;
  readonly witness: KnownWitness;
  readonly leave: Leave | null;
  /** Highest counter that a refusal named. */
  readonly refusedCounter: number;
  /** Next wait after an attempt that is not quorate. */
  readonly backoffMs: number;
  /** The newest proposal that was held back because the present view is alive. */
  readonly held: HeldProposal | null;
  readonly bootAbove: number | null;
  /** A member tells this very life that its node was removed: who, since when, and when last. */
  readonly refused: { readonly by: NodeId; readonly since: InstantMs; readonly at: InstantMs } | null;
  /** It has done so for a deadtime. */
  readonly removedBy: NodeId | null;
  /** Nodes that were removed and are here again: when each was last heard. */
  readonly intruders: ReadonlyMap<NodeId, InstantMs>;
  /** Why the group's checkpoint cannot be read here (it is of a newer version): nothing is promised any more. */
  readonly refusal: string | null;
}

/** What stays for a life, but for the roster: who is in it and the arbiter follow the configuration in force. */
export interface GroupSetup {
  readonly self: NodeId;
  readonly rank: number;
  readonly incarnation: Incarnation;
  /** By the roster, sorted, this node included. */
  readonly listed: readonly NodeId[];
  /** Whom this node hears: the listed ones, and all whose votes count. Sorted, this node included. */
  readonly nodes: readonly NodeId[];
  /** Of the listed ones, known by this node's own file alone. */
  readonly strangers: readonly NodeId[];
  /** Where it is not 1. */
  readonly votes: ReadonlyMap<NodeId, number>;
  /** Removed for ever: to have no vote, and without one no view and no hearing. */
  readonly removed: readonly NodeId[];
  /** This node is one of those, for all it knows. */
  readonly isRemoved: boolean;
  readonly quorum: QuorumConfig;
  readonly timers: GroupTimers;
  readonly startedAt: InstantMs;
  readonly machine: StateMachine;
  readonly limits: LogLimits;
}

/** How many votes the node is to have. [GRP-102] A removed one none; of one that this node has never heard of, nobody knows better. */
export function wantedVotes(
  { votes, listed, removed }: Pick<GroupSetup, "votes" | "listed" | "removed">,
  node: NodeId,
  has: number,
): number {
  if (removed.includes(node)) return 0;
  return listed.includes(node) ? (votes.get(node) ?? 1) : has;
}

/** Where a node stands. */
export type Phase = Electing | Proposing | Promised | Active;

/** No view: hears, waits, perhaps proposes. */
export interface Electing {
  readonly kind: "electing";
  readonly since: InstantMs;
  /** No proposal before, unless every node is there. */
  readonly notBefore: InstantMs;
  /** Since when no neighbour was in a view or proposed one: the fallback of all but the best candidate counts from here. */
  readonly calmSince: InstantMs;
  /** The view whose coordinator this node has just seen die: others that are still active in it are no reason to wait. */
  readonly lostView: ViewId | null;
}

/** A view change of this node's own, one stage after the other. */
export interface Proposing {
  readonly kind: "proposing";
  readonly view: ViewId;
  /** Sorted, this node included. */
  readonly members: readonly NodeId[];
  /** Those of them that were not in the living view that it was made in. */
  readonly joiners: readonly NodeId[];
  readonly stage: Asking | Granting | Fetching | Installing;
  /** When it was made. */
  readonly askedAt: InstantMs;
  /** When the stage has failed. */
  readonly deadline: InstantMs;
  readonly timer: ResendTimer;
  /** How often a member died under it and it began anew at once. */
  readonly restarts: number;
}

/** The proposal goes out (once it is on disk), promises come in. */
export interface Asking {
  readonly kind: "asking";
  readonly answers: readonly MemberAnswer[];
}

/** A promise, bound to the life that gave it. */
export interface MemberAnswer extends Member {
  readonly position: LogPosition;
}

/** All have promised, but they are not quorate without the witness: its vote is asked for. */
export interface Granting {
  readonly kind: "granting";
  readonly answers: readonly MemberAnswer[];
  readonly chosen: MemberAnswer;
  readonly witness: NodeId;
}

/** The chosen log is another member's: what is missing comes in parts. */
export interface Fetching {
  readonly kind: "fetching";
  readonly answers: readonly MemberAnswer[];
  readonly chosen: MemberAnswer;
  /** On its way, when the chosen log was trimmed beyond `from`. */
  readonly transfer: Transfer | null;
  /** It is here: `from` is the entry behind it. */
  readonly checkpoint: Checkpoint | null;
  readonly from: number;
  readonly entries: readonly Entry[];
  /** The disk whose vote this view needs; null when it needs none. */
  readonly witness: NodeId | null;
}

/** The chosen log with the view's entry goes out, confirmations come in. */
export interface Installing {
  readonly kind: "installing";
  readonly members: readonly Member[];
  /** By member, in their order; null for this node. */
  readonly messages: readonly (Extract<Message, { kind: "install" }> | null)[];
  readonly installed: readonly NodeId[];
  readonly grantedPeer: NodeId | null;
  /** When all members have installed it, so must this disk; null when the view does not need it. */
  readonly witness: NodeId | null;
}

/** Sworn to somebody's view. */
export interface Promised {
  readonly kind: "promised";
  readonly view: ViewId;
  readonly members: readonly NodeId[];
  /** The promise has gone out at least once, or waits for the disk. */
  readonly isAnswered: boolean;
  /** An installation too large for one message, as far as it has come; null otherwise. */
  readonly incoming: Incoming | null;
  /** The view's log is installed (perhaps not yet on disk); only the start is missing. */
  readonly isInstalled: boolean;
  readonly deadline: InstantMs;
}

/** An installation under way. */
export interface Incoming {
  readonly install: Extract<Message, { kind: "install" }>;
  /** As in `Fetching`. */
  readonly transfer: Transfer | null;
  readonly checkpoint: Checkpoint | null;
}

/** In a quorate view. */
export interface Active {
  readonly kind: "active";
  readonly view: View;
  readonly enteredAt: InstantMs;
  /** Since when the coordinator's heartbeats do not show it active in this view; `never` while they do. Members only. */
  readonly idleSince: InstantMs;
  /** Since when this node hears more than the view holds; `never` while it does not. Members only. */
  readonly wideSince: InstantMs;
  /** Entries that overtook one that is missing, by index. Members only. */
  readonly early: readonly Entry[];
  /** The coordinator's book; null on the other members. */
  readonly lead: Lead | null;
}

/** What a coordinator keeps of its view. */
export interface Lead {
  /** In the order of the members, itself included. */
  readonly progress: readonly MemberProgress[];
  /** Entries that are not committed, in order. */
  readonly open: readonly OpenEntry[];
  readonly openBytes: number;
  /** As of the log's end. */
  readonly lastOrdered: LastSubmissions;
  /** Submissions that overtook one of their origin that is missing. */
  readonly early: readonly Pending[];
  /** The peer whose vote a fence supplied: the first entry takes it away. */
  readonly grantedPeer: NodeId | null;
}

/** How far one member is. */
export interface MemberProgress extends Member {
  readonly acknowledged: number;
  readonly timer: ResendTimer;
}

/** An entry that waits for acknowledgements. */
export interface OpenEntry {
  readonly index: number;
  readonly orderedAt: InstantMs;
  readonly bytes: number;
}

/** When to send again, and how often that was done. */
export interface ResendTimer {
  readonly at: InstantMs;
  readonly resends: number;
}

/** An own submission under way. */
export interface Pending {
  readonly id: SubmitId;
  readonly body: EntryBody;
}

/** A clean leave. */
export interface Leave {
  readonly since: InstantMs;
  /** Index of the entry that says so once it is delivered here, and when that was. */
  readonly delivered: { readonly index: number; readonly at: InstantMs } | null;
  /** The entry is `halted`: the others leave too. */
  readonly together: boolean;
  /** Goodbye was said. */
  readonly isDone: boolean;
}

/** A proposal to look at again when the present view has died. */
export interface HeldProposal {
  readonly view: ViewId;
  readonly members: readonly NodeId[];
  readonly from: NodeId;
  readonly incarnation: Incarnation;
  readonly at: InstantMs;
}
