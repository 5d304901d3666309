import { configDigest } from "../src/config/digest.ts";
import { parseConfig } from "../src/config/parse-config.ts";
import type { NodeId } from "../src/model/ids.ts";
import { exploreSeed } from "../src/sim/explore/explore-seed.ts";
import { World } from "../src/sim/world.ts";
import { median } from "./gap.ts";
import type { Row } from "./row.ts";

const rounds = 5;
const virtualS = 1_000;
const speedGoal = 1_000;
const powerLossEveryS = 100;
const darkS = 20;
const seeds = 30;

const config = `
cluster: bench
nodes:
  n1: { addresses: [10.0.0.1, 10.0.1.1], fence: [{ device: power, plug: n1 }] }
  n2: { addresses: [10.0.0.2, 10.0.1.2], fence: [{ device: power, plug: n2 }] }
  n3: { addresses: [10.0.0.3, 10.0.1.3], fence: [{ device: power, plug: n3 }] }
fencing: { devices: { power: { agent: fence_lab } } }
services:
  web: { resources: [{ address: { ip: 10.0.0.200/24 } }] }
`;

/** How long a thousand seconds of three nodes take, on two links at default timings, with a power loss every hundred. */
export async function simulator(say: (text: string) => void): Promise<readonly Row[]> {
  const times = Array.from({ length: rounds }, (_, index) => runStory(index + 1));
  say(`story: ${times.map((s) => `${(virtualS / s).toFixed(0)} x`).join(", ")} real time`);
  const explored = runSeeds();
  say(`seeds: ${(virtualS / explored).toFixed(0)} x real time`);
  const row = { unit: "s", against: "real time / 1000", other: virtualS / speedGoal };
  return Promise.resolve([
    {
      ...row,
      figure: "simulator: 1,000 s of three nodes, a power loss every 100 s",
      hale: median(times),
      limit: virtualS / speedGoal,
      samples: { hale: times },
    },
    { ...row, figure: "simulator: 1,000 s of drawn faults on three nodes", hale: explored },
  ]);
}

/** @returns seconds of this machine for `virtualS` of the simulated ones */
function runStory(seed: number): number {
  const parsed = parseConfig(config, "bench");
  if (!parsed.ok) throw new Error("Cannot read the bench's own configuration");
  const world = new World({ config: parsed.config, configDigest: configDigest(parsed.config), seed });
  world.found();
  for (const node of parsed.config.nodes) world.powerOn(node.id, "start");
  const from = performance.now();
  for (let second = powerLossEveryS; second <= virtualS; second += powerLossEveryS) {
    world.runUntil((second - darkS) * 1_000);
    const owner = ownerOf(world);
    if (owner !== undefined) world.powerOff(owner, "cable");
    world.runUntil(second * 1_000);
    if (owner !== undefined) world.powerOn(owner, "cable");
  }
  if (world.violations.length > 0) throw new Error(`Cannot count a run that broke ${world.violations[0]?.rule}`);
  return (performance.now() - from) / 1_000;
}

function ownerOf(world: World): NodeId | undefined {
  const [service] = world.config.services;
  return world.config.nodes.find((node) => service !== undefined && world.truth.isStarted(node.id, service))?.id;
}

function runSeeds(): number {
  const from = performance.now();
  const ranMs = Array.from({ length: seeds }, (_, seed) => exploreSeed(seed + 1, "3").ranMs).reduce((a, b) => a + b, 0);
  return ((performance.now() - from) / ranMs) * virtualS;
}
