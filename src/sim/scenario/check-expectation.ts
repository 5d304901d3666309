import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { World } from "../world.ts";
import type { Expectation } from "./scenario.ts";

/** Where a service is and in which state: what really runs, and where nothing does, what the daemons make of it. */
export interface ServiceState {
  readonly state: string;
  readonly owner: NodeId | null;
}

/** The state of every service now. */
export function serviceStates(world: World): Readonly<Record<string, ServiceState>> {
  return Object.fromEntries(world.config.services.map((service) => [service.id, stateOf(world, service)]));
}

/** Reports what is not as expected, as rule EXPECT. */
export function checkExpectation(world: World, expect: Expectation): void {
  const states = serviceStates(world);
  for (const { service, owner, state } of expect.services) {
    const found = states[service];
    if (found === undefined) continue;
    if (owner !== undefined && found.owner !== owner) {
      world.report("EXPECT", `service ${service}: owner is ${found.owner ?? "none"}, expected ${owner ?? "none"}`);
    }
    if (state !== undefined && found.state !== state) {
      world.report("EXPECT", `service ${service}: state is ${found.state}, expected ${state}`);
    }
  }
  for (const { service, times } of expect.starts) {
    const found = world.starts.get(service) ?? 0;
    if (found !== times) world.report("EXPECT", `service ${service}: started ${found} times, expected ${times}`);
  }
  if (expect.fenced !== null && [...expect.fenced].sort().join() !== [...world.fenced].sort().join()) {
    world.report(
      "EXPECT",
      `fenced: ${world.fenced.join(", ") || "nobody"}, expected ${expect.fenced.join(", ") || "nobody"}`,
    );
  }
}

function stateOf(world: World, service: ServiceConfig): ServiceState {
  const { truth } = world;
  const [owner] = truth.activeNodes(service);
  if (owner !== undefined) {
    const truths = service.resources.map((resource) => truth.resourceTruth(owner, resource.id));
    const isStopping = truths.includes("stopping");
    return { owner, state: truth.isStarted(owner, service) ? "started" : isStopping ? "stopping" : "starting" };
  }
  const teller = [...truth.nodes.values()].find(
    (node) => node.hasDaemon && !node.isPaused && node.body?.status === "active",
  );
  const told = teller === undefined ? undefined : world.machine(teller.node).daemon?.snapshot();
  const state = told?.services.find((each) => each.service === service.id)?.state;
  // Nothing runs, whatever the daemon may still believe.
  return { owner: null, state: state === undefined || state === "started" ? "stopped" : state };
}
