import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/** LIVE-2: a service is not moved or restarted without a cause; one fault, at most one start. The first start has the cold start as its cause. */
export function calmChecker(bench: Bench): Checker {
  const { truth } = bench;
  const starts = new Map<ServiceId, number>();
  return {
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      const service = truth.service(operation.service);
      if (service === undefined || truth.isActive(node, service)) return;
      const count = (starts.get(service.id) ?? 0) + 1;
      starts.set(service.id, count);
      if (count > 1 + truth.causes) {
        bench.report("LIVE-2", `service ${service.id} is started for the ${count}. time, after ${truth.causes} causes`);
      }
    },
  };
}
