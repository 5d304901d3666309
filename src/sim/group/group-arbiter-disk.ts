import type { ArbiterContent, ArbiterHeader, ArbiterSlot, SlotBeat, SlotVote } from "../../model/arbiter-disk.ts";
import { type NodeId, witnessId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { noView } from "../../model/view.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Dice } from "./dice.ts";

/** What one write puts where. */
export type DiskWrite =
  | { readonly kind: "vote"; readonly slot: number; readonly copy: 0 | 1; readonly vote: SlotVote }
  | { readonly kind: "beat"; readonly slot: number; readonly beat: SlotBeat };

interface StoredSlot {
  votes: [SlotVote | null, SlotVote | null];
  beat: SlotBeat | null;
}

const longAgo = "0".repeat(28) as Incarnation;

/** The disk that all hosts share. It has no process: what it holds is what was written, whoever wrote and whenever it came through. */
export class GroupArbiterDisk {
  /** Bound of the way there and of the way back. */
  latencyMax = 2;
  stalledUntil = 0;
  /** Hosts without a way to it: what they ask hangs until there is one. */
  readonly cuts = new Set<NodeId>();
  /** Hosts whose way gives errors at once. */
  readonly errors = new Set<NodeId>();
  readonly #events: VirtualTime;
  readonly #dice: Dice;
  readonly #nodes: readonly NodeId[];
  #header: ArbiterHeader;
  #slots: StoredSlot[] = [];

  constructor(nodes: readonly NodeId[], events: VirtualTime, dice: Dice) {
    this.#nodes = nodes;
    this.#events = events;
    this.#dice = dice;
    this.#header = this.#make();
  }

  /** The name by which it votes. */
  get id(): NodeId {
    return this.#header.disk;
  }

  get slots(): readonly ArbiterSlot[] {
    return this.#slots;
  }

  /** `hale arbiter-disk init --force`, or another disk in its place. */
  makeAnew(): void {
    this.#header = this.#make();
  }

  /** When something that is asked now has come there: after its way, the stall, and the cut. */
  arrive(node: NodeId, then: () => void): void {
    const stall = Math.max(0, this.stalledUntil - this.#events.now);
    this.#events.after(stall + this.#dice.between(1, this.latencyMax * 10) / 10, () => {
      if (this.cuts.has(node) || this.stalledUntil > this.#events.now)
        this.#events.after(5, () => this.arrive(node, then));
      else then();
    });
  }

  /** Each slot as it is at a moment of its own. */
  read(then: (content: ArbiterContent) => void): void {
    const header = this.#header;
    const slots: ArbiterSlot[] = [];
    let left = this.#slots.length;
    for (const [place] of this.#slots.entries()) {
      this.#events.after(this.#dice.below(this.latencyMax * 10) / 10, () => {
        const slot = this.#slots[place];
        if (slot !== undefined) slots[place] = { votes: [...slot.votes], beat: slot.beat };
        left -= 1;
        if (left === 0) then({ header, slots });
      });
    }
  }

  apply(write: DiskWrite): void {
    const slot = this.#slots[write.slot];
    if (slot === undefined) return;
    if (write.kind === "beat") slot.beat = write.beat;
    else slot.votes[write.copy] = write.vote;
  }

  /** The writer lost its power in the middle: the block is neither what it was nor what it should be. */
  tear(write: DiskWrite): void {
    const slot = this.#slots[write.slot];
    if (slot === undefined) return;
    if (write.kind === "beat") slot.beat = null;
    else slot.votes[write.copy] = null;
  }

  #make(): ArbiterHeader {
    const disk = witnessId(this.#dice.below(0x7fffffff).toString(16).padStart(12, "0"));
    this.#slots = this.#nodes.map((node) => {
      const vote: SlotVote = { disk, node, incarnation: longAgo, sequence: 0, promised: noView, logView: noView };
      return { votes: [vote, vote], beat: { disk, node, incarnation: longAgo, count: 0 } };
    });
    return { disk, cluster: "sim", nodes: this.#nodes };
  }
}
