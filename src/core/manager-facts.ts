import type { GroupFacts } from "../model/group-facts.ts";
import type { NodeId } from "../model/ids.ts";

/**
 * Whether the group tells something by which the manager goes. A longer lease is none: whatever is begun takes the lease that there is then, and its end wakes
 * the core. What is here decides when the manager is asked: a fact that it is to heed at once belongs here.
 */
export function hasNews(was: GroupFacts, is: GroupFacts): boolean {
  return (
    was.view !== is.view ||
    was.status !== is.status ||
    was.isLeased !== is.isLeased ||
    was.leaseUntil > is.leaseUntil ||
    was.isFrozen !== is.isFrozen ||
    was.electorate !== is.electorate ||
    was.arbiterFence?.attempt !== is.arbiterFence?.attempt ||
    was.arbiterFence?.target !== is.arbiterFence?.target ||
    was.witness?.isHeard !== is.witness?.isHeard ||
    was.removedBy !== is.removedBy ||
    !sameNodes(was.heard, is.heard) ||
    !sameNodes(was.closed, is.closed) ||
    !sameNodes(was.counted, is.counted) ||
    !sameNodes(was.intruders, is.intruders)
  );
}

/** In the same order. */
export function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node, index) => node === b[index]);
}
