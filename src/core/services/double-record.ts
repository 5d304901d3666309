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

/** A node that was taken as off although it might have run the service, and where it was started since: the first time, and the last few. */
export interface Abandoned {
  readonly node: NodeId;
  readonly elsewhere: readonly Elsewhere[];
}

export interface Elsewhere {
  readonly node: NodeId;
  readonly since: WallMs;
}

/** Kept of one abandoned node, with the first. */
const elsewhereMax = 8;

/** The service is being started on a node: whoever else was abandoned runs it beside, if he still does. */
export function withElsewhere(abandoned: readonly Abandoned[], node: NodeId, since: WallMs): readonly Abandoned[] {
  return abandoned.map((one) => {
    if (one.node === node) return one;
    const [first, ...later] = [...one.elsewhere, { node, since }];
    return { ...one, elsewhere: first === undefined ? [] : [first, ...later.slice(1 - elsewhereMax)] };
  });
}

/** The double of a node that ran it until then, beside whoever was started last before. null: nobody was. */
export function doubleUntil({ node, elsewhere }: Abandoned, until: WallMs): Omit<Double, "endedAt" | "entry"> | null {
  const [first] = elsewhere;
  const last = elsewhere.findLast(({ since }) => since < until);
  return first === undefined || last === undefined ? null : { nodes: [node, last.node], beganAt: first.since };
}
