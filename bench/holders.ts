import { setTimeout as sleep } from "node:timers/promises";
import { holders, soleHolder } from "../lab/holders.ts";
import type { Lab } from "../lab/lab.ts";
import { monotonicMs } from "../lab/monotonic.ts";

const watchEveryMs = 3;

/** What was seen of an address while somebody watched. */
export interface Holding {
  /** Most hosts that had it at one moment. */
  readonly most: number;
  /** Time with more than one, ms. */
  readonly doubledMs: number;
  /** How often the sole holder became another host. */
  readonly moves: number;
}

/** Watch who holds `ip` every few milliseconds until `signal` is aborted. */
export async function watchHolders(lab: Lab, ip: string, signal: AbortSignal): Promise<Holding> {
  let most = 0;
  let doubledMs = 0;
  let moves = 0;
  let last = soleHolder(lab, ip);
  for (let from = monotonicMs(); !signal.aborted; ) {
    await sleep(watchEveryMs);
    const now = monotonicMs();
    const names = holders(lab, ip);
    most = Math.max(most, names.length);
    if (names.length > 1) doubledMs += now - from;
    if (names.length === 1) {
      if (last !== undefined && names[0] !== last) moves += 1;
      last = names[0];
    }
    from = now;
  }
  return { most, doubledMs, moves };
}
