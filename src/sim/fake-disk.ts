import type { DiskRecord } from "../model/disk.ts";
import type { Journal, JournalContent } from "../ports/journal.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { VirtualTime } from "./virtual-time.ts";

interface Write {
  readonly records: readonly DiskRecord[];
  readonly isRewrite: boolean;
  readonly done: VirtualPromise<void>;
  readonly process: SimProcess;
}

/** The disk of one machine: what it holds survives everything but its own loss. */
export class FakeDisk {
  readonly #time: VirtualTime;
  readonly #random: Random;
  #records: DiskRecord[] = [];
  #pending: Write[] = [];
  #isDamaged = false;
  readonly #refused = new WeakSet<SimProcess>();
  /** Time of one write. */
  writeMs = 1;
  /** Writes are refused; the process that asked must take it that it can never write again. */
  isFailing = false;
  /** Told what has become durable. */
  onDurable: (records: readonly DiskRecord[]) => void = () => undefined;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** What is durable. */
  get records(): readonly DiskRecord[] {
    return this.#records;
  }

  /** Puts records on the disk, as if they had always been there. */
  fill(records: readonly DiskRecord[]): void {
    this.#records = [...records];
  }

  /** Everything is gone, and what was being written too. */
  lose(): void {
    this.#records = [];
    this.#pending = [];
    this.#isDamaged = false;
  }

  /** A record in the middle is broken: the next load finds a damaged journal. */
  damage(): void {
    this.#isDamaged = true;
  }

  /** The writer died: some of what it was writing is there, in order, and some is not. */
  cutOff(): void {
    for (const write of this.#pending) {
      if (this.#random.chance(0.5)) break;
      this.#take(write);
    }
    this.#pending = [];
  }

  load(): JournalContent {
    if (this.#isDamaged)
      return { records: [], state: "damaged", detail: "record 1 of the simulated journal is broken" };
    return { records: [...this.#records], state: this.#records.length === 0 ? "none" : "good", detail: "" };
  }

  write(process: SimProcess, records: readonly DiskRecord[], isRewrite: boolean): Promise<void> {
    const done = new VirtualPromise<void>();
    if (this.#refused.has(process)) {
      done.reject(new Error("Cannot write the journal: an earlier write has failed"));
      return done;
    }
    this.#pending.push({ records, isRewrite, done, process });
    if (this.#pending.length === 1) this.#startWriting();
    return done;
  }

  /** Everything that waits is written together, like a group commit. */
  #startWriting(): void {
    const batch = this.#pending.length;
    const first = this.#pending[0];
    this.#time.schedule(this.#time.now + this.writeMs, null, () => {
      // A write that was cut off, and another after it: this one's end is not that one's.
      if (this.#pending[0] !== first) return;
      const written = this.#pending.slice(0, batch);
      this.#pending = this.#pending.slice(batch);
      if (this.isFailing) return this.#refuse(written);
      for (const write of written) {
        this.#take(write);
        write.process.call(() => write.done.resolve());
      }
      if (this.#pending.length > 0) this.#startWriting();
    });
  }

  /** A journal that could not write is closed for good: what waits behind the failed write must not land after a gap. */
  #refuse(failed: readonly Write[]): void {
    const all = [...failed, ...this.#pending];
    this.#pending = [];
    for (const { process, done } of all) {
      this.#refused.add(process);
      process.call(() => done.reject(new Error("EIO: i/o error, fdatasync")));
    }
  }

  #take(write: Write): void {
    if (write.isRewrite) {
      this.#records = [...write.records];
      this.#isDamaged = false;
    } else this.#records.push(...write.records);
    this.onDurable(write.records);
  }
}

/** The journal that one process keeps on a disk. */
export function fakeJournal(disk: FakeDisk, process: SimProcess): Journal {
  return {
    load: () => VirtualPromise.of(disk.load()),
    append: (records) => disk.write(process, records, false),
    rewrite: (records) => disk.write(process, records, true),
    close: () => VirtualPromise.resolved(),
  };
}
