/** A line that a counter has written into the shared folder, see `counter`. */
export interface LockEvent {
  readonly event: "taken" | "released" | "denied";
  readonly host: string;
  /** See `monotonicMs`. */
  readonly atMs: number;
  /** Of a denial: who had the lock. */
  readonly other: string;
}

/** @param text whole lines, written by `counter` and by nobody else */
export function parseHistory(text: string): readonly LockEvent[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [event = "", host = "", atMs = "", other = ""] = line.split(" ");
      return { event: event as LockEvent["event"], host, atMs: Number(atMs), other };
    });
}

/**
 * What shows that two hosts owned a service at once: a start that found the lock taken by another host, or an orderly end
 * after another's start. A host that lost power leaves no end, and no lock.
 *
 * @param events of one service, in the order of the file
 * @returns a line each
 */
export function overlaps(events: readonly LockEvent[]): readonly string[] {
  const denied = events
    .filter(({ event, host, other }) => event === "denied" && other !== host)
    .map((e) => `at ${e.atMs.toFixed(0)} ms ${e.host} started it while ${e.other} still had it`);
  const late = events.flatMap((taken, index) => {
    if (taken.event !== "taken") return [];
    const { host, atMs } = taken;
    const end = events.slice(index + 1).find((e) => e.host === host && e.event !== "denied");
    const next = events.slice(index + 1).find((e) => e.host !== host && e.event === "taken");
    if (end?.event !== "released" || next === undefined || next.atMs >= end.atMs) return [];
    return [
      `${host} had it from ${atMs.toFixed(0)} to ${end.atMs.toFixed(0)} ms, ${next.host} from ${next.atMs.toFixed(0)}`,
    ];
  });
  return [...denied, ...late];
}

/** How often it was started on another host than before, and on the same one again, from `sinceMs` on. */
export function countStarts(events: readonly LockEvent[], sinceMs: number): { moves: number; restarts: number } {
  const starts = events.filter(({ event }) => event === "taken");
  let moves = 0;
  let restarts = 0;
  for (const [index, { host, atMs }] of starts.entries()) {
    const before = starts[index - 1];
    if (before === undefined || atMs < sinceMs) continue;
    if (before.host === host) restarts += 1;
    else moves += 1;
  }
  return { moves, restarts };
}
