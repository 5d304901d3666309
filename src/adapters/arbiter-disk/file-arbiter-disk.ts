import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { ArbiterDisk } from "../../ports/arbiter-disk.ts";
import { libcProblem, loadLibc } from "../native/libc.ts";

const sectorBytes = 4096;

interface Opened {
  readonly handle: FileHandle;
  readonly stats: Stats;
}

/**
 * A block device or a file. Everything goes past this machine's memory (O_DIRECT), or the writes of others would not be seen, and to the
 * medium before it counts (O_DSYNC).
 *
 * A file whose file system has no O_DIRECT is taken all the same: on a file system of this machine alone its memory is shared by all who
 * use it. A block device without it is refused.
 */
export class FileArbiterDisk implements ArbiterDisk {
  readonly #path: string;
  readonly #note: (text: string) => void;
  #opened: Opened | null = null;
  #isBusy = false;
  #isNoted = false;

  /** @param note a line for the log */
  constructor(path: string, note: (text: string) => void) {
    this.#path = path;
    this.#note = note;
  }

  async read(length: number): Promise<Uint8Array> {
    return this.#alone(async () => {
      const { handle } = await this.#open();
      const buffer = alignedBuffer(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, filled);
        filled += bytesRead;
        // The end of the disk, or of the file in the middle of a sector, after which O_DIRECT can read no more.
        if (bytesRead === 0 || bytesRead % sectorBytes !== 0) break;
      }
      return buffer.subarray(0, filled);
    });
  }

  async write(place: number, bytes: Uint8Array): Promise<void> {
    return this.#alone(async () => {
      if (this.#opened === null) throw new Error("it was not read before");
      const buffer = alignedBuffer(bytes.length);
      buffer.set(bytes);
      const { bytesWritten } = await this.#opened.handle.write(buffer, 0, bytes.length, place);
      if (bytesWritten !== bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    });
  }

  close(): Promise<void> {
    this.#forget();
    return Promise.resolve();
  }

  async #alone<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new Error("it has not answered an earlier call");
    this.#isBusy = true;
    try {
      return await call();
    } catch (error) {
      // The next reading opens it again: the device may have gone and come back.
      this.#forget();
      throw error;
    } finally {
      this.#isBusy = false;
    }
  }

  /** What has the path now, which may be another one than before. */
  async #open(): Promise<Opened> {
    const now = await stat(this.#path);
    if (this.#opened !== null && isSame(this.#opened.stats, now)) return this.#opened;
    this.#forget();
    if (!now.isBlockDevice() && !now.isFile()) throw new Error("it is neither a block device nor a file");
    const handle = await this.#openDirect(now);
    this.#opened = { handle, stats: await handle.stat() };
    return this.#opened;
  }

  async #openDirect(stats: Stats): Promise<FileHandle> {
    const flags = constants.O_RDWR | constants.O_DSYNC;
    const problem = loadLibc() === null ? libcProblem() : null;
    if (problem === null) {
      try {
        return await open(this.#path, flags | constants.O_DIRECT);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
      }
    }
    const why = problem ?? "not supported there";
    if (stats.isBlockDevice()) throw new Error(`it cannot be read past the memory of this machine: ${why}`);
    if (!this.#isNoted) {
      this.#isNoted = true;
      this.#note(`${this.#path} is read through the memory of this machine (${why}): other machines must not share it`);
    }
    return open(this.#path, flags);
  }

  #forget(): void {
    const before = this.#opened;
    this.#opened = null;
    // Closing waits for what is under way, and nobody waits for closing. What it says is of no more interest.
    before?.handle.close().catch(() => undefined);
  }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev;
}

/** Memory that begins at a sector's bound, as O_DIRECT wants it. Large enough to be outside of the heap, so it stays where it is. */
function alignedBuffer(length: number): Uint8Array {
  const memory = new Uint8Array(length + sectorBytes);
  const over = Number((loadLibc()?.address(memory) ?? 0n) % BigInt(sectorBytes));
  const start = (sectorBytes - over) % sectorBytes;
  return memory.subarray(start, start + length);
}
