import type { HeartbeatConfig } from "../../model/cluster-config.ts";

/**
 * All spans of the group, in ms, derived from keepalive k and deadtime D so that a cluster is tuned by two numbers.
 *
 * Invariant: attempt >= 2 x deadtime and promise > attempt, or a member gives up before its proposer does.
 */
export interface GroupTimers {
  readonly keepalive: number;
  readonly deadtime: number;
  /** A node must be heard both ways for this long before a running view is changed for it alone. D. */
  readonly settle: number;
  /** Longest step of a view change at its proposer: asking, fetching, installing. 2 D. */
  readonly attempt: number;
  /** How long a member waits for the next step of a view change that it promised. 3 D. */
  readonly promise: number;
  /** An entry not acknowledged for this long makes its member slow. 3 D. */
  readonly ack: number;
  /** How long a slow node is left out of proposals that can do without it. 8/3 D. */
  readonly slow: number;
  /** A member that hears more nodes than its view has, for this long, is a better centre. 2 settle + 2 D. */
  readonly centre: number;
  /** A coordinator that is alive but not active in the view for this long is left. attempt + 2 k. */
  readonly idle: number;
  /** Random wait after a failed attempt, 0 up to this. D/3. */
  readonly jitter: number;
  /** Added to the jitter per rank. D/15. */
  readonly jitterPerRank: number;
  /** A node that is not the best candidate waits promise + this per rank. 2/15 D. */
  readonly fallbackPerRank: number;
  /** First and longest wait after an attempt that was not quorate. D/3, 8/3 D. */
  readonly backoffMin: number;
  readonly backoffMax: number;
  /** How long a node may act after a send time that a quorum echoed. 2 D. */
  readonly lease: number;
  /** Silence after which the peer's port is probed, so that the answer is there at its death. D/2. */
  readonly probe: number;
  readonly daemonGrace: number;
  /** Between a failed fence for quorum and the next. 2 D. */
  readonly fenceRetry: number;
  /** A clean leave that finds no view for this long goes without its entry. 20 D. */
  readonly leave: number;
}

/** @param heartbeat already checked: deadtime at least 3 keepalives */
export function groupTimers(heartbeat: HeartbeatConfig): GroupTimers {
  const keepalive = heartbeat.keepaliveMs;
  const deadtime = heartbeat.deadtimeMs;
  const attempt = 2 * deadtime;
  return {
    keepalive,
    deadtime,
    settle: deadtime,
    attempt,
    promise: 3 * deadtime,
    ack: 3 * deadtime,
    slow: Math.ceil((8 * deadtime) / 3),
    centre: 4 * deadtime,
    idle: attempt + 2 * keepalive,
    jitter: Math.ceil(deadtime / 3),
    jitterPerRank: Math.ceil(deadtime / 15),
    fallbackPerRank: Math.ceil((2 * deadtime) / 15),
    backoffMin: Math.ceil(deadtime / 3),
    backoffMax: Math.ceil((8 * deadtime) / 3),
    lease: 2 * deadtime,
    probe: Math.ceil(deadtime / 2),
    daemonGrace: heartbeat.daemonGraceMs,
    fenceRetry: 2 * deadtime,
    leave: 20 * deadtime,
  };
}

const resendDelays = [10, 20, 40] as const;
const resendDelayMax = 100;

/**
 * The wait before resend number `resends` (from 0): 10, 20, 40, then 100 ms for ever.
 *
 * The quick ones keep a takeover fast when a datagram is lost; the slow ones bound the load of a node that never answers.
 */
export function resendDelay(resends: number): number {
  return resendDelays[resends] ?? resendDelayMax;
}
