import { describeValue, type Problem } from "./config-error.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { unknownReference } from "./references.ts";

/** Two nodes need an arbiter, and an arbiter needs two nodes that can be fenced. */
export function checkQuorum(root: Mapping): Problem[] {
  const nodes = Object.keys(asMapping(root["nodes"]));
  const quorum = root["quorum"];
  const prefer = asText(asMapping(quorum)["prefer"]);
  const problems: Problem[] = [];
  if (prefer !== undefined && nodes.length > 0 && !nodes.includes(prefer)) {
    problems.push(unknownReference(["quorum", "prefer"], prefer, "node", nodes));
  }
  if (asMapping(quorum)["arbiter"] === "fencing") return [...problems, ...checkArbiter(root, nodes)];
  if (nodes.length === 2 && (quorum === undefined || quorum === "majority")) {
    const wanted =
      "an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices";
    problems.push({ path: ["quorum"], found: describeValue(quorum), wanted });
  }
  return problems;
}

function checkArbiter(root: Mapping, nodes: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  if (nodes.length !== 2) {
    const found = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
    problems.push({
      path: ["quorum", "arbiter"],
      found: `fencing with ${found}`,
      wanted: "2 nodes, or quorum: majority",
    });
  }
  const devices = asMapping(asMapping(root["fencing"])["devices"]);
  if (Object.keys(devices).length === 0) {
    const wanted = "fencing.devices that can fence both nodes: arbiter fencing decides by them";
    return [...problems, { path: ["quorum", "arbiter"], found: "fencing without fence devices", wanted }];
  }
  for (const id of nodes) {
    const fence = asMapping(asMapping(root["nodes"])[id])["fence"];
    if (fence !== undefined && asList(fence).length === 0) {
      const wanted = "a device for this node: arbiter fencing needs one for both nodes";
      problems.push({ path: ["nodes", id, "fence"], found: "no step", wanted });
    }
  }
  return problems;
}
