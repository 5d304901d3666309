import { votesIn } from "./check-nodes.ts";
import { describeValue, type Problem } from "./config-error.ts";
import { parseDuration } from "./duration.ts";
import { ipKey, parseEndpoint, parseIp } from "./ip.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { unknownReference } from "./references.ts";

/** As many as an arbiter disk has slots for. */
const diskNodesMax = 32;

/** Two nodes need an arbiter, and an arbiter needs two nodes that can be fenced. */
export function checkQuorum(root: Mapping): Problem[] {
  const nodes = Object.keys(asMapping(root["nodes"]));
  const quorum = root["quorum"];
  const prefer = asText(asMapping(quorum)["prefer"]);
  const problems: Problem[] = [];
  if (prefer !== undefined && nodes.length > 0 && !nodes.includes(prefer)) {
    problems.push(unknownReference(["quorum", "prefer"], prefer, "node", nodes));
  }
  const witness = asMapping(asMapping(quorum)["arbiter"])["witness"];
  const disk = asMapping(asMapping(quorum)["arbiter"])["disk"];
  if (disk !== undefined) return [...problems, ...checkDisk(nodes, disk)];
  if (witness !== undefined) return [...problems, ...checkWitness(root, nodes, witness)];
  if (asMapping(quorum)["arbiter"] === "fencing") return [...problems, ...checkArbiter(root, nodes, "fencing")];
  const reachlist = asMapping(asMapping(quorum)["arbiter"])["reachlist"];
  if (reachlist !== undefined)
    return [...problems, ...checkReachlist(root, asList(reachlist)), ...checkArbiter(root, nodes, "reachlist")];
  if (areEven(root, nodes) && hasNoArbiter(quorum)) {
    const wanted =
      "an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }";
    problems.push({ path: ["quorum"], found: describeValue(quorum), wanted });
  }
  return problems;
}

/** Nothing is written, `majority`, or only when to begin. What is wrong otherwise, the schema tells. */
function hasNoArbiter(quorum: unknown): boolean {
  const keys = Object.keys(asMapping(quorum));
  return quorum === undefined || quorum === "majority" || keys.join() === "wait-for-all";
}

/** Two nodes, and neither has a majority alone. Where one has, somebody has written so, and knows which. */
function areEven(root: Mapping, nodes: readonly string[]): boolean {
  const [some, others] = nodes.map((id) => votesIn(asMapping(root["nodes"])[id]));
  return nodes.length === 2 && some === others;
}

/** A disk for more than one node, and not more than its header can name. */
function checkDisk(nodes: readonly string[], disk: unknown): Problem[] {
  const path = ["quorum", "arbiter", "disk"];
  const text = asText(disk);
  // What is no text at all, the schema tells.
  if (text === undefined) return [];
  const wanted = "an absolute path, the same on all nodes, such as /dev/disk/by-id/scsi-360014";
  if (!text.startsWith("/")) return [{ path, found: describeValue(disk), wanted }];
  const count = `a disk for ${nodes.length} node${nodes.length === 1 ? "" : "s"}`;
  if (nodes.length === 1) return [{ path, found: count, wanted: "2 nodes or more" }];
  return nodes.length <= diskNodesMax ? [] : [{ path, found: count, wanted: `at most ${diskNodesMax} nodes` }];
}

/** A third place: an address of its own, for more than one node. */
function checkWitness(root: Mapping, nodes: readonly string[], witness: unknown): Problem[] {
  const path = ["quorum", "arbiter", "witness"];
  const text = asText(witness);
  // What is no text at all, the schema tells.
  if (text === undefined) return [];
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) {
    const wanted = "an address and a port such as 192.168.1.20:6941 or [fd00::20]:6941, no name: name service may fail";
    return [{ path, found: describeValue(witness), wanted }];
  }
  const problems: Problem[] = [];
  if (nodes.length === 1) problems.push({ path, found: "a witness for 1 node", wanted: "2 nodes or more" });
  const key = ipKey(parseIp(endpoint.ip) ?? []);
  for (const id of nodes) {
    const addresses = asList(asMapping(asMapping(root["nodes"])[id])["addresses"]);
    if (!addresses.some((address) => ipKey(parseIp(asText(address) ?? "") ?? []) === key)) continue;
    const wanted = "a machine that is no node: a witness on a node is lost with it";
    problems.push({ path, found: `${describeValue(witness)}, which is an address of ${id}`, wanted });
  }
  return problems;
}

/** Addresses of others, and a delay to wait. */
function checkReachlist(root: Mapping, hosts: readonly unknown[]): Problem[] {
  const problems: Problem[] = [];
  const keyOf = (value: unknown): string => ipKey(parseIp(asText(value) ?? "") ?? []);
  const own = new Map<string, string>();
  for (const [id, node] of Object.entries(asMapping(root["nodes"])))
    for (const address of asList(asMapping(node)["addresses"])) own.set(keyOf(address), id);
  const seen = new Set<string>();
  for (const [index, host] of hosts.entries()) {
    // What is no text, the schema tells.
    if (asText(host) === undefined) continue;
    const path = ["quorum", "arbiter", "reachlist", index];
    const found = describeValue(host);
    const key = keyOf(host);
    const node = own.get(key);
    if (parseIp(asText(host) ?? "") === undefined)
      problems.push({ path, found, wanted: "an IPv4 or IPv6 address, no name: name service may be what is missing" });
    else if (node !== undefined)
      problems.push({ path, found: `${found}, which is an address of ${node}`, wanted: "a host outside the cluster" });
    else if (seen.has(key)) problems.push({ path, found: `${found} again`, wanted: "each host once" });
    seen.add(key);
  }
  const delay = asMapping(root["quorum"])["delay"];
  if (delay === 0 || (typeof delay === "string" && parseDuration(delay) === 0))
    problems.push({
      path: ["quorum", "delay"],
      found: describeValue(delay),
      wanted: "more than 0: by it the node that reaches fewer hosts comes later",
    });
  return problems;
}

function checkArbiter(root: Mapping, nodes: readonly string[], name: "fencing" | "reachlist"): Problem[] {
  const problems: Problem[] = [];
  if (nodes.length !== 2) {
    const found = nodes.length === 1 ? "1 node" : `${nodes.length} nodes`;
    problems.push({
      path: ["quorum", "arbiter"],
      found: `${name} with ${found}`,
      wanted: "2 nodes, or quorum: majority",
    });
  }
  if (nodes.length === 2 && !areEven(root, nodes)) {
    const wanted =
      "the same votes for both, or quorum: majority: the node with more of them goes on without the other anyway";
    problems.push({ path: ["quorum", "arbiter"], found: `${name} with unequal votes`, wanted });
  }
  const devices = asMapping(asMapping(root["fencing"])["devices"]);
  if (Object.keys(devices).length === 0) {
    const wanted =
      name === "fencing"
        ? "fencing.devices that can fence both nodes: arbiter fencing decides by them"
        : "fencing.devices that can fence both nodes: two nodes that do not hear each other may both reach every host, and a fence must decide";
    return [...problems, { path: ["quorum", "arbiter"], found: `${name} without fence devices`, wanted }];
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
