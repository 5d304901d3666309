/** What the program `sbd` tells of one shared disk. */
export type DiskReading =
  | {
      readonly ok: true;
      readonly path: string;
      readonly uuid: string;
      readonly watchdogMs: number;
      /** So long after it was written a message has been obeyed, or the node has been reset by its watchdog. */
      readonly msgwaitMs: number;
      /** By the name of the node. */
      readonly slots: ReadonlyMap<string, Slot>;
    }
  | { readonly ok: false; readonly path: string; readonly reason: string };

/** A disk that was read. */
export type ReadableDisk = Extract<DiskReading, { readonly ok: true }>;

/** The place of one node on a disk. */
export interface Slot {
  readonly index: number;
  /** `clear`: none. */
  readonly message: string;
}

/** Reads what `sbd dump` and `sbd list` have printed of the disk. */
export function parseDisk(path: string, dump: string, list: string): DiskReading {
  const uuid = /^UUID\s*:\s*(\S+)$/m.exec(dump)?.[1];
  const watchdog = seconds(dump, "watchdog");
  const msgwait = seconds(dump, "msgwait");
  if (uuid === undefined || watchdog === null || msgwait === null)
    return { ok: false, path, reason: "its header is not understood" };
  const slots = new Map<string, Slot>();
  for (const [, index = "", name = "", message = ""] of list.matchAll(/^(\d+)\t(\S+)\t(\S+)/gm))
    slots.set(name, { index: Number(index), message });
  return { ok: true, path, uuid, watchdogMs: watchdog * 1_000, msgwaitMs: msgwait * 1_000, slots };
}

function seconds(dump: string, name: string): number | null {
  const found = new RegExp(`^Timeout \\(${name}\\)\\s*: (\\d+)$`, "m").exec(dump)?.[1];
  return found === undefined ? null : Number(found);
}

/** Those that were read. */
export function readable(readings: readonly DiskReading[]): readonly ReadableDisk[] {
  return readings.filter((reading) => reading.ok);
}

/** More than half: what a message needs to count, and a node to go on. */
export function isMajority(count: number, readings: readonly DiskReading[]): boolean {
  return 2 * count > readings.length;
}

/** Why a message on these disks could not be trusted; null: it could. */
export function disksProblem(readings: readonly DiskReading[]): string | null {
  const disks = readable(readings);
  if (!isMajority(disks.length, readings)) {
    const silent = readings.flatMap((reading) => (reading.ok ? [] : [`${reading.path}: ${reading.reason}`]));
    return `${disks.length} of ${readings.length} disks can be read: ${silent.join(", ")}`;
  }
  if (new Set(disks.map(({ uuid }) => uuid)).size < disks.length) return "two of the paths are the same disk";
  const [first] = disks;
  // The watcher takes its times from one of them, whichever it comes to first.
  const odd = disks.find(
    ({ watchdogMs, msgwaitMs }) => watchdogMs !== first?.watchdogMs || msgwaitMs !== first.msgwaitMs,
  );
  if (odd !== undefined) return `${odd.path} has other timeouts than ${first?.path ?? ""}: make them alike`;
  const { watchdogMs = 0, msgwaitMs = 0 } = first ?? {};
  // It notices after one time-out that it has lost the disks, and its watchdog rings up to another one later.
  if (msgwaitMs < 2 * watchdogMs)
    return `msgwait (${msgwaitMs / 1_000} s) is less than twice the watchdog timeout (${watchdogMs / 1_000} s)`;
  return null;
}

/** Why the node cannot be sent a message; null: it can. */
export function slotsProblem(readings: readonly DiskReading[], plug: string): string | null {
  const having = readable(readings).filter(({ slots }) => slots.has(plug));
  if (isMajority(having.length, readings)) return null;
  return `"${plug}" has a slot on ${having.length} of ${readings.length} disks: its watcher never ran there`;
}
