import { sbdAgent } from "../model/sbd.ts";
import { type DurationMs, durationMs } from "../model/units.ts";
import { parseDuration } from "./duration.ts";
import type { Mapping } from "./raw.ts";

/** Every default that is not a plain constant of `build-config.ts`; the checks need them before anything is built. */

/** The timers of the group with their defaults, as src/model/cluster-config.ts documents them. */
export interface HeartbeatTimes {
  readonly keepaliveMs: DurationMs;
  readonly warntimeMs: DurationMs;
  readonly deadtimeMs: DurationMs;
  readonly initdeadMs: DurationMs;
  readonly daemonGraceMs: DurationMs;
}

/** What cannot be read counts as not written. */
export function heartbeatDefaults(heartbeat: Mapping): HeartbeatTimes {
  const keepaliveMs = parseDuration(heartbeat["keepalive"]) ?? durationMs(250);
  const deadtimeMs = parseDuration(heartbeat["deadtime"]) ?? durationMs(6 * keepaliveMs);
  return {
    keepaliveMs,
    deadtimeMs,
    warntimeMs: parseDuration(heartbeat["warntime"]) ?? durationMs(3 * keepaliveMs),
    initdeadMs: parseDuration(heartbeat["initdead"]) ?? durationMs(30_000),
    daemonGraceMs: parseDuration(heartbeat["daemon-grace"]) ?? durationMs(10_000),
  };
}

/** Long enough that the lost node's lease has run out even if it was cut off the moment before. */
export function assumeOffDefault(deadtimeMs: DurationMs): DurationMs {
  return durationMs(Math.max(10_000, 4 * deadtimeMs));
}

/** The time-out of watchdogs when none is written. */
export const watchdogTimeoutDefault = durationMs(10_000);

/**
 * What a dead daemon may take to come back at most, where a watchdog ticks meanwhile: in what is left its successor must get into a
 * view, or find the services stopped. Below 0: the time-out is too short for any.
 */
export function daemonGraceMax(deadtimeMs: DurationMs, timeoutMs: DurationMs): DurationMs {
  return durationMs(timeoutMs - adoptionDeadtimes * deadtimeMs);
}

/**
 * Agents of Debian 12 that cut off instead of switching off, by their own metadata (`on` is automatic). By name, because the same file must mean
 * the same on every node, whatever is installed there; `hale config check` finds others.
 */
const cuttingAgents: readonly string[] = [
  "fence_brocade",
  "fence_cisco_mds",
  "fence_ifmib",
  "fence_mpath",
  "fence_sanbox2",
  "fence_scsi",
];

/** Whether a node has itself switched on by the device. @param written `unfence` of the file */
export function isUnfencing(agent: unknown, written: unknown): boolean {
  return agent === sbdAgent || isCutting(agent, written);
}

/** Whether the device leaves a node running that it has cut off. @param written `unfence` of the file */
export function isCutting(agent: unknown, written: unknown): boolean {
  if (agent === sbdAgent) return false;
  if (typeof written === "boolean") return written;
  return typeof agent === "string" && cuttingAgents.includes(agent.split("/").at(-1) ?? "");
}

/** As long as a new daemon keeps what it found running, in deadtimes. */
export const adoptionDeadtimes = 4;
