import { configDigest } from "../../config/digest.ts";
import { parseConfig } from "../../config/parse-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { fairWeather } from "../fake-network.ts";
import { World } from "../world.ts";

// What bad links cost three nodes at the default timings (keepalive 250 ms, deadtime 1.5 s), on virtual time.

/** What the links are like. */
export interface Links {
  /** Between every two nodes, beside each other. */
  readonly count: number;
  /** Share of packets lost on each, both ways. */
  readonly loss: number;
  /** So many of them carry nothing at all. */
  readonly dead?: number;
}

/** What an hour without any other fault came to. */
export interface QuietHour {
  /** Views after the first one that had all nodes. */
  readonly viewChanges: number;
  readonly fences: number;
  /** Services that were stopped or started. */
  readonly moves: number;
  /** Warnings that a node gives of its links in the end. */
  readonly warnings: readonly string[];
}

const settledMs = 60_000;
const hourMs = 3_600_000;
/** A device that is quick, so that the figure is hale's. */
const fenceMs = 100;

/** From the owner's loss of power until its service runs elsewhere, the fence included. */
export function takeoverMs(seed: number, links: Links): number {
  const world = settled(seed, links);
  const [service] = world.config.services;
  const owner = ownerOf(world);
  if (service === undefined || owner === undefined) throw new RangeError("Cannot find an owner to lose");
  // At another moment between two heartbeats each time.
  world.runUntil(world.time.now + ((seed * 37) % 250));
  world.powerOff(owner, "cable");
  const from = world.time.now;
  while (ownerOf(world) === undefined && world.time.now < from + settledMs) world.runUntil(world.time.now + 1);
  check(world);
  return world.time.now - from;
}

/** An hour in which nothing happens but what the links do. */
export function quietHour(seed: number, links: Links): QuietHour {
  const world = settled(seed, links);
  const [moves, views] = [world.ownerChanges.length, viewsOf(world)];
  world.runUntil(world.time.now + hourMs);
  check(world);
  const warnings = world.machine("n1" as NodeId).daemon?.snapshot().warnings ?? [];
  return {
    viewChanges: viewsOf(world) - views,
    fences: world.fenced.length,
    moves: world.ownerChanges.length - moves,
    warnings,
  };
}

function settled(seed: number, { count, loss, dead = 0 }: Links): World {
  const addresses = (node: number): string =>
    Array.from({ length: count }, (_, link) => `10.0.${link}.${node}`).join(", ");
  const nodes = [1, 2, 3].map(
    (node) => `  n${node}: { addresses: [${addresses(node)}], fence: [{ device: pdu, plug: ${node} }] }`,
  );
  const lines = [
    "cluster: links",
    "nodes:",
    ...nodes,
    "fencing: { devices: { pdu: { agent: fence_pdu, ip: 10.9.9.9 } } }",
    'services: { web: { resources: [{ ocf: { agent: "simulated:web", name: web } }] } }',
  ];
  const parsed = parseConfig(lines.join("\n"), "links");
  if (!parsed.ok) throw new RangeError("Cannot read the configuration of the figures");
  const { config } = parsed;
  const world = new World({ config, configDigest: configDigest(config), seed });
  for (const device of world.fence.devices.values()) device.actionMs = fenceMs;
  world.found();
  for (const { id } of config.nodes) world.powerOn(id, "cable");
  world.runUntil(settledMs / 2);
  world.network.weather = { ...fairWeather, loss };
  for (const { id: from } of config.nodes)
    for (const { id: to } of config.nodes)
      for (let link = 0; link < dead; link += 1) if (from !== to) world.network.cut(from, to, link);
  world.runUntil(settledMs);
  return world;
}

function ownerOf(world: World): NodeId | undefined {
  const [service] = world.config.services;
  return world.config.nodes.find(({ id }) => service !== undefined && world.truth.isStarted(id, service))?.id;
}

function viewsOf(world: World): number {
  return world.truth.entries.filter(({ body }) => body.kind === "view").length;
}

/** What was lost without a cause is what the figures are about; safety they take for granted. */
function check(world: World): void {
  const first = world.violations.find(({ rule }) => !rule.startsWith("LIVE-"));
  if (first !== undefined) throw new RangeError(`Cannot count a run that broke ${first.rule}: ${first.text}`);
}
