import type { NodeId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/** SAFE-5, SVC-28, SVC-45: nothing starts outside its restricted failover domain, on a standby node, while disabled, or while stopped by an operator or with the whole cluster. */
export function allowedPlaceChecker(bench: Bench): Checker {
  const { truth } = bench;
  return {
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      const service = truth.service(operation.service);
      if (service === undefined || truth.isActive(node, service)) return;
      const start = `${node} starts ${operation.resource.id}`;
      if (service.domain.restricted && !service.domain.nodes.includes(node)) {
        bench.report("SAFE-5", `${start} outside its domain (${service.domain.nodes.join(", ")})`);
      }
      // A wish that is delivered in the very step that also starts something is not known here yet: the look is one step old,
      // so an unchanged wish is judged rightly and a changed one a step late.
      const { delivered } = truth.of(node);
      const { wishes } = truth;
      if (wishes.isStandby(node, delivered)) bench.report("SAFE-5", `${start} on standby`);
      if (wishes.isClusterStopping(delivered)) bench.report("SVC-45", `${start} while the cluster is being stopped`);
      if (!wishes.isEnabled(service.id, delivered)) bench.report("SAFE-5", `${start}, which is disabled`);
      else if (wishes.isStopped(service.id, delivered))
        bench.report("SVC-28", `${start}, which an operator has stopped`);
    },
  };
}
