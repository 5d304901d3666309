import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endGroup } from "./end-group.ts";
import { factsOf } from "./proc-table.ts";

/**
 * Operations of a daemon that died.
 *
 * Programs outlive haled, so a start may still be on its way when the next haled probes, finds nothing, says so, and the service is started
 * elsewhere: twice, a moment later. So each running program is on record, by pid and start time (pids are used again), and the next daemon
 * ends what it finds before it runs anything.
 */
const suffix = ".group";
const pollPeriodMs = 5;
/** Longer than `endGroup` takes at most. */
const waitMsMax = 4000;

/** Puts a running program on record. The returned function takes it off. */
export function recordProgram(folder: string, outputName: string, pid: number): () => void {
  const path = join(folder, `${outputName}${suffix}`);
  try {
    writeFileSync(path, `${pid} ${startTimeOf(pid) ?? ""}`);
  } catch {
    // A full tmpfs: the program runs all the same, and only a crash of haled during it would miss the record.
    return () => undefined;
  }
  return () => rmSync(path, { force: true });
}

/** Ends every program on record that still runs. Returns what was ended, one line each, for the log. */
export async function endRecordedPrograms(folder: string): Promise<readonly string[]> {
  const found = await Promise.all(recordsIn(folder).map(async (name) => endRecorded(folder, name)));
  return found.flat();
}

async function endRecorded(folder: string, name: string): Promise<readonly string[]> {
  const path = join(folder, name);
  const [pid = "", startTime = ""] = readFileSync(path, "utf8").split(" ");
  const isRunning = (): boolean => startTime !== "" && startTimeOf(Number(pid)) === startTime;
  const ended = isRunning()
    ? [`${name.slice(0, -suffix.length)}: ${await endGroup(Number(pid), whenFalse(isRunning))}`]
    : [];
  rmSync(path, { force: true });
  return ended;
}

async function whenFalse(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + waitMsMax;
  while (isTrue() && performance.now() < end) await sleep(pollPeriodMs);
}

function recordsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(suffix));
  } catch {
    // No folder: the first start since boot.
    return [];
  }
}

/** null when there is no such process, or only its zombie. */
function startTimeOf(pid: number): string | null {
  const facts = factsOf(pid);
  return facts === null || facts.isZombie ? null : String(facts.startTime);
}
