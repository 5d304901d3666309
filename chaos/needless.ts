import { isHarmless, isShortAbsence } from "./fault.ts";
import type { Round } from "./run-chaos.ts";

/**
 * [LIVE-2] What moved, was restarted or did not answer without a cause; of two faults at a time, each may be one.
 *
 * @returns a line for each broken promise
 */
export function needless({
  number,
  kinds,
  faults,
  outageMs,
  fences,
  moves,
  movesMost,
  restarts,
}: Round): readonly string[] {
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) return [];
  const counts = `${fences} switched off, ${moves} moves (${movesMost} of one service), ${restarts} restarts`;
  const longest = Object.entries(outageMs).filter(([, ms]) => ms > 0);
  const outages = longest.map(([service, ms]) => `${service} ${ms.toFixed(0)} ms`).join(", ");
  const isNeedless = movesMost > 1 || (isHarmless(kind) && fences + moves + restarts > 0);
  const found = [
    ...(isNeedless ? [counts] : []),
    ...(isShortAbsence(kind) && longest.length > 0 ? [`clients had no answer: ${outages}`] : []),
  ];
  return found.map((what) => `[LIVE-2] round ${number} (${faults.join()}): ${what}`);
}
