import type { DiskRecord } from "../../model/disk.ts";
import type { Entry } from "../../model/entry.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "../virtual-time.ts";

interface QueuedWrite {
  readonly records: readonly DiskRecord[];
  done(): void;
}

/**
 * A disk with a queue: writes finish in order, each after its own time; power loss keeps a random beginning of what was under way.
 * Knows the durable log as well, for the checkers.
 */
export class GroupDisk {
  records: DiskRecord[] = [];
  /** Entries on disk: position i holds index i+1. */
  log: Entry[] = [];
  /** Bound of a write's duration. */
  latencyMax = 2;
  stalledUntil = 0;
  /** Records that were there when the content was last replaced; -1 when it never was. */
  #replacedUpTo = -1;
  readonly #queue: QueuedWrite[] = [];
  readonly #events: VirtualTime;
  readonly #dice: Dice;
  #life = 0;

  constructor(events: VirtualTime, dice: Dice) {
    this.#events = events;
    this.#dice = dice;
  }

  /** Nothing that was acknowledged is missing: never replaced, or installed anew since. */
  get isWhole(): boolean {
    return (
      this.#replacedUpTo < 0 ||
      this.records.some(({ kind }, position) => kind === "install" && position >= this.#replacedUpTo)
    );
  }

  /** `done` is called when the records are durable, unless power is lost before. */
  write(records: readonly DiskRecord[], done: () => void): void {
    this.#queue.push({ records, done });
    if (this.#queue.length === 1) this.#work();
  }

  /** Power is lost: of what waits, a beginning has reached the disk; the last record of it perhaps not. */
  cutPower(): void {
    this.#life += 1;
    const waiting = this.#queue.splice(0).flatMap(({ records }) => records);
    if (waiting.length > 0) this.apply(waiting.slice(0, this.#dice.between(0, waiting.length)));
  }

  /** The process died, the kernel lives: what it had written reaches the disk. */
  loseProcess(): void {
    this.#life += 1;
    this.apply(this.#queue.splice(0).flatMap(({ records }) => records));
  }

  /** The contents as given: none for a new disk, an earlier state for a restored backup. */
  replace(records: readonly DiskRecord[]): void {
    this.records = [];
    this.log = [];
    this.apply(records);
    this.#replacedUpTo = records.length;
  }

  apply(records: readonly DiskRecord[]): void {
    for (const record of records) {
      this.records.push(record);
      if (record.kind === "append") this.log.push(...record.entries);
      if (record.kind === "install") this.log.splice(record.from - 1, this.log.length, ...record.entries);
      if (record.kind === "distrusted") this.log = [];
    }
  }

  #work(): void {
    const life = this.#life;
    const stall = Math.max(0, this.stalledUntil - this.#events.now);
    this.#events.after(stall + this.#dice.between(1, this.latencyMax * 10) / 10, () => {
      if (life !== this.#life) return;
      const write = this.#queue.shift();
      if (write === undefined) return;
      this.apply(write.records);
      if (this.#queue.length > 0) this.#work();
      write.done();
    });
  }
}
