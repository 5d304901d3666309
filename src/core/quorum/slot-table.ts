import type { ArbiterContent, ArbiterSlot, SlotVote } from "../../model/arbiter-disk.ts";
import type { NodeId } from "../../model/ids.ts";
import { compareViewIds, noView, type ViewId } from "../../model/view.ts";

/** What an arbiter disk says in sum, as the witness's record would. */
export interface SlotTable {
  readonly disk: NodeId;
  /** Position of the reader's own slot. */
  readonly own: number;
  readonly ownVote: SlotVote;
  /** Both copies of the own vote are whole and the same. */
  readonly isOwnWhole: boolean;
  /** Which copy of the own vote does not say what is newest, so that it is written first; 0 when both do. */
  readonly ownStale: 0 | 1;
  /** The newest whole copy of each slot. */
  readonly votes: readonly SlotVote[];
  /** The highest view that anybody has taken the vote for, and the last one that anybody has installed with it. */
  readonly promised: ViewId;
  readonly logView: ViewId;
}

/** Whose disk it must be. */
export interface SlotOwner {
  readonly self: NodeId;
  readonly cluster: string;
}

/**
 * [GRP-91] Reads the table, or says why nothing can be concluded from it.
 *
 * One slot that cannot be read hides a promise perhaps, so it hides the whole.
 */
export function readSlots({ header, slots }: ArbiterContent, { self, cluster }: SlotOwner): SlotTable | string {
  const { disk, nodes } = header;
  if (header.cluster !== cluster) return `it is the arbiter disk of cluster "${header.cluster}"`;
  const own = nodes.indexOf(self);
  if (own < 0) return `it has no slot for ${self}, only for ${nodes.join(", ")}`;
  const votes: SlotVote[] = [];
  for (const [place, node] of nodes.entries()) {
    const vote = newest(slots[place], disk, node);
    if (vote === null) return `the slot of ${node} is damaged`;
    votes.push(vote);
  }
  const ownVote = votes[own];
  if (ownVote === undefined) return `the slot of ${self} is damaged`;
  const isNewest = (vote: SlotVote | null): boolean =>
    vote?.disk === disk && vote.sequence === ownVote.sequence && vote.incarnation === ownVote.incarnation;
  const [first, second] = slots[own]?.votes ?? [null, null];
  return {
    disk,
    own,
    ownVote,
    isOwnWhole: isNewest(first) && isNewest(second),
    ownStale: isNewest(first) && !isNewest(second) ? 1 : 0,
    votes,
    promised: votes.map(({ promised }) => promised).reduce(higher, noView),
    logView: votes.map(({ logView }) => logView).reduce(higher, noView),
  };
}

/**
 * [GRP-92] The newer one of the two copies; a copy that is half written, or was written for another disk, does not count.
 *
 * [GRP-96] null when what is left is known to be too old: a later life has written a sign of life, so it had both copies in its name.
 */
function newest(slot: ArbiterSlot | undefined, disk: NodeId, node: NodeId): SlotVote | null {
  let found: SlotVote | null = null;
  let whole = 0;
  for (const vote of slot?.votes ?? []) {
    if (vote === null || vote.disk !== disk || vote.node !== node) continue;
    whole += 1;
    if (found === null || isNewerVote(vote, found)) found = vote;
  }
  if (whole === 0) return isLeftBehind(slot, disk, node) ? emptyVote(disk, node) : null;
  const beat = slot?.beat ?? null;
  const isOutlived = beat?.disk === disk && found !== null && beat.incarnation > found.incarnation;
  return whole === 1 && isOutlived ? null : found;
}

/**
 * Both copies are of one writing for another disk, which this was when it began. Its writer had not seen this disk, and nobody has
 * claimed anything in the slot since: that would stand in the other copy at least.
 */
function isLeftBehind(slot: ArbiterSlot | undefined, disk: NodeId, node: NodeId): boolean {
  const [first, second] = slot?.votes ?? [null, null];
  if (first === null || second === null || first.node !== node || second.node !== node || first.disk === disk)
    return false;
  return first.disk === second.disk && first.incarnation === second.incarnation && first.sequence === second.sequence;
}

function emptyVote(disk: NodeId, node: NodeId): SlotVote {
  return { disk, node, incarnation: noView.incarnation, sequence: 0, promised: noView, logView: noView };
}

/**
 * Which of two votes of one slot was written later.
 *
 * Of a life that has ended, a last write may come through late: the life after it has written at least that often.
 */
export function isNewerVote(one: SlotVote, other: SlotVote): boolean {
  if (one.sequence !== other.sequence) return one.sequence > other.sequence;
  return one.incarnation > other.incarnation;
}

function higher(a: ViewId, b: ViewId): ViewId {
  return compareViewIds(a, b) < 0 ? b : a;
}
