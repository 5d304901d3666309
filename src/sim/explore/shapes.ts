import { parseConfig } from "../../config/parse-config.ts";
import { formatConfigError } from "../../config/config-error.ts";
import type { ConfigFile } from "../machine.ts";

/**
 * Clusters that seeds are run on: the number of nodes, then words: `witness` or `disk` (decides where a majority cannot; two nodes without have
 * `arbiter: fencing`), `none` or `watchdog` (how a lost node is made sure of, if not by a device), `freeze` (a service that does so),
 * `storage` (a fence first cuts off from the disks, and fence devices are looked at every few seconds),
 * `sbd` (messages on a shared disk, for nodes that have seen their watcher),
 * `cut` (devices only cut off from the disks, and the node's watchdog does the rest),
 * `last` (a device, and when that fails the node's watchdog),
 * `weighted` (the first node needs one other, and the others are no majority without it),
 * `reachlist` (of two nodes the one that reaches more hosts fences first), `related` (one service comes after another, one is kept with it),
 * `tree` (a service with branches: one that is restarted alone, one that the service can do without),
 * `clones` (a service on every node, one on two of them, and one that must be beside an instance),
 * `stopped` (the whole cluster is stopped, and started again),
 * `off` (the witness loses its power, and its disk is slow at times), `waits` (after all were off, no view before all are there),
 * `reloaded` (other timers, votes, time-outs and policies come in force, by some daemons at once, by others when they are restarted),
 * `removed` (nodes are removed for ever, and readmitted),
 * `apart` (a service never where another one is, and one that had better not be), `exclusive` (a service alone on its node),
 * `promotable` (a database of which one instance is promoted, and what follows it).
 */
export const shapes = [
  "2",
  "3",
  "5",
  "3-none",
  "5-none",
  "3-watchdog",
  "5-watchdog",
  "2-witness",
  "4-witness",
  "2-disk",
  "4-disk",
  "2-disk-none",
  "2-disk-watchdog",
  "3-freeze",
  "2-witness-none",
  "2-witness-watchdog",
  "4",
  "4-none",
  "4-watchdog",
  "4-witness-none",
  "4-witness-watchdog",
  "7",
  "7-none",
  "7-watchdog",
  "16",
  "32",
  "3-weighted",
  "4-weighted",
  "2-reachlist",
  "3-storage",
  "3-last",
  "4-witness-last",
  "3-cut",
  "3-sbd",
  "3-related",
  "5-related",
  "3-apart",
  "4-apart",
  "3-exclusive",
  "4-exclusive",
  "3-tree",
  "2-tree",
  "3-clones",
  "4-clones",
  "3-promotable",
  "5-promotable",
  "2-stopped",
  "3-stopped",
  "4-witness-stopped",
  "2-witness-off",
  "4-witness-off",
  "3-waits",
  "3-reloaded",
  "5-reloaded",
  "3-none-reloaded",
  "3-watchdog-reloaded",
  "3-removed",
  "4-none-removed",
] as const;

/** One of the clusters that seeds are run on. */
export type Shape = (typeof shapes)[number];

/** What the words of a shape may say. */
export type ShapeWord =
  | "witness"
  | "disk"
  | "none"
  | "watchdog"
  | "last"
  | "cut"
  | "sbd"
  | "freeze"
  | "weighted"
  | "storage"
  | "reachlist"
  | "related"
  | "apart"
  | "exclusive"
  | "stopped"
  | "off"
  | "waits"
  | "reloaded"
  | "removed"
  | "tree"
  | "clones"
  | "promotable";

/** Whether a shape says so. */
export function saysShape(shape: Shape, word: ShapeWord): boolean {
  return shape.split("-").includes(word);
}

/** What may be another in a file that comes in force later. */
export interface Variant {
  readonly deadtimeMs: number;
  /** Of the first node. */
  readonly votes: number;
  readonly watchdogS: number;
  readonly assumeOffS: number;
  readonly stopTimeoutS: number;
  /** Of the service web. */
  readonly policy: "restart" | "relocate";
}

