import type { ClusterConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import type { Disturbance } from "./checkers/checker.ts";
import type { FakeFence } from "./fake-fence.ts";
import type { FakeNetwork } from "./fake-network.ts";
import type { GroundTruth } from "./ground-truth.ts";
import type { Machine } from "./machine.ts";
import { type SimArbiterDisk, simDisk } from "./sim-arbiter-disk.ts";
import { simWitness } from "./sim-witness.ts";

/** What there is to look at. */
interface Surroundings {
  readonly config: ClusterConfig;
  readonly network: FakeNetwork;
  readonly fence: FakeFence;
  readonly truth: GroundTruth;
  /** null when there is none. */
  readonly witness: unknown;
  readonly arbiterDisk: SimArbiterDisk | null;
  machine(node: NodeId): Machine;
}

/** What goes on and may have consequences. What timers are to survive, at their defaults, is none of it. */
export function lastingDisturbances(world: Surroundings): readonly Disturbance[] {
  const { network, arbiterDisk, fence, witness, truth } = world;
  const found: Disturbance[] = [];
  const { loss, delayMs, jitterMsMax } = network.weather;
  const all = world.config.nodes.map(({ id }) => id);
  if (loss > 0.3 || delayMs + jitterMsMax > 150) found.push({ text: "bad weather", nodes: all });
  if ((arbiterDisk?.latencyMs ?? 0) > 500) found.push({ text: "a slow arbiter disk", nodes: [simDisk] });
  const third = arbiterDisk === null ? simWitness : simDisk;
  const places = witness === null && arbiterDisk === null ? all : [...all, third];
  for (const from of places) {
    for (const to of places)
      if (from !== to && !network.isConnected(from, to))
        found.push({ text: `cut from ${from} to ${to}`, nodes: [from, to] });
  }
  for (const node of all) {
    const { disk } = world.machine(node);
    if (disk.isFailing || disk.writeMs > 1_000) found.push({ text: `disk of ${node}`, nodes: [node] });
    if (arbiterDisk?.isReached(node) === false)
      found.push({ text: `no way from ${node} to the arbiter disk`, nodes: [node, simDisk] });
    if (truth.of(node).isPaused) found.push({ text: `pause of ${node}`, nodes: [node] });
  }
  // Without it nothing moves; when it works again, what has waited for it may.
  for (const [device, { works, isMute }] of fence.devices) {
    const users = world.config.nodes.filter((node) => node.fence.flat().some((step) => step.device === device));
    if (!works || isMute) found.push({ text: `broken ${device}`, nodes: [], atEnd: users.map(({ id }) => id) });
  }
  return found;
}
