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
  return {
    disk,
    own,
    ownVote,
    isOwnWhole: slots[own]?.votes.every(isNewest) === true,
    votes,
    promised: votes.map(({ promised }) => promised).reduce(higher, noView),
    logView: votes.map(({ logView }) => logView).reduce(higher, noView),
  };
}

/** [GRP-92] The newer one of the two copies; a copy that is half written, or was written for another disk, does not count. */
function newest(slot: ArbiterSlot | undefined, disk: NodeId, node: NodeId): SlotVote | null {
  let found: SlotVote | null = null;
  for (const vote of slot?.votes ?? []) {
    if (vote === null || vote.disk !== disk || vote.node !== node) continue;
    // Of a life that has ended, a last write may come through late: the life after it has written at least that often.
    if (found === null || vote.sequence > found.sequence) found = vote;
    else if (vote.sequence === found.sequence && vote.incarnation > found.incarnation) found = vote;
  }
  return found;
}

function higher(a: ViewId, b: ViewId): ViewId {
  return compareViewIds(a, b) < 0 ? b : a;
}
