import type { NodeId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import { isActiveTruth } from "../fake-kernel.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-6: resources start in order and stop in reverse; none starts before the one above it runs. One above that died by
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
      const others = isStart ? service.resources.slice(0, place) : service.resources.slice(place + 1);
      for (const other of others) {
        const now = truth.resourceTruth(node, other.id);
        const isWrong = isStart ? now !== "running" && now !== "dead" : isActiveTruth(now);
        if (isWrong)
          bench.report("SAFE-6", `${node} ${operation.action}s ${operation.resource.id} while ${other.id} is ${now}`);
      }
    },
  };
}