const asBefore: Variant = {
  deadtimeMs: 1500,
  votes: 1,
  watchdogS: 10,
  assumeOffS: 20,
  stopTimeoutS: 4,
  policy: "restart",
};

const known = new Map<string, ConfigFile>();

/** The configuration of a shape: three services that differ in what they ask of a node. */
export function shapeConfig(shape: Shape, variant: Variant = asBefore): ConfigFile {
  const text = shapeText(shape, variant);
  const found = known.get(text);
  if (found !== undefined) return found;
  const parsed = parseConfig(text, `shape ${shape}`);
  if (!parsed.ok) throw new RangeError(parsed.errors.map(formatConfigError).join("\n"));
  known.set(text, parsed);
  return parsed;
}

function fencingText(shape: Shape, { assumeOffS, watchdogS }: Variant): string {
  if (saysShape(shape, "none")) return `fencing: { none: { assume-off-after: ${assumeOffS}s } }`;
  if (saysShape(shape, "watchdog")) return `fencing: { watchdog: { timeout: ${watchdogS}s } }`;
  const pdu = "pdu: { agent: fence_pdu, ip: 10.9.9.9";
  const array = "array: { agent: fence_scsi, devices: /dev/sdb";
  if (saysShape(shape, "cut")) return `fencing: { devices: { ${array} } }, watchdog: { timeout: 10s } }`;
  if (saysShape(shape, "sbd"))
    return "fencing: { devices: { disks: { agent: sbd, devices: /dev/sdb, timeout: 30s } } }";
  if (saysShape(shape, "last")) return `fencing: { devices: { ${pdu}, timeout: 8s } }, watchdog: { timeout: 10s } }`;
  if (!saysShape(shape, "storage")) return `fencing: { devices: { ${pdu} } } }`;
  const looked = "monitor: { interval: 4s, timeout: 1s } }";
  return `fencing: { devices: { ${array}, ${looked}, ${pdu}, ${looked} } }`;
}

function stepText(shape: Shape, node: number): string {
  if (saysShape(shape, "sbd")) return `device: disks, plug: n${node}`;
  return saysShape(shape, "cut") ? `device: array, plug: n${node}` : `device: pdu, plug: ${node}`;
}

