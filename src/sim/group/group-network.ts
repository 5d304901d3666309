import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** Datagrams between nodes: lost, doubled, late, out of order, cut one way or both. */
export class GroupNetwork {
  loss = 0;
  duplication = 0;
  /** Probability that a packet is held back, for up to `heldMax` ms: it may outlive its sender. */
  holding = 0;
  heldMax = 0;
  delayMin = 0.2;
  delayMax = 1;
  /** `from>to` pairs that are cut. */
  readonly cuts = new Set<string>();
  /** Cuts that healing leaves as they are. */
  readonly lastingCuts = new Set<string>();
  readonly #events: VirtualTime;
  readonly #dice: Dice;
  readonly #deliver: (to: NodeId, packet: Packet) => void;

  constructor(events: VirtualTime, dice: Dice, deliver: (to: NodeId, packet: Packet) => void) {
    this.#events = events;
    this.#dice = dice;
    this.#deliver = deliver;
  }

  /** @param place where it is sent from, when that is not the sender's name */
  send(to: NodeId, packet: Packet, place: NodeId = packet.from): void {
    if (this.isCut(place, to)) return;
    const copies = this.duplication > 0 && this.#dice.chance(this.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.loss > 0 && this.#dice.chance(this.loss)) continue;
      const span = (this.delayMax - this.delayMin) * 100;
      let delay = this.delayMin + this.#dice.below(Math.max(1, span)) / 100;
      if (this.holding > 0 && this.#dice.chance(this.holding)) delay += this.#dice.below(Math.max(1, this.heldMax));
      this.#events.after(delay, () => this.#deliver(to, packet));
    }
  }

  isCut(from: NodeId, to: NodeId): boolean {
    const pair = `${from}>${to}`;
    return this.cuts.has(pair) || this.lastingCuts.has(pair);
  }

  cut(from: NodeId, to: NodeId): void {
    this.cuts.add(`${from}>${to}`);
  }

  cutBoth(a: NodeId, b: NodeId): void {
    this.cut(a, b);
    this.cut(b, a);
  }

  heal(): void {
    this.cuts.clear();
  }
}
