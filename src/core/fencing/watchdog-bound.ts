/** Clocks of two machines, and the oscillator of a watchdog, differ by less than this. */
const driftShare = 0.01;
/** From the end of the time-out until the processors have really stopped. */
const resetMs = 1_000;

/**
 * [FEN-11] How long after it is out of the view a node has surely been reset by its watchdog, or runs nothing.
 *
 * It was fed for the last time while its lease ran. Its daemon may have died up to a time-out later, and Linux feeds a watchdog once
 * more when the process that holds it dies. Nobody arms it again without a lease before nothing runs. So two time-outs, not one: as
 * in the field, where the wait is twice the time-out of the watchdog.
 *
 * @param timeoutMs the longest that the watchdog may have
 * @param leaseMs the longest that the node may act on by
 */
export function watchdogBoundMs(timeoutMs: number, leaseMs: number): number {
  return Math.ceil((leaseMs + 2 * timeoutMs) * (1 + driftShare)) + resetMs;
}
