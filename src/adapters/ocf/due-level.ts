import type { MonitorLevel } from "../../model/cluster-config.ts";
import type { InstantMs } from "../../model/units.ts";

/** When monitors last looked as deep, by level. */
export type LookedAt = ReadonlyMap<number, InstantMs>;

/**
 * How deep the next monitor is to look: the deepest level whose time has come, else `plain`. A level that was not looked at yet counts
 * from the first monitor, so that a start is not followed by the dearest look.
 */
export function dueLevel(
  levels: readonly MonitorLevel[],
  lookedAt: LookedAt,
  now: InstantMs,
  plain: number,
): { readonly level: number; readonly lookedAt: LookedAt } {
  const due = levels.filter(({ level, intervalMs }) => now - (lookedAt.get(level) ?? now) >= intervalMs);
  const level = Math.max(plain, ...due.map((one) => one.level));
  // Who looks deep has looked at what is above, too.
  const next = levels.map((one): [number, InstantMs] => [
    one.level,
    one.level <= level ? now : (lookedAt.get(one.level) ?? now),
  ]);
  return { level, lookedAt: new Map(next) };
}
