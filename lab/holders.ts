import { readFileSync } from "node:fs";
import type { Lab } from "./lab.ts";

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

function isLocal(pid: number, ip: string): boolean {
  const pattern = new RegExp(`\\|-- ${ip.replaceAll(".", "\\.")}\\n\\s+/32 host LOCAL`);
  try {
    return pattern.test(readFileSync(`/proc/${pid}/net/fib_trie`, "utf8"));
  } catch {
    return false; // The host has lost power a moment ago.
  }
}
