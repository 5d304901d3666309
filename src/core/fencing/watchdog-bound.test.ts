import { expect, test } from "vitest";
import type { HeartbeatConfig } from "../../model/cluster-config.ts";
import { durationMs } from "../../model/units.ts";
import { watchdogBoundMs } from "./watchdog-bound.ts";

const heartbeat = (deadtimeMs: number): HeartbeatConfig => ({
  keepaliveMs: durationMs(deadtimeMs / 6),
  warntimeMs: durationMs(deadtimeMs / 2),
  deadtimeMs: durationMs(deadtimeMs),
  initdeadMs: durationMs(10_000),
  daemonGraceMs: durationMs(1_000),
  port: 6940,
});

// Goal: while daemons are restarted one after the other for another deadtime, the longer of the two leases is waited for.
test.each([
  [1_500, undefined, 24_230],
  [1_500, 3_000, 24_230],
  [1_500, 20_000, 41_400],
  [10_000, 3_000, 41_400],
])("[FEN-11] deadtime %i ms in force, a lease of %s ms by its own word: %i ms", (deadtime, lease, bound) => {
  expect(watchdogBoundMs(heartbeat(deadtime), 10_000, lease)).toBe(bound);
});
