import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import { betterPlaces, Causes } from "./causes.ts";
import type { Bench, Checker, Disturbance } from "./checker.ts";

/**
 * LIVE-2: a service is not moved or restarted without a cause, and one fault causes at most one start of each service.
 *
 * A start is caused by what has hit the service, the node that had it, or the node that gets it; and, when those who were hit take the
 * quorum along, by that. The first start has the cold start as its cause. Nor is a node fenced that was not hit.
 */
export function calmChecker(bench: Bench, lasting: () => readonly Disturbance[]): Checker {
  const { truth, config } = bench;
  const causes = new Causes(bench, lasting);
  const idleSince = new Map<NodeId, number>();
  // One deadtime of the lease's two went by until the view ended, and the last echo is up to two heartbeats older than that.
  const restOfLeaseMs = config.heartbeat.deadtimeMs - 2 * config.heartbeat.keepaliveMs;
  return {
    onDisturbance: (disturbance) => causes.begin(disturbance),
    onSample: () => causes.refresh(),
    onBody(node, _, { status }): void {
      const since = idleSince.get(node);
      if (status !== "active") idleSince.set(node, since ?? bench.now());
      else idleSince.delete(node);
      if (status !== "active" || since === undefined || bench.now() - since < restOfLeaseMs) return;
      // Two faults at once may make a view change outlast the lease; one may not. They may be of one node: who is hit again as it is taken in is
      // waited for until it is dead, and the others' disks write once more for a view without it (ADR 0076).
      if (causes.hit().size >= 2 || causes.isHitAgainSince(since))
        causes.add({ text: `a view change of ${bench.now() - since} ms for ${node}`, nodes: [node] });
    },
    onFence(node): void {
      causes.refresh();
      if (!causes.hit().has(node) && !causes.isQuorumHit()) bench.report("LIVE-2", `${node} is fenced without a cause`);
    },
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      const service = truth.service(operation.service);
      if (service === undefined || truth.isActive(node, service)) return;
      causes.refresh();
      const owner = causes.owners.get(service.id);
      causes.owners.set(service.id, node);
      if (owner === undefined) return;
      // The cause of a return in its window may be a day old.
      if (service.domain.failbackBetween !== undefined && placeOf(service, node) < placeOf(service, owner)) return;
      // It may have been on its way back to where it is better off.
      if (causes.spend(service.id, [owner, node, ...betterPlaces(service)])) return;
      const start = `service ${service.id} is started on ${node}, from ${owner}`;
      bench.report("LIVE-2", `${start}, without a cause left; there was ${causes.text()}`);
    },
  };
}

/** Lower is better. */
function placeOf({ domain }: ServiceConfig, node: NodeId): number {
  return domain.priorities?.[node] ?? domain.nodes.indexOf(node);
}
