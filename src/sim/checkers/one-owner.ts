import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId } from "../../model/ids.ts";
import { isActiveTruth, type ResourceTruth } from "../fake-kernel.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-1: no service is active on two nodes at once. A node without power has nothing active; a paused one has.
 *
 * With `fencing: none` nobody can be sure of a node whose daemon cannot act. What that costs is written in the configuration
 * by who chose it, so there a double is excused while one of the two nodes is impaired, but must be gone when all is quiet.
 */
export function oneOwnerChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  const isExcused = (nodes: readonly NodeId[]): boolean =>
    config.fencing.kind === "none" && nodes.some((node) => truth.of(node).isImpaired);
  const check = (service: ServiceConfig): void => {
    const nodes = truth.activeNodes(service);
    if (nodes.length > 1 && !isExcused(nodes))
      bench.report("SAFE-1", `service ${service.id} is active on ${nodes.join(" and ")}`);
  };
  const checkClone = ({ instance }: ServiceConfig): void => {
    if (instance?.limit === undefined) return;
    const active = config.services.flatMap((other) =>
      other.instance?.of === instance.of ? truth.activeNodes(other) : [],
    );
    if (active.length > instance.limit && !isExcused(active))
      bench.report("CLN-3", `${active.length} instances of ${instance.of} are active, on ${active.join(", ")}`);
  };
  return {
    onTruth(node: NodeId, resource: ResourceId, now: ResourceTruth): void {
      const service = truth.serviceOf(resource);
      if (service === undefined || !isActiveTruth(now)) return;
      check(service);
      checkClone(service);
      if (service.instance !== undefined && service.instance.node !== node)
        bench.report("CLN-1", `service ${service.id} is active on ${node}`);
    },
    onQuiet(): void {
      for (const service of config.services) {
        const nodes = truth.activeNodes(service);
        if (nodes.length > 1) bench.report("SAFE-1", `service ${service.id} is still active on ${nodes.join(" and ")}`);
      }
    },
  };
}
