import type { DiskRecord } from "../../model/disk.ts";
import type { Entry } from "../../model/entry.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "../virtual-time.ts";

interface QueuedWrite {
  readonly records: readonly DiskRecord[];
  readonly isRewrite: boolean;
  done(): void;
}

/** What was on the disk at some time: the records of a generation, up to now or to the rewrite that ended it. */
interface Generation {
  readonly records: DiskRecord[];
  /** Records that came with the rewrite: fewer were never there. */
  readonly least: number;
}

/**
 * A disk with a queue: writes finish in order, each after its own time; power loss keeps a random beginning of what was under way, but
 * a rewrite whole or not at all. Knows the durable log as well, for the checkers.
 */
export class GroupDisk {
  /** Entries on disk, by index; those in a checkpoint are not here. */
  readonly log = new Map<number, Entry>();
  /** Length of the durable log. */
  length = 0;
  /** Bounds of a write's duration. */
  latencyMin = 0.1;
  latencyMax = 2;
  stalledUntil = 0;
  rewrites = 0;
  #generations: Generation[] = [{ records: [], least: 0 }];
  /** Its content was replaced, and nothing was installed since. */
  #isLacking = false;
  readonly #queue: QueuedWrite[] = [];
  readonly #events: VirtualTime;
  readonly #dice: Dice;
  #life = 0;

  constructor(events: VirtualTime, dice: Dice) {
    this.#events = events;
    this.#dice = dice;
  }

  get records(): readonly DiskRecord[] {
    return this.#generation.records;
  }

  /** Nothing that was acknowledged is missing: never replaced, or installed anew since. */
  get isWhole(): boolean {
    return !this.#isLacking;
  }

  /** Something that was on this disk at some time. */
  earlier(dice: Dice): readonly DiskRecord[] {
    const { records, least } = dice.pick(this.#generations);
    return records.slice(0, least + dice.below(Math.max(1, records.length - least)));
  }

  /** `done` is called when the records are durable, unless power is lost before. */
  write(records: readonly DiskRecord[], isRewrite: boolean, done: () => void): void {
    this.#queue.push({ records, isRewrite, done });
    if (this.#queue.length === 1) this.#work();
  }

  /** Power is lost: of what waits, a beginning has reached the disk; the last record of it perhaps not. */
  cutPower(): void {
    this.#life += 1;
    for (const write of this.#queue.splice(0)) {
      if (this.#dice.chance(0.4)) return;
      const count = this.#dice.between(0, write.records.length);
      if (write.isRewrite) {
        if (count < write.records.length) return;
        this.#rewrite(write.records);
      } else this.apply(write.records.slice(0, count));
      if (count < write.records.length) return;
    }
  }

  /** The process died, the kernel lives: what it had written reaches the disk, but a rewrite only when it has come to its renaming. */
  loseProcess(): void {
    this.#life += 1;
    for (const write of this.#queue.splice(0)) {
      if (!write.isRewrite) this.apply(write.records);
      else if (this.#dice.chance(0.5)) this.#rewrite(write.records);
      else return;
    }
  }

  /** The contents as given: none for a new disk, an earlier state for a restored backup. */
  replace(records: readonly DiskRecord[]): void {
    this.log.clear();
    this.length = 0;
    this.#generations = [{ records: [], least: 0 }];
    this.apply(records);
    this.#isLacking = true;
  }

  apply(records: readonly DiskRecord[]): void {
    for (const record of records) {
      this.#generation.records.push(record);
      if (record.kind === "append") this.#put(record.entries);
      if (record.kind === "install") {
        this.#cut(record.from);
        if (record.checkpoint !== undefined) this.log.clear();
        this.length = record.from - 1;
        this.#put(record.entries);
        this.#isLacking = false;
      }
      if (record.kind === "log") {
        this.log.clear();
        this.length = record.checkpoint?.index ?? 0;
        this.#put(record.entries);
      }
      if (record.kind === "distrusted") {
        this.log.clear();
        this.length = 0;
      }
    }
  }

  get #generation(): Generation {
    const last = this.#generations.at(-1);
    if (last === undefined) throw new TypeError("Cannot read a disk without contents");
    return last;
  }

  #rewrite(records: readonly DiskRecord[]): void {
    this.rewrites += 1;
    this.#generations = [...this.#generations.slice(-3), { records: [], least: records.length }];
    this.apply(records);
  }

  #put(entries: readonly Entry[]): void {
    for (const entry of entries) this.log.set(entry.index, entry);
    this.length = entries.at(-1)?.index ?? this.length;
  }

  #cut(from: number): void {
    for (const index of this.log.keys()) if (index >= from) this.log.delete(index);
  }

  #work(): void {
    const life = this.#life;
    const stall = Math.max(0, this.stalledUntil - this.#events.now);
    this.#events.after(stall + this.#dice.between(this.latencyMin * 10, this.latencyMax * 10) / 10, () => {
      if (life !== this.#life) return;
      const write = this.#queue.shift();
      if (write === undefined) return;
      if (write.isRewrite) this.#rewrite(write.records);
      else this.apply(write.records);
      if (this.#queue.length > 0) this.#work();
      write.done();
    });
  }
}
