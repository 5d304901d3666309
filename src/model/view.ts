import type { NodeId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";

/**
 * Names one member set for ever: a proposer uses an id once, and has it on disk before it does.
 * Ordered by counter, then by proposer name; equal counter and proposer with another incarnation is refused, not compared.
 */
export interface ViewId {
  readonly counter: number;
  readonly proposer: NodeId;
  readonly incarnation: Incarnation;
}

/** A member of a view, bound to the life in which it promised. */
export interface Member {
  readonly node: NodeId;
  readonly incarnation: Incarnation;
}

/** A quorate set of members that agreed to be one. Members are sorted by node. */
export interface View {
  readonly id: ViewId;
  readonly members: readonly Member[];
  /** Orders the entries; the proposer of the view. */
  readonly coordinator: NodeId;
}

/** Below every real view: what a node without history compares with. */
export const noView: ViewId = { counter: 0, proposer: "" as NodeId, incarnation: "0".repeat(28) as Incarnation };

/** Negative, 0 or positive, as `a` is before, at or after `b`. Incarnations are not compared. */
export function compareViewIds(a: ViewId, b: ViewId): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.proposer < b.proposer ? -1 : a.proposer > b.proposer ? 1 : 0;
}

/** True when both name the same view of the same life of the same proposer. */
export function sameViewId(a: ViewId, b: ViewId): boolean {
  return compareViewIds(a, b) === 0 && a.incarnation === b.incarnation;
}

/** `12/serv1`: for logs and people. */
export function viewIdText(id: ViewId): string {
  return `${id.counter}/${id.proposer}`;
}
