import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endGroup } from "./end-group.ts";
import { factsOf } from "./proc-table.ts";

/**
 * Operations of a daemon that died.
 *
 * Programs outlive haled, so a start may still be on its way when the next haled probes, finds nothing, says so, and the service is started
 * elsewhere: twice, a moment later. So each running program is on record, by its pid and since when (pids are used again), and the next
 * daemon ends what it finds before it runs anything.
 *
 * One file for all of a process, with a line of one length for each: to write a line and to strike it out is one call each. A file for each
 * program cost as much as to start it.
 */
const prefix = "running.";
const lineBytes = 256;
const struck = Buffer.from("-");
const pollPeriodMs = 5;
/** Longer than `endGroup` takes at most. */
const waitMsMax = 4000;

/** The programs of this process. */
export class ProgramRecords {
  readonly #path: string;
  readonly #free: number[] = [];
  #lines = 0;
  #fd: number | null = null;

  /** @param folder of this daemon alone, gone after a boot */
  constructor(folder: string) {
    this.#path = join(folder, `${prefix}${process.pid}`);
  }

  /** Puts a running program on record. The returned function takes it off. */
  add(outputName: string, pid: number): () => void {
    const line = this.#free.pop() ?? this.#lines++;
    const strike = (): void => {
      this.#write(line, struck);
      this.#free.push(line);
    };
    const text = `${pid} ${ticksNow()} ${outputName}`.slice(0, lineBytes - 1);
    this.#write(line, Buffer.from(`${text.padEnd(lineBytes - 1)}\n`, "latin1"));
    return strike;
  }

  close(): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    rmSync(this.#path, { force: true });
  }

  #write(line: number, bytes: Buffer): void {
    try {
      this.#fd ??= openSync(this.#path, "w", 0o600);
      writeSync(this.#fd, bytes, 0, bytes.length, line * lineBytes);
    } catch {
      // A full tmpfs: the program runs all the same, and only a crash of haled during it would miss the record.
    }
  }
}

/** Ends every program on record that still runs. Returns what was ended, one line each, for the log. */
export async function endRecordedPrograms(folder: string): Promise<readonly string[]> {
  const found = await Promise.all(recordsIn(folder).map(async (name) => endRecorded(join(folder, name))));
  return found.flat();
}

async function endRecorded(path: string): Promise<readonly string[]> {
  const ended = await Promise.all(readFileSync(path, "latin1").split("\n").map(endLine));
  rmSync(path, { force: true });
  return ended.filter((line) => line !== null);
}

async function endLine(line: string): Promise<string | null> {
  const [, pid, ticks, name] = /^(\d+) (\d+) (\S+) *$/.exec(line) ?? [];
  if (pid === undefined) return null;
  const first = factsOf(Number(pid));
  // Who has the pid by now has got it after the program was put on record.
  if (first === null || first.isZombie || first.startTime > Number(ticks) + 1) return null;
  const isRunning = (): boolean => {
    const facts = factsOf(Number(pid));
    return facts !== null && !facts.isZombie && facts.startTime === first.startTime;
  };
  return `${name}: ${await endGroup(Number(pid), whenFalse(isRunning))}`;
}

async function whenFalse(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + waitMsMax;
  while (isTrue() && performance.now() < end) await sleep(pollPeriodMs);
}

function recordsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(prefix));
  } catch {
    // No folder: the first start since boot.
    return [];
  }
}

/** Since boot, as the kernel counts the starts of processes. */
export function ticksNow(): number {
  return Math.floor(uptime() * 100);
}
