import type { NodeId } from "../../model/ids.ts";
import type { WallMs } from "../../model/units.ts";

/**
 * A double: a service that ran on two nodes at once. It can only be where a node was taken as off that was not: with `fencing: none`,
 * by an operator's word, by a device that lies, or when somebody starts the service by hand.
 *
 * What must not be hidden is that it happened, also when it is over before the nodes meet again: a daemon that wakes finds its
 * lease run out and stops its services before anybody asks. So each node says of what it stopped unasked how long ago that was, and
 * the entries say since when another one had been told to start it.
 */
export interface Double {
  /** Who was taken as off, or should not have run it; and who ran it meanwhile. */
  readonly nodes: readonly [NodeId, NodeId];
  readonly beganAt: WallMs;
  /** null: it goes on. */
  readonly endedAt: WallMs | null;
  readonly entry: number;
}

/** A node that was taken as off although it might have run the service, and where that was started since: first, and the last few times. */
export interface Abandoned {
  readonly node: NodeId;
  readonly elsewhere: Elsewhere | null;
  /** Oldest first. Absent: none. */
  readonly later?: readonly Elsewhere[];
}

export interface Elsewhere {
  readonly node: NodeId;
  readonly since: WallMs;
}

/** Kept of one abandoned node. */
const laterMax = 8;

/** The service is being started on a node: whoever else was abandoned runs it beside, if he still does. */
export function withElsewhere(abandoned: readonly Abandoned[], node: NodeId, since: WallMs): readonly Abandoned[] {
  return abandoned.map((one) => {
    if (one.node === node) return one;
    if (one.elsewhere === null) return { ...one, elsewhere: { node, since } };
    return { ...one, later: [...(one.later ?? []), { node, since }].slice(-laterMax) };
  });
}

/** The double of a node that ran it until then (null: it still does), beside whoever was started last before. null: nobody was. */
export function doubleUntil(
  { node, elsewhere, later = [] }: Abandoned,
  until: WallMs | null,
): Omit<Double, "endedAt" | "entry"> | null {
  const isBefore = ({ since }: Elsewhere): boolean => until === null || since < until;
  if (elsewhere === null || !isBefore(elsewhere)) return null;
  const last = later.findLast(isBefore) ?? elsewhere;
  return { nodes: [node, last.node], beganAt: elsewhere.since };
}