function shapeText(shape: Shape, variant: Variant): string {
  const count = Number.parseInt(shape, 10);
  const isFenced = !saysShape(shape, "none") && !saysShape(shape, "watchdog");
  const nodes = Array.from({ length: count }, (_, index) => index + 1);
  const all = nodes.map((node) => `n${node}`).join(", ");
  const cut = (node: number): string => (saysShape(shape, "storage") ? `{ device: array, plug: n${node} }, ` : "");
  const last = saysShape(shape, "cut") || saysShape(shape, "last") ? ", watchdog" : "";
  const step = (node: number): string => stepText(shape, node);
  const fence = (node: number): string => (isFenced ? `, fence: [[${cut(node)}{ ${step(node)} }]${last}]` : "");
  // 2, 1, 1 and 3, 1, 1, 1: the first needs one other, and the others are no majority without it.
  const first = saysShape(shape, "weighted") ? count - 1 : variant.votes;
  const votes = (node: number): string => (first > 1 && node === 1 ? `, votes: ${first}` : "");
  const { stopTimeoutS, deadtimeMs, policy } = variant;
  const times = `start: { timeout: 4s }, stop: { timeout: ${stopTimeoutS}s }, monitor: { interval: 2s, timeout: 2s }`;
  const resource = (name: string, place = ""): string =>
    `      - ocf: { agent: "simulated:${name}", name: ${name}, ${place}${times} }`;
  return [
    "cluster: soak",
    `heartbeat: { keepalive: 250ms, deadtime: ${deadtimeMs}ms, initdead: 6s, daemon-grace: 3s }`,
    "nodes:",
    ...nodes.map((node) => `  n${node}: { addresses: [10.1.0.${node}, 10.2.0.${node}]${votes(node)}${fence(node)} }`),
    quorumLine(shape),
    fencingText(shape, variant),
    "services:",
    "  web:",
    ...(saysShape(shape, "related") ? ["    after: [data]"] : []),
    ...(saysShape(shape, "apart") ? ["    apart: [data]"] : []),
    "    domain: { nodes: [n1, n2], ordered: true, restricted: true, failback: true }",
    ...(policy === "restart" ? [] : [`    recovery: { policy: ${policy} }`]),
    "    resources:",
    resource("disk"),
    resource("server"),
    "  data:",
    ...(saysShape(shape, "freeze") ? ["    without-quorum: freeze"] : []),
    `    domain: { nodes: [${all}], ordered: false, restricted: false, failback: false }`,
    "    recovery: { policy: relocate, max-restarts: 1, within: 1m }",
    "    resources:",
    resource("base"),
    "  mail:",
    ...(saysShape(shape, "related") ? ["    with: [data]"] : []),
    ...(saysShape(shape, "apart") ? ["    apart: [{ service: web, soft: true }]"] : []),
    ...(saysShape(shape, "exclusive") ? ["    exclusive: true"] : []),
    `    domain: { nodes: [${[...nodes]
      .reverse()
      .map((node) => `n${node}`)
      .join(", ")}], ordered: true, restricted: true, failback: false }`,
    "    recovery: { policy: restart, max-restarts: 2, within: 1m }",
    "    resources:",
    resource("spool"),
    resource("queue"),
    resource("smtp"),
    ...(saysShape(shape, "tree") ? treeOfMail(resource) : []),
    ...(saysShape(shape, "clones") ? cloneLines(resource) : []),
    ...(saysShape(shape, "promotable") ? promotableLines(resource) : []),
    "",
  ].join("\n");
}

/** Upon the spool of the service mail, beside its queue. */
function treeOfMail(resource: (name: string, place: string) => string): readonly string[] {
  return [
    resource("imap", "after: [spool], independent: true, "),
    resource("webmail", "after: [imap], critical: false, "),
    resource("filter", "after: [spool], critical: false, "),
    resource("archive", "after: [filter, smtp], "),
  ];
}

function cloneLines(resource: (name: string) => string): readonly string[] {
  return [
    "  agent:",
    "    clones: all",
    "    resources:",
    resource("agent"),
    "  cache:",
    "    clones: 2",
    "    recovery: { policy: restart, max-restarts: 1, within: 1m }",
    "    resources:",
    resource("cache"),
    "  proxy:",
    "    with: [cache]",
    "    resources:",
    resource("proxy"),
  ];
}

function promotableLines(resource: (name: string) => string): readonly string[] {
  return [
    "  db:",
    "    clones: all",
    "    promotable: true",
    "    recovery: { policy: restart, max-restarts: 1, within: 1m }",
    "    resources:",
    resource("pgsql"),
    "  address:",
    "    after: [db]",
    "    with: [db]",
    "    resources:",
    resource("ip"),
  ];
}

function quorumLine(shape: Shape): string {
  if (saysShape(shape, "witness")) return 'quorum: { arbiter: { witness: "10.3.0.9:6941" } }';
  if (saysShape(shape, "disk")) return "quorum: { arbiter: { disk: /dev/arbiter } }";
  if (saysShape(shape, "reachlist")) return "quorum: { arbiter: { reachlist: [10.1.0.254, 10.2.0.254] }, prefer: n1 }";
  if (saysShape(shape, "waits")) return "quorum: { wait-for-all: true }";
  return Number.parseInt(shape, 10) === 2 ? "quorum: { arbiter: fencing, prefer: n1 }" : "quorum: majority";
}
