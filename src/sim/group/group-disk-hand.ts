import type { ArbiterDiskEffect, ArbiterDiskInput, ArbiterDiskState } from "../../core/quorum/arbiter-disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WitnessAsk, WitnessGrant } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Dice } from "./dice.ts";
import type { DiskWrite, GroupArbiterDisk } from "./group-arbiter-disk.ts";
import type { GroupRules } from "./group-rules.ts";

/** What a hand is told about the host it belongs to. */
export interface HandSetup {
  readonly disk: GroupArbiterDisk;
  readonly rules: GroupRules;
  readonly events: VirtualTime;
  readonly dice: Dice;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly deadtimeMs: number;
  now(): InstantMs;
  /** Until then the host stands still, its kernel and all. */
  frozenUntil(): number;
  /** Until then its main loop takes nothing in. */
  stillUntil(): number;
  granted(disk: NodeId, grant: WitnessGrant): void;
}

/** How long after its writer's end a write may come through: lives later, when the writer is quick. */
const lateMsMax = 4_000;

/** One life's way to the shared disk: the core's rules for it, and what its kernel has under way. */
export class GroupDiskHand {
  readonly #setup: HandSetup;
  #state: ArbiterDiskState;
  #write: DiskWrite | null = null;
  #hasEnded = false;

  constructor(setup: HandSetup) {
    this.#setup = setup;
    const { rules, self, incarnation, deadtimeMs } = setup;
    this.#state = rules.startArbiterDisk({ self, incarnation, cluster: "sim", deadtimeMs });
  }

  ask(ask: WitnessAsk): void {
    this.#take({ kind: "ask", ask });
  }

  /** The process is gone; what its kernel has taken is written all the same, sooner or later. */
  loseProcess(): void {
    this.#hasEnded = true;
  }

  /** Power is gone: what was being written came there, or did not, or half, or waits in the storage's own queue. */
  cutPower(): void {
    const { dice, disk, self, events } = this.#setup;
    this.#hasEnded = true;
    const write = this.#write;
    this.#write = null;
    if (write === null || disk.cuts.has(self)) return;
    const fate = dice.below(4);
    if (fate === 0) disk.apply(write);
    if (fate === 1) disk.tear(write);
    if (fate === 2) events.after(dice.between(1, lateMsMax), () => disk.apply(write));
  }

  #take(input: ArbiterDiskInput): void {
    if (this.#hasEnded) return;
    const { events } = this.#setup;
    const stillMs = this.#setup.stillUntil() - events.now;
    // What comes back while the loop stands still is taken in when it goes on.
    if (stillMs > 0) return events.after(stillMs, () => this.#take(input));
    const { state, effects } = this.#setup.rules.stepArbiterDisk(this.#state, input, this.#setup.now());
    this.#state = state;
    for (const effect of effects) this.#execute(effect);
  }

  #execute(effect: ArbiterDiskEffect): void {
    const { disk, self, events, dice } = this.#setup;
    if (effect.kind === "answer") return this.#setup.granted(effect.disk, effect.grant);
    if (effect.kind === "heard" || effect.kind === "trouble") return;
    if (disk.errors.has(self)) return events.after(1, () => this.#take({ kind: "failed", reason: "EIO" }));
    if (effect.kind === "read") {
      disk.arrive(self, () => disk.read((content) => this.#take({ kind: "read", content })));
      return;
    }
    const write: DiskWrite =
      effect.kind === "write-beat"
        ? { kind: "beat", slot: effect.slot, beat: effect.beat }
        : { kind: "vote", slot: effect.slot, copy: effect.copy, vote: effect.vote };
    this.#write = write;
    const comes = (): void => {
      if (this.#write !== write) return;
      const frozenMs = this.#setup.frozenUntil() - events.now;
      // A machine that stands still may have the write in its own memory yet: it comes when nobody expects it any more.
      if (frozenMs > 0 && dice.chance(0.5)) return events.after(frozenMs, comes);
      this.#write = null;
      disk.apply(write);
      disk.arrive(self, () => this.#take({ kind: "written" }));
    };
    disk.arrive(self, comes);
  }
}
