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
