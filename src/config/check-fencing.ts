import { describeValue, type Path, type Problem } from "./config-error.ts";
import { checkParameter } from "./check-parameter.ts";
import { checkLevels } from "./check-levels.ts";
import { checkWatchdogLevels } from "./check-watchdog-levels.ts";
import {
  adoptionDeadtimes,
  assumeOffDefault,
  daemonGraceMax,
  heartbeatDefaults,
  watchdogTimeoutDefault,
} from "./defaults.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { unknownReference } from "./references.ts";

/** Whether every node can be fenced, or `none` was written out; devices exist and get only parameters that are theirs. */
export function checkFencing(root: Mapping): Problem[] {
  return [
    ...checkKind(root),
    ...checkDevices(root),
    ...checkSteps(root),
    ...checkLevels(root),
    ...checkWatchdogLevels(root),
  ];
}

function checkKind(root: Mapping): Problem[] {
  const fencing = root["fencing"];
  const wanted = 'one of devices, watchdog and, if you accept that a lost node may still run its services, "none"';
  if (fencing === undefined) return []; // The schema says it.
  const body = asMapping(fencing);
  if (fencing !== "none" && typeof fencing === "object" && !kinds.some((kind) => kind in body)) {
    return [{ path: ["fencing"], found: describeValue(fencing), wanted }];
  }
  const others = kinds.filter((kind) => kind in body && kind !== "none");
  if ("none" in body && others.length > 0)
    return [{ path: ["fencing", "none"], atKey: true, found: `none beside ${others.join(" and ")}`, wanted }];
  if ("devices" in body && Object.keys(asMapping(body["devices"])).length === 0) {
    return [{ path: ["fencing", "devices"], found: "no device", wanted: `at least one, or fencing: none` }];
  }
  if ("watchdog" in body) return checkWatchdog(root, asMapping(body["watchdog"]));
  return checkAssumeOff(root, asMapping(body["none"]));
}

/** In the order of trust. */
const kinds = ["devices", "watchdog", "none"] as const;

/** [FEN-14] A daemon that comes back in its grace must be in a view, with a lease, before the watchdog of the dead one rings. */
function checkWatchdog(root: Mapping, watchdog: Mapping): Problem[] {
  const heartbeat = asMapping(root["heartbeat"]);
  const { deadtimeMs, daemonGraceMs } = heartbeatDefaults(heartbeat);
  const { device, timeout } = watchdog;
  const timeoutMs = parseDuration(timeout) ?? watchdogTimeoutDefault;
  const problems: Problem[] = [];
  const path: Path = ["fencing", "watchdog", "timeout"];
  if (typeof device === "string" && device !== "" && !/^\/.*[^/]$/.test(device))
    problems.push({
      path: ["fencing", "watchdog", "device"],
      found: describeValue(device),
      wanted: "an absolute path",
    });
  const shortest = adoptionDeadtimes * deadtimeMs;
  const isGraceWritten = parseDuration(heartbeat["daemon-grace"]) !== undefined;
  const graceMaxMs = daemonGraceMax(deadtimeMs, timeoutMs);
  if (
    timeout !== undefined &&
    parseDuration(timeout) !== undefined &&
    (timeoutMs % 1_000 !== 0 || timeoutMs < timeoutMsMin || timeoutMs > timeoutMsMax)
  )
    problems.push({ path, found: describeValue(timeout), wanted: "whole seconds, from 5s to 10m" });
  else if (graceMaxMs < 0) {
    const place: Path = timeout === undefined ? ["heartbeat", "deadtime"] : path;
    const found = timeout === undefined ? heartbeat["deadtime"] : timeout;
    const wanted =
      timeout === undefined
        ? `at most a quarter of fencing.watchdog.timeout (${formatDuration(timeoutMs)})`
        : `at least 4 deadtimes (${formatDuration(shortest)}): so long a restarted daemon may take to be taken in`;
    problems.push({ path: place, found: describeValue(found), wanted });
  } else if (isGraceWritten && daemonGraceMs > graceMaxMs) {
    const wanted = `at most fencing.watchdog.timeout less 4 deadtimes (${formatDuration(graceMaxMs)}): later the watchdog resets the node`;
    problems.push({ path: ["heartbeat", "daemon-grace"], found: describeValue(heartbeat["daemon-grace"]), wanted });
  }
  return problems;
}

