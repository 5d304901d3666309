import type { Violation } from "../checkers/checker.ts";
import { fairWeather } from "../fake-network.ts";
import { Random } from "../random.ts";
import type { TimelineLine } from "../world.ts";
import { World } from "../world.ts";
import { shapeConfig, type Shape } from "./shapes.ts";

/** What such a seed came to. */
export interface DoublesResult {
  readonly violations: readonly Violation[];
  readonly timeline: readonly TimelineLine[];
  /** Times that a service really was active on two nodes. */
  readonly doubles: number;
}

const settledMs = 12_000;
/** Longer than `assume-off-after` of the shapes (20 s), with a little luck. */
const hangMs = [18_000, 45_000] as const;
const calmMs = 40_000;

/**
 * [LIVE-4] Runs one seed of owners whose daemons hang for longer than the others wait, where nobody can fence: services run on two nodes, and must
 * not for long.
 */
export function exploreDoubles(seed: number, shape: Shape): DoublesResult {
  const random = new Random(seed);
  const { config, digest } = shapeConfig(shape);
  const world = new World({ config, configDigest: digest, seed: random.bits(), bootMs: 500 });
  world.found();
  for (const resource of config.services.flatMap((service) => service.resources))
    world.book.times.set(resource.id, { start: 100, stop: random.pick([100, 1_000, 3_500]), monitor: 100 });
  for (const node of config.nodes) world.machine(node.id).powerOn(random.between(0, 500));
  world.runUntil(settledMs);
  for (let round = 0; round < 2; round += 1) {
    const owner = world.truth.activeNodes(random.pick(config.services))[0];
    if (owner === undefined) continue;
    if (random.chance(0.3)) world.network.weather = { ...fairWeather, loss: 0.2 };
    world.pause(owner, random.chance(0.8) ? "daemon" : "machine");
    const atMs = world.time.now + random.between(...hangMs);
    if (random.chance(0.2)) world.time.schedule(atMs - 5_000, null, () => world.crashDaemon(owner, null));
    world.runUntil(atMs);
    world.resume(owner);
    world.startDaemon(owner);
    world.runUntil(world.time.now + random.between(500, calmMs));
  }
  world.network.weather = fairWeather;
  world.runUntil(world.time.now + calmMs);
  world.judgeQuiet();
  return { violations: world.violations, timeline: world.timeline, doubles: countDoubles(world) };
}

function countDoubles(world: World): number {
  const active = new Map<string, Set<string>>();
  let doubles = 0;
  for (const { service, node, state } of world.ownerChanges) {
    const nodes = active.get(service) ?? new Set();
    const before = nodes.size;
    if (state === "stopped") nodes.delete(node);
    else nodes.add(node);
    active.set(service, nodes);
    if (before < 2 && nodes.size === 2) doubles += 1;
  }
  return doubles;
}
