import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { type DiskReading, isMajority, readable } from "./disk-reading.ts";

/** The daemon of `sbd` on this machine, as its processes show it. */
export interface Watcher {
  /** Everything that its main process has open. */
  readonly openFiles: readonly string[];
  readonly disks: readonly { readonly uuid: string; readonly slot: number }[];
  /** What else it listens to: `Pacemaker`, `Cluster`. */
  readonly others: readonly string[];
}

interface Seen {
  readonly pid: string;
  readonly parent: string;
  readonly title: string;
}

/**
 * Finds it by the titles of its processes: one that holds the watchdog, and one for each disk. A process can call itself anything, so
 * only those that run `program` are looked at.
 *
 * @param folder where processes are seen, as in `/proc`
 * @returns null when it does not run; undefined when it runs more than once
 */
export async function findWatcher(folder: string, program: string): Promise<Watcher | null | undefined> {
  const names = (await readdir(folder)).filter((name) => /^\d+$/.test(name));
  const seen = (await Promise.all(names.map(async (pid) => look(folder, pid, program)))).filter((one) => one !== null);
  const mains = seen.filter(({ title }) => title === "sbd: inquisitor");
  const [main] = mains;
  if (main === undefined) return null;
  if (mains.length > 1) return undefined;
  const titles = seen.filter(({ parent }) => parent === main.pid).map(({ title }) => title);
  const found = titles.map((title) => /^sbd: watcher: \S+ - slot: (\d+) - uuid: (\S+)$/.exec(title));
  return {
    openFiles: await openFiles(join(folder, main.pid, "fd")),
    disks: found.flatMap((match) => (match === null ? [] : [{ slot: Number(match[1]), uuid: match[2] ?? "" }])),
    others: titles.flatMap((title) => /^sbd: watcher: (\w+)$/.exec(title)?.[1] ?? []),
  };
}

/** null: another program, or gone meanwhile. */
async function look(folder: string, pid: string, program: string): Promise<Seen | null> {
  const textOf = (name: string) => readFile(join(folder, pid, name), "utf8").catch(() => "");
  const runs = await readlink(join(folder, pid, "exe")).catch(() => "");
  // An upgrade of the package leaves the old file to the processes that run it.
  if (runs.replace(/ \(deleted\)$/, "") !== program) return null;
  const title = (await textOf("cmdline")).replaceAll("\0", " ").trimEnd();
  return { pid, title, parent: /^PPid:\s*(\d+)$/m.exec(await textOf("status"))?.[1] ?? "" };
}

async function openFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map(async (name) => readlink(join(folder, name)).catch(() => "")));
}

/** What a machine must be for its watcher to obey every message. */
export interface Guard {
  readonly readings: readonly DiskReading[];
  /** The watchdog that it must hold; undefined: any; `/dev/null`: none, as sbd itself says it. */
  readonly watchdog: string | undefined;
}

/** Why this machine would not surely be off after a message to it; null: it would. */
export function guardProblem(watcher: Watcher | null | undefined, { readings, watchdog }: Guard): string | null {
  if (watcher === null) return "the watcher of sbd does not run on this node: systemctl status sbd";
  if (watcher === undefined) return "sbd runs more than once on this node";
  // It goes on without its disks while they say that all is well.
  if (watcher.others.length > 0)
    return `the watcher of sbd listens to ${watcher.others.join(" and ")}: SBD_PACEMAKER=no in /etc/default/sbd`;
  if (
    !watcher.openFiles.some((file) => (watchdog === undefined ? /^\/dev\/watchdog\d*$/.test(file) : file === watchdog))
  )
    return `the watcher of sbd on this node does not hold ${watchdog ?? "a watchdog"}`;
  const watched = readable(readings).filter(({ uuid }) => watcher.disks.some((disk) => disk.uuid === uuid));
  if (!isMajority(watched.length, readings))
    return `the watcher of sbd on this node watches ${watched.length} of ${readings.length} disks`;
  return null;
}

/**
 * Why a message to the node of that name would not surely reach this machine; null: it would. Asked before anything runs here, so it wants all:
 * a watcher with other disks than ours would count another majority.
 */
export function ownSlotProblem(watcher: Watcher, readings: readonly DiskReading[], plug: string): string | null {
  for (const reading of readings) {
    if (!reading.ok) return `${reading.path}: ${reading.reason}`;
    const own = watcher.disks.find(({ uuid }) => uuid === reading.uuid);
    if (own === undefined) return `the watcher of sbd on this node does not watch ${reading.path}`;
    const slot = reading.slots.get(plug);
    if (slot?.index !== own.slot)
      return `the watcher of sbd on this node has slot ${own.slot} of ${reading.path}, and "${plug}" has ${slot === undefined ? "none" : `slot ${slot.index}`}`;
    if (slot.message !== "clear") return `"${slot.message}" waits for "${plug}" on ${reading.path}`;
  }
  if (watcher.disks.length !== readings.length)
    return `the watcher of sbd on this node watches ${watcher.disks.length} disks, and ${readings.length} are configured`;
  return null;
}