/** A shorter one resets machines that are only busy. */
const timeoutMsMin = 5_000;
const timeoutMsMax = 600_000;

/** Nothing in between: it would look like care and be none, because a node without quorum acts on for up to two deadtimes. */
function checkAssumeOff(root: Mapping, none: Mapping): Problem[] {
  const { deadtimeMs } = heartbeatDefaults(asMapping(root["heartbeat"]));
  const after = parseDuration(none["assume-off-after"]) ?? assumeOffDefault(deadtimeMs);
  if (after === 0 || after >= 2 * deadtimeMs) return [];
  const span = formatDuration(2 * deadtimeMs);
  const wanted = `at least 2 deadtimes (${span}), or 0 if you accept that a lost node still runs its services for that long`;
  return [{ path: ["fencing", "none", "assume-off-after"], found: describeValue(none["assume-off-after"]), wanted }];
}

function checkDevices(root: Mapping): Problem[] {
  const problems: Problem[] = [];
  for (const [id, device] of Object.entries(asMapping(asMapping(root["fencing"])["devices"]))) {
    for (const [key, value] of Object.entries(asMapping(device))) {
      const path: Path = ["fencing", "devices", id, key];
      // Given by hale for each call, from the step.
      if (key === "plug") {
        const wanted = "the plug at the node: fence: [{ device: …, plug: … }]";
        problems.push({ path, atKey: true, found: `key ${JSON.stringify(key)}`, wanted });
      } else problems.push(...checkParameter(path, key, value), ...checkAgentOrFile(path, key, value));
    }
  }
  return problems;
}

function checkAgentOrFile(path: Path, key: string, value: unknown): Problem[] {
  const text = asText(value);
  // A name is looked up in the agents' folder, and must not lead out of it.
  if (key === "agent" && text !== undefined && text !== "" && !/^(\/.*[^/]|[A-Za-z0-9][\w.-]*)$/.test(text)) {
    const wanted = "the name of a fence agent such as fence_ipmilan, or its absolute path";
    return [{ path, found: describeValue(text), wanted }];
  }
  // `password-file` and the like name a file with the value; the daemon's working folder is no place to look from.
  if (key.endsWith("-file") && value !== undefined && text?.startsWith("/") !== true) {
    return [{ path, found: describeValue(value), wanted: "an absolute path" }];
  }
  return [];
}

function checkSteps(root: Mapping): Problem[] {
  const fencing = asMapping(root["fencing"]);
  const bodies = asMapping(fencing["devices"]);
  const devices = Object.keys(bodies);
  const problems: Problem[] = [];
  for (const [id, node] of Object.entries(asMapping(root["nodes"]))) {
    const fence = asMapping(node)["fence"];
    if (fence === undefined && devices.length > 0) {
      const wanted = "fence: [{ device: … }], or fence: [] if nothing can fence this node";
      problems.push({ path: ["nodes", id], atKey: true, found: "no fence", wanted });
    }
    for (const [path, step] of stepsOf(["nodes", id, "fence"], fence)) {
      const device = asText(asMapping(step)["device"]);
      if (device === undefined) continue;
      if (devices.includes(device)) continue;
      if (devices.length === 0) {
        const wanted = "no fence steps: no device is configured under fencing.devices";
        problems.push({ path: [...path, "device"], found: JSON.stringify(device), wanted });
      } else problems.push(unknownReference([...path, "device"], device, "device", devices));
    }
  }
  return problems;
}

/** Levels flattened, each step with its path. */
export function stepsOf(base: Path, fence: unknown): (readonly [Path, unknown])[] {
  return asList(fence).flatMap((level, index): (readonly [Path, unknown])[] => {
    if (!Array.isArray(level)) return [[[...base, index], level]];
    return level.map((step, inner) => [[...base, index, inner], step]);
  });
}
