import { describeValue, type Path, type Problem } from "./config-error.ts";
import { isCutting } from "./defaults.ts";
import { watchdogLevel } from "./schema.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";

/** Whether the devices of a level, together, can make a node known to be off. */
export function checkLevels(root: Mapping): Problem[] {
  const devices = asMapping(asMapping(root["fencing"])["devices"]);
  const problems = Object.entries(devices).flatMap(([id, device]) => checkAction(id, asMapping(device)));
  for (const [id, node] of Object.entries(asMapping(root["nodes"]))) {
    const levels = asList(asMapping(node)["fence"]);
    for (const [index, level] of levels.entries()) {
      const path: Path = ["nodes", id, "fence", index];
      problems.push(...checkLevel(path, level, devices, levels.includes(watchdogLevel)));
    }
  }
  return problems;
}

function checkAction(id: string, device: Mapping): Problem[] {
  const { action } = device;
  if (!isCutting(device["agent"], device["unfence"]) || (action !== "off-on" && action !== "reboot")) return [];
  const path: Path = ["fencing", "devices", id, "action"];
  return [
    { path, found: describeValue(action), wanted: "off: it cuts off, and each node has itself switched on again" },
  ];
}

/** @param isReset the node's watchdog follows: [FEN-25] then a level may only cut off */
function checkLevel(path: Path, level: unknown, devices: Mapping, isReset: boolean): Problem[] {
  const steps = Array.isArray(level) ? asList(level) : [level];
  const used = steps.flatMap((step, index) => {
    const name = asText(asMapping(step)["device"]) ?? "";
    const at: Path = Array.isArray(level) ? [...path, index, "device"] : [...path, "device"];
    return name in devices ? [{ name, at, body: asMapping(devices[name]) }] : [];
  });
  const switching = used.filter(({ body }) => !isCutting(body["agent"], body["unfence"]));
  if (!isReset && used.length > 0 && used.length === steps.length && switching.length === 0) {
    const found = `only ${used.map(({ name }) => name).join(", ")}, which cuts off`;
    const wanted =
      "a device in the level that switches the node off, too, or the node's watchdog after it (fence: [..., watchdog]): one that runs on keeps its addresses";
    return [{ path, found, wanted }];
  }
  // A node with two power supplies that are cut one after the other, each for a moment, has never been off.
  const rebooting = switching.length > 1 ? switching.filter(({ body }) => body["action"] === "reboot") : [];
  return rebooting.map(({ name, at }) => ({
    path: at,
    found: `${name}, whose action is reboot`,
    wanted: "a device that switches off: only one that is alone may reboot",
  }));
}
