import type { NodeId } from "../../model/ids.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Violation } from "../checkers/checker.ts";
import { fairWeather } from "../fake-network.ts";
import { Random } from "../random.ts";
import { World, type TimelineLine } from "../world.ts";
import { shapeConfig, type Shape } from "./shapes.ts";

/** Faults that nobody may notice but in the log, one kind per seed. */
export const harmlessKinds = ["kills", "pauses", "one-link", "weather", "slow-disk"] as const;

/** A kind of faults that nobody may notice. */
export type HarmlessKind = (typeof harmlessKinds)[number];

/** What such a seed came to. */
export interface HarmlessResult {
  readonly violations: readonly Violation[];
  readonly timeline: readonly TimelineLine[];
}

const settledAtMs = 15_000;
const faultsUntilMs = 45_000;
const endMs = 65_000;

/** Each of these is below what the timers of the shapes promise to survive (keepalive 250 ms, deadtime 1.5 s, daemon grace 3 s). */
const downMsMax = 2_400;
const pauseMsMax = 900;
const writeMsMax = 1_000;
const lossMax = 0.3;

/**
 * [LIVE-2] Runs one seed of faults that have no consequences: no node is fenced, no service is started anew.
 *
 * Seeds with hard faults cannot tell a needless fence from one that had to be; these can.
 */
export function exploreHarmless(seed: number, kind: HarmlessKind, shape: Shape): HarmlessResult {
  const random = new Random(seed);
  const { config, digest } = shapeConfig(shape);
  const world = new World({ config, configDigest: digest, seed: random.bits(), bootMs: 500 });
  world.found();
  for (const node of config.nodes) world.machine(node.id).powerOn(random.between(0, 500));
  world.runUntil(settledAtMs);
  const before = world.ownerChanges.length;
  // Without the vote of a heavy one the others have no quorum, and stop.
  const victim = random.pick(config.nodes.filter(({ votes = 1 }) => votes <= 1).map(({ id }) => id));
  for (let atMs = settledAtMs; atMs < faultsUntilMs; ) {
    world.runUntil(atMs);
    atMs += disturb(world, random, kind, victim);
  }
  world.network.weather = fairWeather;
  world.network.healAll();
  world.runUntil(endMs);
  if (world.fenced.length > 0) world.report("LIVE-2", `${kind} had ${world.fenced.join(", ")} fenced`);
  if (world.resets.length > 0) world.report("LIVE-2", `${kind} had ${world.resets.join(", ")} reset`);
  const moved = world.ownerChanges.slice(before).find((change) => change.state !== "started");
  if (moved !== undefined)
    world.report("LIVE-2", `${kind} had ${moved.service} ${moved.state} on ${moved.node} at ${moved.atMs} ms`);
  world.judgeQuiet();
  return { violations: world.violations, timeline: world.timeline };
}

/** One fault. @returns the time until the next one */
function disturb(world: World, random: Random, kind: HarmlessKind, victim: NodeId): number {
  const any = (): NodeId => random.pick(world.config.nodes.map((node) => node.id));
  switch (kind) {
    case "kills": {
      const downMs = random.between(100, downMsMax);
      world.crashDaemon(victim, downMs);
      return downMs + random.between(10, 6000);
    }
    case "pauses": {
      const node = any();
      const forMs = random.between(100, pauseMsMax);
      world.pause(node, random.pick(["machine", "daemon"]));
      world.time.schedule(world.time.now + forMs, null, () => world.resume(node));
      return forMs + random.between(1000, 4000);
    }
    case "one-link":
      cutSomeOf(world, random, random.between(0, 1));
      return random.between(200, 5000);
    case "weather":
      world.network.weather = {
        loss: (lossMax * random.between(0, 10)) / 10,
        duplication: 0.2,
        delayMs: random.between(1, 50),
        jitterMsMax: random.between(0, 100),
        strayMsMax: 4000,
      };
      return random.between(500, 5000);
    case "slow-disk":
      Object.assign(world.machine(any()).disk, { writeMs: random.between(1, writeMsMax) });
      return random.between(500, 5000);
    default:
      return unreachable(kind);
  }
}

/** The other link stays whole. */
function cutSomeOf(world: World, random: Random, link: number): void {
  world.network.healAll();
  for (const { id: from } of world.config.nodes) {
    const others = world.config.nodes.filter(({ id }) => id !== from);
    for (const { id: to } of others) if (random.chance(0.5)) world.network.cut(from, to, link);
  }
}
