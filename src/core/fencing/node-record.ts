import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { ShutdownPolicy } from "../../model/intent.ts";
import type { WallMs } from "../../model/units.ts";

/** Why a node is known to run nothing. */
export type OffProof =
  /** It stopped its services and said so in an entry. */
  | "left"
  /** A fence device confirmed it. */
  | "fenced"
  /** Its lease and its watchdog have run out. */
  | "self-fenced"
  /** `assume-off-after` has run out. */
  | "assumed"
  /** An operator swore it. */
  | "sworn";

/**
 * What the entries say of one node. Replicated, plain JSON.
 *
 * A node is a *member* (in the newest view), or outside. Outside it is *off* (known to run nothing, with the proof), or *lost*.
 * Invariant: `off` speaks of `incarnation` only; a later life, or the same life seen again, starts without it.
 */
export interface NodeRecord {
  readonly node: NodeId;
  /** The newest life that was a member; null when never seen. */
  readonly incarnation: Incarnation | null;
  readonly isMember: boolean;
  /** Index of the view entry that began its present (or last) stay; 0 when never. */
  readonly enteredAt: number;
  /** Index of the entry since which it may be given services: its first full report of this stay, or the end of a standby. */
  readonly eligibleSince: number;
  readonly off: OffProof | null;
  /** Index of the entry that last had it taken as off. Absent: none had, or of an earlier version. */
  readonly offAt?: number;
  /** What this life of it has said of its watchdog; null: nothing yet. */
  readonly watchdog: WatchdogRecord | null;
  /**
   * By its own word, how long it acts on when it hears nobody: its lease, by the timers that its daemon runs with, or by those in force,
   * whichever is longer. Of the life before until this one has said so. Absent: never said.
   */
  readonly leaseMs?: number;
  /** Devices that have switched it on in this stay, of those that cut off. Absent: none. */
  readonly unfencedBy?: readonly DeviceId[];
  /** Index of the view entry before which it may have stopped what it was given, until it says that it has told all. null, or absent: it has. */
  readonly unsureSince?: number | null;
  /** When it was lost, the entries told everything it may run: only those services must wait for it. */
  readonly isAccounted: boolean;
  readonly isStandby: boolean;
  readonly isLeaving: boolean;
  /** An operator has this life of it shut down. Absent: nobody has. */
  readonly shutdown?: ShutdownRecord | null;
  /** An operator has frozen what runs there. Absent: nobody has. */
  readonly frozen?: FrozenRecord | null;
  /** When it was lost, oldest first: those that count for the next quarantine. */
  readonly losses: readonly WallMs[];
  readonly quarantine: QuarantineRecord | null;
  readonly since: WallMs;
  /** Why it is what it is, one line. */
  readonly reason: string;
}

/** It was lost too often. */
export interface QuarantineRecord {
  readonly since: WallMs;
  /** By the stamps of entries. */
  readonly until: WallMs;
  readonly losses: number;
}

/** Who wants it to end, and what is to become of its services. */
export interface ShutdownRecord {
  readonly services: ShutdownPolicy;
  readonly by: string;
  readonly at: WallMs;
  /** With the whole cluster: it ends when nothing runs anywhere any more. Absent: by itself. */
  readonly withAll?: boolean;
}

/** Nothing is to be done with it: who wanted that, and when. */
export interface FrozenRecord {
  readonly by: string;
  readonly at: WallMs;
  /** Of a node that was shut down: until another life of it than this one has reported. */
  readonly until?: Incarnation | null;
}

/** A node's own word on its watchdog. */
export interface WatchdogRecord {
  /** 0: it has none that could be armed. */
  readonly timeoutMs: number;
  readonly detail: string;
  /** The longest time-out that a configuration has had in force since it said so, if that is longer: it may have taken it. */
  readonly longestMs?: number;
}

/** A node of which nothing is known yet. */
export function unseenNode(node: NodeId, at: WallMs): NodeRecord {
  return {
    node,
    incarnation: null,
    isMember: false,
    enteredAt: 0,
    eligibleSince: 0,
    off: null,
    watchdog: null,
    isAccounted: false,
    isStandby: false,
    isLeaving: false,
    losses: [],
    quarantine: null,
    since: at,
    reason: "not seen yet",
  };
}

/** Whose wish it is, and what for. */
export function shutdownText({ by, withAll }: ShutdownRecord): string {
  return withAll === true ? `stopped with the cluster by ${by}` : `shut down by ${by}`;
}

/** Outside the view and not known to run nothing. */
export function isLost(record: NodeRecord): boolean {
  return !record.isMember && record.off === null;
}

/** True when the node has said in this life that its watchdog resets it. */
export function isArmed(record: NodeRecord | undefined): boolean {
  return record?.watchdog !== null && record?.watchdog !== undefined && record.watchdog.timeoutMs > 0;
}

/** [FEN-11] What its watchdog may wait at the longest. */
export function longestTimeoutMs({ timeoutMs, longestMs = 0 }: WatchdogRecord): number {
  return Math.max(timeoutMs, longestMs);
}

/** What a node tells of its lease, if it does: entries of earlier versions do not. */
export function leaseToldBy(leaseMs: unknown): Pick<NodeRecord, "leaseMs"> {
  return typeof leaseMs === "number" ? { leaseMs } : {};
}

/** In the view and not taken as off. */
export function isLive(record: NodeRecord | undefined): boolean {
  return record !== undefined && record.isMember && record.off === null;
}

/** [PLC-6] Kept from services while another node may run them. */
export function isQuarantined(record: NodeRecord | undefined): boolean {
  // A checkpoint of an earlier version has no such field.
  return Boolean(record?.quarantine);
}
