import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../lab/lab.ts";
import { monotonicMs } from "../lab/monotonic.ts";

/**
 * Hosts whose kernel has `ip` as an address of its own, sorted. Read from outside without starting a program, so it
 * can be asked hundreds of times a second.
 */
export function holders(lab: Lab, ip: string): readonly string[] {
  return [...lab.hosts.values()]
    .filter((host) => host.isOn && isLocal(host.pid, ip))
    .map((host) => host.name)
    .sort();
}

/** The one host that has `ip`. @returns undefined when none or several have it */
export function soleHolder(lab: Lab, ip: string): string | undefined {
  const [first, second] = holders(lab, ip);
  return second === undefined ? first : undefined;
}

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

const watchEveryMs = 3;

function isLocal(pid: number, ip: string): boolean {
  const pattern = new RegExp(`\\|-- ${ip.replaceAll(".", "\\.")}\\n\\s+/32 host LOCAL`);
  try {
    return pattern.test(readFileSync(`/proc/${pid}/net/fib_trie`, "utf8"));
  } catch {
    return false; // The host has lost power a moment ago.
  }
}
