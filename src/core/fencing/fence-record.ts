import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WallMs } from "../../model/units.ts";
import { isLive, type NodeRecord } from "./node-record.ts";

/**
 * What the entries say of the fencing of one node. Replicated, plain JSON.
 *
 * One attempt at a time: it is announced (`fence-begun`), carried out by one member, and answered (`fence-result`). A member that
 * is lost takes its attempt with it; the next attempt goes to the next member, so that one broken path to a device does not stop
 * the cluster. A failed attempt is followed by another, with back-off, for as long as the fence is needed.
 */
export interface FenceRecord {
  readonly target: NodeId;
  /** Attempts announced so far; an answer to an older one is ignored. */
  readonly attempt: number;
  readonly inFlight: FenceInFlight | null;
  /** Asked for whatever the plan needs: by an operator. */
  readonly wish: FenceWish | null;
  readonly last: FenceEnd | null;
  /** Failed attempts in a row, for the back-off. */
  readonly failures: number;
  /** It was switched off, and is to be switched on again. Absent: nothing is owed. */
  readonly owed?: OwedOn | null;
  /** A life of the node that went on after these devices had confirmed its end. Absent: none. */
  readonly survived?: Survived | null;
  /** What was done, oldest first, at most `fencePastsMax`. Absent in what a version wrote that kept none. */
  readonly history?: readonly FencePast[];
}

/** An announced attempt without an answer. */
export interface FenceInFlight {
  readonly by: NodeId;
  readonly byIncarnation: Incarnation;
  /** The life of the target that it is meant for. */
  readonly incarnation: Incarnation | null;
  readonly at: WallMs;
  readonly reason: string;
}

/** An operator's wish to have one life of a node fenced. */
export interface FenceWish {
  readonly incarnation: Incarnation | null;
  readonly reason: string;
}

/** How the last attempt ended. */
export interface FenceEnd {
  readonly attempt: number;
  readonly by: NodeId;
  readonly confirmed: boolean;
  readonly devices: readonly DeviceId[];
  readonly reason: string;
  readonly at: WallMs;
}

/** Who is to switch a node on again, by the devices that have switched it off. */
export interface OwedOn {
  readonly by: NodeId;
  readonly byIncarnation: Incarnation | null;
  /** The life that was fenced. */
  readonly incarnation: Incarnation | null;
  readonly devices: readonly DeviceId[];
}

/** Devices that are not believed about one life of a node. */
export interface Survived {
  readonly incarnation: Incarnation;
  readonly devices: readonly DeviceId[];
}

/** [FEN-24] Devices that have confirmed the end of this life before, and it went on. */
export function disbelieved(fence: FenceRecord | undefined, incarnation: Incarnation | null): readonly DeviceId[] {
  const { survived } = fence ?? {};
  return survived && survived.incarnation === incarnation ? survived.devices : [];
}

/** One thing of the past that was to make the node known to be off. */
export interface FencePast {
  /** Index of the entry that ended it. */
  readonly entry: number;
  /** 0: no entry announced it. */
  readonly attempt: number;
  readonly by: NodeId;
  /** devices: asked for by an entry. race: by the group, to go on alone. */
  readonly means: "devices" | "race" | "watchdog" | "time" | "operator";
  readonly confirmed: boolean;
  /** That confirmed. */
  readonly devices: readonly DeviceId[];
  /** Why it was wanted. */
  readonly why: string;
  /** What came of it. */
  readonly reason: string;
  /** null: no entry has told of the beginning. */
  readonly startedAt: WallMs | null;
  readonly at: WallMs;
  /** Attempts that failed like this one, one after another, and are told here as one: the first began at `startedAt`. */
  readonly times: number;
}

/** What is kept of each node. */
export const fencePastsMax = 16;

/** With one more. Attempts that fail for ever in the same way must not push out what was before. */
export function withPast(history: readonly FencePast[], past: FencePast): readonly FencePast[] {
  const last = history.at(-1);
  const isSame = last !== undefined && !last.confirmed && !past.confirmed && last.reason === past.reason;
  if (!isSame || last.means !== past.means || last.why !== past.why) return [...history, past].slice(-fencePastsMax);
  return [...history.slice(0, -1), { ...past, startedAt: last.startedAt, times: last.times + 1 }];
}

/** No attempt yet. */
export function noFence(target: NodeId): FenceRecord {
  return { target, attempt: 0, inFlight: null, wish: null, last: null, failures: 0 };
}

/**
 * The member that carries out an attempt: the members but the target, in order, taken in turns.
 *
 * @param nodes in order of preference
 * @returns null when nobody but the target is there
 */
export function fencePerformer(nodes: readonly NodeRecord[], target: NodeId, attempt: number): NodeId | null {
  const able = nodes.filter((record) => isLive(record) && record.node !== target);
  return able[(attempt - 1) % Math.max(able.length, 1)]?.node ?? null;
}

const backOffFirstMs = 1_000;
const backOffMaxMs = 60_000;

/** Wait before the next attempt after some failures in a row: 0, then 1 s doubling to 60 s. */
export function fenceBackOffMs(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(backOffFirstMs * 2 ** Math.min(failures - 1, 10), backOffMaxMs);
}
