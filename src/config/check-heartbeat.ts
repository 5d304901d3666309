import { describeValue, type Problem } from "./config-error.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { asMapping, type Mapping } from "./raw.ts";
import { heartbeatDefaults } from "./defaults.ts";

const keepaliveMsMin = 20;

/** The order of the timers: keepalive <= warntime <= deadtime <= initdead, deadtime at least 3 keepalives. */
export function checkHeartbeat(root: Mapping): Problem[] {
  const heartbeat = asMapping(root["heartbeat"]);
  const { keepaliveMs, warntimeMs, deadtimeMs, initdeadMs } = heartbeatDefaults(heartbeat);
  const problems: Problem[] = [];
  const check = (key: string, holds: boolean, wanted: string): void => {
    const value = heartbeat[key];
    // A default is never blamed: what was written is, and the text says what it clashes with.
    if (!holds && parseDuration(value) !== undefined) {
      problems.push({ path: ["heartbeat", key], found: describeValue(value), wanted });
    }
  };
  check("keepalive", keepaliveMs >= keepaliveMsMin, `at least ${keepaliveMsMin}ms`);
  const isDeadLate = deadtimeMs >= 3 * keepaliveMs;
  check("deadtime", isDeadLate, `at least 3 keepalives (${formatDuration(3 * keepaliveMs)})`);
  const isWarnBetween = warntimeMs >= keepaliveMs && warntimeMs <= deadtimeMs;
  check(
    "warntime",
    isWarnBetween,
    `from keepalive to deadtime (${formatDuration(keepaliveMs)} to ${formatDuration(deadtimeMs)})`,
  );
  check("initdead", initdeadMs >= deadtimeMs, `at least deadtime (${formatDuration(deadtimeMs)})`);
  if (heartbeat["initdead"] === undefined) {
    check("deadtime", initdeadMs >= deadtimeMs, `at most initdead (${formatDuration(initdeadMs)})`);
  }
  return problems;
}
