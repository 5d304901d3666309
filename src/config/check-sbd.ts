import { sbdAgent, sbdDisks, sbdDisksMax } from "../model/sbd.ts";
import { stepsOf } from "./check-fencing.ts";
import { describeValue, type Path, type Problem } from "./config-error.ts";
import { asMapping, asText, type Mapping } from "./raw.ts";

/** [FEN-21] Whether devices that fence by messages on shared disks can do so. What is on the disks is for `hale check`. */
export function checkSbd(root: Mapping): Problem[] {
  const problems: Problem[] = [];
  for (const [id, value] of Object.entries(asMapping(asMapping(root["fencing"])["devices"]))) {
    const device = asMapping(value);
    const path: Path = ["fencing", "devices", id];
    if (asText(device["agent"])?.split("/").at(-1) === "fence_sbd") problems.push(agentProblem(path, device["agent"]));
    if (device["agent"] !== sbdAgent) continue;
    problems.push(...checkDisks(path, device), ...checkKeys(path, device), ...checkSlots(root, id));
  }
  return problems;
}

/** It says "Already OFF" of a node to which a message was written a moment ago, by an attempt that was cut short. */
function agentProblem(path: Path, agent: unknown): Problem {
  const wanted = `agent: ${sbdAgent}, with the same devices: fence_sbd takes any message on a disk for a node that is off`;
  return { path: [...path, "agent"], found: describeValue(agent), wanted };
}

function checkDisks(path: Path, device: Mapping): Problem[] {
  const written = asText(device["devices"]);
  const wanted = `one to ${sbdDisksMax} different absolute paths with commas between, such as "/dev/disk/by-id/a, /dev/disk/by-id/b"`;
  if (written === undefined) return [{ path, atKey: true, found: "no devices", wanted: `devices: ${wanted}` }];
  const disks = sbdDisks(written);
  const isRight =
    disks.length <= sbdDisksMax &&
    new Set(disks).size === disks.length &&
    disks.every((disk) => /^\/\S*[^/\s]$/.test(disk));
  return isRight ? [] : [{ path: [...path, "devices"], found: describeValue(written), wanted }];
}

function checkKeys(path: Path, device: Mapping): Problem[] {
  const { action, unfence, watchdog } = device;
  const problems: Problem[] = [];
  if (action === "off-on") {
    const wanted = "reboot or off: no message on a disk switches a machine on";
    problems.push({ path: [...path, "action"], found: describeValue(action), wanted });
  }
  if (unfence === false) {
    const wanted = "no unfence: a node runs nothing before its watcher has been seen";
    problems.push({ path: [...path, "unfence"], found: describeValue(unfence), wanted });
  }
  if (watchdog !== undefined && asText(watchdog)?.startsWith("/") !== true)
    problems.push({ path: [...path, "watchdog"], found: describeValue(watchdog), wanted: "an absolute path" });
  return problems;
}

/** Each node has a slot of its own. */
function checkSlots(root: Mapping, device: string): Problem[] {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [node, body] of Object.entries(asMapping(root["nodes"]))) {
    for (const [path, value] of stepsOf(["nodes", node, "fence"], asMapping(body)["fence"])) {
      const step = asMapping(value);
      if (step["device"] !== device) continue;
      const plug = asText(step["plug"]);
      if (plug === undefined) {
        const wanted = "plug, the node's name on the disks: its host name";
        const found = step["plug"] === undefined ? "no plug" : `plug ${describeValue(step["plug"])}`;
        problems.push({ path, found, wanted });
        continue;
      }
      const owner = owners.get(plug) ?? node;
      owners.set(plug, owner);
      if (owner !== node) {
        const wanted = `a slot of its own: this one is ${owner}'s`;
        problems.push({ path: [...path, "plug"], found: describeValue(step["plug"]), wanted });
      } else if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(plug))
        problems.push({ path: [...path, "plug"], found: describeValue(step["plug"]), wanted: "a host name" });
    }
  }
  return problems;
}
