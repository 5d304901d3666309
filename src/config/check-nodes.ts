import { describeValue, formatPath, type Path, type Problem } from "./config-error.ts";
import { ipKey, parseIp } from "./ip.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";

const nodesMax = 32;
/** They travel in every heartbeat, one by one, and a heartbeat is one datagram. */
const votesMax = 64;

/** Nodes, their votes and their addresses: how many, well formed, used once. */
export function checkNodes(root: Mapping): Problem[] {
  const nodes = Object.entries(asMapping(root["nodes"]));
  const problems: Problem[] = [];
  if (nodes.length > nodesMax) {
    problems.push({ path: ["nodes"], atKey: true, found: `${nodes.length} nodes`, wanted: `at most ${nodesMax}` });
  }
  if (
    root["nodes"] !== undefined &&
    nodes.length === 0 &&
    typeof root["nodes"] === "object" &&
    !Array.isArray(root["nodes"])
  ) {
    problems.push({ path: ["nodes"], found: "no node", wanted: "at least one" });
  }
  return [...problems, ...checkVotes(nodes), ...checkAddresses(nodes), ...checkLinkCounts(nodes)];
}

/** Somebody must have a vote. */
function checkVotes(nodes: readonly NamedNode[]): Problem[] {
  if (nodes.length === 0) return [];
  const sum = nodes.reduce((votes, [, node]) => votes + votesIn(node), 0);
  const path = ["nodes"];
  if (sum === 0) return [{ path, atKey: true, found: "no node with a vote", wanted: "a vote for at least one node" }];
  if (sum > votesMax) return [{ path, atKey: true, found: `${sum} votes`, wanted: `at most ${votesMax} in all` }];
  return [];
}

/** Votes as written; one where nothing, or something that the schema tells, is written. */
export function votesIn(node: unknown): number {
  const votes = asMapping(node)["votes"];
  return typeof votes === "number" && Number.isInteger(votes) && votes >= 0 ? votes : 1;
}

type NamedNode = readonly [string, unknown];

function addressesOf(node: unknown): readonly unknown[] {
  return asList(asMapping(node)["addresses"]);
}

function checkAddresses(nodes: readonly NamedNode[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, Path>();
  for (const [id, node] of nodes) {
    for (const [index, value] of addressesOf(node).entries()) {
      const path: Path = ["nodes", id, "addresses", index];
      const address = asText(value);
      if (address === undefined) continue;
      const bytes = parseIp(address);
      if (bytes === undefined) {
        problems.push({ path, found: describeValue(value), wanted: "an IPv4 or IPv6 address, without prefix length" });
        continue;
      }
      const first = seen.get(ipKey(bytes));
      if (first === undefined) seen.set(ipKey(bytes), path);
      else
        problems.push({
          path,
          found: `${describeValue(value)}, which is also at ${formatPath(first)}`,
          wanted: "another address",
        });
    }
  }
  return problems;
}

function checkLinkCounts(nodes: readonly NamedNode[]): Problem[] {
  const [first] = nodes.filter(([, node]) => addressesOf(node).length > 0);
  if (first === undefined) return [];
  const wanted = addressesOf(first[1]).length;
  return nodes
    .filter(([, node]) => addressesOf(node).length > 0 && addressesOf(node).length !== wanted)
    .map(([id, node]) => ({
      path: ["nodes", id, "addresses"],
      found: counted(addressesOf(node).length),
      wanted: `${wanted}, as node ${JSON.stringify(first[0])} has: link i joins the i-th address of every node`,
    }));
}

function counted(count: number): string {
  return count === 1 ? "1 address" : `${count} addresses`;
}
