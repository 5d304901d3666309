import type { WitnessEffect, WitnessInput, WitnessStep } from "../../core/quorum/witness.ts";
import { type NodeId, witnessId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import type { Packet } from "../../model/message.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Dice } from "./dice.ts";
import { GroupDisk } from "./group-disk.ts";
import type { GroupRules } from "./group-rules.ts";

/** Where packets for the witness go. */
export const witnessPlace = "witness" as NodeId;

/** What a witness is made of. */
export interface WitnessSetup {
  readonly rules: GroupRules;
  readonly events: VirtualTime;
  readonly dice: Dice;
  send(to: NodeId, packet: Packet): void;
}

/** The third machine: a disk, and on it at most one process that is the witness. */
export class GroupWitness {
  readonly disk: GroupDisk;
  /** It stands still until then; what comes meanwhile waits. */
  frozenUntil = 0;
  readonly #setup: WitnessSetup;
  #state: WitnessStep["state"] | null = null;
  #id: NodeId | null = null;
  #incarnation: Incarnation | null = null;
  #life = 0;
  #isDraining = false;
  #waiting: WitnessInput[] = [];

  constructor(setup: WitnessSetup) {
    this.#setup = setup;
    this.disk = new GroupDisk(setup.events, setup.dice);
  }

  get isRunning(): boolean {
    return this.#state !== null;
  }

  /** The name of its disk; null while that is new. */
  get id(): NodeId | null {
    return this.#id;
  }

  start(): void {
    if (this.#state !== null) return;
    const { rules, dice, events } = this.#setup;
    const found = rules.replayDisk(this.disk.records);
    if (found.founding === null) {
      const digits = dice.below(0x7fffffff).toString(16).padStart(12, "0");
      this.disk.apply(rules.foundedWitness(witnessId(digits)));
    }
    const boot = found.boot + 1;
    this.disk.apply([{ kind: "boot", boot }]);
    const disk = rules.replayDisk(this.disk.records);
    // An installation carries the name on: see the records.
    this.#id = nameOf(this.disk);
    this.#incarnation = makeIncarnation({ boot, startedAt: Math.round(events.now), random: dice.below(0xffff) });
    this.#life += 1;
    this.#waiting = [];
    this.#state = rules.startWitness(disk);
  }

  /** Power off: what was not yet on disk is gone. */
  cutPower(): void {
    this.#end();
    this.disk.cutPower();
  }

  /** kill -9: what was written reaches the disk. */
  killProcess(): void {
    this.#end();
    this.disk.loseProcess();
  }

  /** Its disk is replaced by an empty one. */
  loseDisk(): void {
    this.cutPower();
    this.disk.replace([]);
    this.#id = null;
  }

  receive({ from, incarnation, message }: Packet): void {
    if (message.kind === "ask") this.#take({ kind: "ask", from: { address: from, incarnation }, ask: message });
  }

  #take(input: WitnessInput): void {
    if (this.#state === null) return;
    this.#waiting.push(input);
    const { events } = this.#setup;
    const life = this.#life;
    if (events.now >= this.frozenUntil) this.#drain();
    else
      events.after(this.frozenUntil - events.now, () => {
        if (life === this.#life) this.#drain();
      });
  }

  #drain(): void {
    if (this.#isDraining || this.#setup.events.now < this.frozenUntil) return;
    this.#isDraining = true;
    for (let next = this.#waiting.shift(); next !== undefined && this.#state !== null; next = this.#waiting.shift()) {
      const step = this.#setup.rules.stepWitness(this.#state, next);
      this.#state = step.state;
      for (const effect of step.effects) this.#execute(effect);
    }
    this.#isDraining = false;
  }

  #execute(effect: WitnessEffect): void {
    const life = this.#life;
    if (effect.kind === "persist") {
      this.disk.write(effect.records, false, () => {
        if (life === this.#life) this.#take({ kind: "persisted", write: effect.write });
      });
      return;
    }
    if (this.#id === null || this.#incarnation === null) return;
    const message = { kind: "grant" as const, ...effect.grant };
    this.#setup.send(effect.to.address as NodeId, { from: this.#id, incarnation: this.#incarnation, message });
  }

  #end(): void {
    this.#life += 1;
    this.#state = null;
    this.#waiting = [];
  }
}

function nameOf(disk: GroupDisk): NodeId | null {
  for (const record of disk.records) if (record.kind === "founded") return record.voters[0] ?? null;
  return null;
}
