import { describeValue, type Path, type Problem } from "./config-error.ts";
import { isCutting } from "./defaults.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";

/** Whether the devices of a level, together, can make a node known to be off. */
export function checkLevels(root: Mapping): Problem[] {
  const devices = asMapping(asMapping(root["fencing"])["devices"]);
  const problems = Object.entries(devices).flatMap(([id, device]) => checkAction(id, asMapping(device)));
  for (const [id, node] of Object.entries(asMapping(root["nodes"]))) {
    for (const [index, level] of asList(asMapping(node)["fence"]).entries())
      problems.push(...checkLevel(["nodes", id, "fence", index], level, devices));
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

function checkLevel(path: Path, level: unknown, devices: Mapping): Problem[] {
  const steps = Array.isArray(level) ? asList(level) : [level];
  const used = steps.flatMap((step, index) => {
    const name = asText(asMapping(step)["device"]) ?? "";
    const at: Path = Array.isArray(level) ? [...path, index, "device"] : [...path, "device"];
    return name in devices ? [{ name, at, body: asMapping(devices[name]) }] : [];
  });
  const switching = used.filter(({ body }) => !isCutting(body["agent"], body["unfence"]));
  if (used.length > 0 && used.length === steps.length && switching.length === 0) {
    const found = `only ${used.map(({ name }) => name).join(", ")}, which cuts off`;
    const wanted = "a device in the level that switches the node off, too: one that runs on keeps its addresses";
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
