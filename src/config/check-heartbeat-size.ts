import type { Problem } from "./config-error.ts";
import { votesIn } from "./check-nodes.ts";
import { asMapping, asText, type Mapping } from "./raw.ts";

/** A heartbeat is one datagram, and none is longer: so it passes every link in one piece, tunnels included. */
const heartbeatBytesMax = 1_200;
/** What every heartbeat has, at most, beside names and lists: its head, its HMAC, numbers that have grown for half a century. */
const fixedBytes = 146;
/** Beside its name, of each other node: the length of the name, its life, the echo. */
const bytesPerNode = 22;
/** The name of a witness's disk among the voters. */
const witnessBytes = 21;

/** Every heartbeat names every node, so many nodes with long names do not fit. */
export function checkHeartbeatSize(root: Mapping): Problem[] {
  const nodes = Object.entries(asMapping(root["nodes"]));
  const bytes = heartbeatBytes(root, nodes);
  if (nodes.length < 2 || bytes <= heartbeatBytesMax) return [];
  const found = `heartbeats of up to ${bytes} bytes: each names all ${nodes.length} nodes`;
  const wanted = `at most ${heartbeatBytesMax}: names shorter by ${bytes - heartbeatBytesMax} characters in all, or fewer nodes`;
  return [{ path: ["nodes"], atKey: true, found, wanted }];
}

function heartbeatBytes(root: Mapping, nodes: readonly (readonly [string, unknown])[]): number {
  const names = nodes.reduce((sum, [id]) => sum + id.length, asText(root["cluster"])?.length ?? 0);
  const setBytes = Math.ceil((nodes.length + 1) / 8);
  const votes = nodes.map(([, node]) => votesIn(node));
  // Who has more votes than one is listed as often, which no set of bits can say.
  const voterBytes = votes.some((count) => count > 1) ? votes.reduce((sum, count) => sum + count, 1) : setBytes;
  const arbiter = asMapping(asMapping(root["quorum"])["arbiter"]);
  const extra = "witness" in arbiter || "disk" in arbiter ? witnessBytes : 0;
  return fixedBytes + names + (nodes.length - 1) * bytesPerNode + 2 * setBytes + voterBytes + extra;
}
