import { describeValue, type Path, type Problem } from "./config-error.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { watchdogLevel } from "./schema.ts";
import { sbdAgent } from "../model/sbd.ts";

/** [FEN-23] Whether a watchdog after the devices can be relied upon. */
export function checkWatchdogLevels(root: Mapping): Problem[] {
  const fencing = asMapping(root["fencing"]);
  const levels = Object.entries(asMapping(root["nodes"])).flatMap(([node, body]) => levelsOf(node, body));
  const problems = levels.flatMap(({ node, index, isLast }) => {
    const path: Path = ["nodes", node, "fence", index];
    const problem = (found: string, wanted: string): Problem[] => [{ path, found, wanted }];
    if (fencing["watchdog"] === undefined)
      return problem("a watchdog that is not described", "fencing: { devices: …, watchdog: { timeout: 10s } }");
    if (fencing["devices"] === undefined)
      return problem(
        "a watchdog as a level, without devices",
        "no fence: without devices every node is reset by its watchdog",
      );
    if (!isLast)
      return problem("a level after the watchdog", "the watchdog at the end, once: nothing is tried after it");
    return [];
  });
  if (problems.length > 0 || levels.length === 0) return [...problems, ...checkUnused(fencing, levels.length)];
  return [...checkRace(root), ...levels.flatMap(({ node }) => checkSharedDisk(root, node))];
}

interface Level {
  readonly node: string;
  readonly index: number;
  readonly isLast: boolean;
}

function levelsOf(node: string, body: unknown): readonly Level[] {
  const fence = asList(asMapping(body)["fence"]);
  return fence.flatMap((level, index) =>
    level === watchdogLevel ? [{ node, index, isLast: index === fence.length - 1 }] : [],
  );
}

function checkUnused(fencing: Mapping, levels: number): Problem[] {
  if (levels > 0 || fencing["watchdog"] === undefined || fencing["devices"] === undefined) return [];
  const wanted = "the nodes that it resets when their devices have failed: fence: [{ device: … }, watchdog]";
  return [{ path: ["fencing", "watchdog"], atKey: true, found: "a watchdog that no node uses", wanted }];
}

/**
 * Of two nodes that do not hear each other neither has a lease, and each waits for its device's word about the other. A watchdog that is not fed
 * meanwhile resets both; one that is fed proves nothing; and one that is fed while nothing runs would let both conclude that the other is gone.
 */
function checkRace(root: Mapping): Problem[] {
  const arbiter = asMapping(root["quorum"])["arbiter"];
  const isRace = arbiter === "fencing" || "reachlist" in asMapping(arbiter);
  if (!isRace) return [];
  const wanted =
    "a third vote, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }: whoever waits for a device to decide the race would be reset meanwhile";
  return [{ path: ["quorum", "arbiter"], found: `${describeValue(arbiter)} beside a watchdog`, wanted }];
}

/** sbd holds the watchdog of its node, and does with it what this one would. */
function checkSharedDisk(root: Mapping, node: string): Problem[] {
  const devices = asMapping(asMapping(root["fencing"])["devices"]);
  const fence = asList(asMapping(asMapping(root["nodes"])[node])["fence"]).flat();
  const shared = fence
    .map((step) => asText(asMapping(step)["device"]) ?? "")
    .find((device) => asMapping(devices[device])["agent"] === sbdAgent);
  if (shared === undefined) return [];
  const wanted = "one of them: sbd holds the watchdog of its node, and resets it when it has lost its disks";
  return [{ path: ["nodes", node, "fence"], found: `a watchdog beside ${shared}`, wanted }];
}
