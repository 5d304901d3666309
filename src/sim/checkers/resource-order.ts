import type { NodeId } from "../../model/ids.ts";
import { treeOf } from "../../model/resource-tree.ts";
import type { Operation } from "../../model/operation.ts";
import { isActiveTruth } from "../fake-kernel.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-6: resources start in order and stop in reverse; none starts before those that it stands on run. One that died by
 * itself meanwhile does not count: the daemon can only know at the next monitor.
 */
export function resourceOrderChecker(bench: Bench): Checker {
  const { truth } = bench;
  return {
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action === "monitor") return;
      const service = truth.service(operation.service);
      const place = service?.resources.findIndex((resource) => resource.id === operation.resource.id) ?? -1;
      if (service === undefined || place < 0) return;
      const isStart = operation.action === "start";
      const tree = treeOf(service.resources);
      for (const [position, other] of service.resources.entries()) {
        if (!(isStart ? tree.upon[position]?.includes(place) : tree.upon[place]?.includes(position))) continue;
        const now = truth.resourceTruth(node, other.id);
        const isWrong = isStart ? now !== "running" && now !== "dead" : isActiveTruth(now);
        if (isWrong)
          bench.report("SAFE-6", `${node} ${operation.action}s ${operation.resource.id} while ${other.id} is ${now}`);
      }
    },
  };
}
