import type { ServicePhase } from "../../core/services/service-record.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SVC-29: what an operator has frozen is neither started, stopped, moved nor monitored, and nobody is fenced in maintenance, but by an operator.
 *
 * What was on its way when it was frozen comes to its end, a node that is asked what it runs looks, and a node without a lease stops all the same.
 */
export function frozenChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  const { wishes } = truth;
  /** What its present daemon has looked at: a life begins by looking at everything once. */
  const looked = new Map<NodeId, Set<ResourceId>>(config.nodes.map(({ id }) => [id, new Set()]));
  let read = 0;

  const phaseAt = (service: ServiceId, index: number): ServicePhase | undefined =>
    wishes.stateAt(index).services[service]?.phase;

  /** An entry has moved what was frozen before it and is after it. */
  const checkMove = (service: ServiceId, index: number): void => {
    if (!wishes.isFrozen(service, index - 1) || !wishes.isFrozen(service, index)) return;
    const [before, after] = [phaseAt(service, index - 1), phaseAt(service, index)];
    if (before === undefined || after === undefined || before.kind === after.kind) return;
    const isAtRest = before.kind === "stopped" || before.kind === "failed" || before.kind === "started";
    if (isAtRest && (after.kind === "starting" || after.kind === "stopping"))
      bench.report("SVC-29", `entry ${index} has service ${service}, which is frozen, ${before.kind} -> ${after.kind}`);
  };
  const checkFence = (index: number): void => {
    const body = truth.entries[index - 1]?.body;
    if (body?.kind !== "fence-begun" || !wishes.isMaintenance(index - 1)) return;
    const [before, after] = [wishes.stateAt(index - 1).fences[body.target], wishes.stateAt(index).fences[body.target]];
    if (after?.attempt === body.attempt && after.inFlight !== null && !before?.wish)
      bench.report("SVC-29", `entry ${index} has ${body.target} fenced in maintenance: ${body.reason}`);
  };
  const catchUp = (): void => {
    for (; read < truth.entries.length; read += 1) {
      for (const { id } of config.services) checkMove(id, read + 1);
      checkFence(read + 1);
    }
  };

  return {
    onSample: catchUp,
    onQuiet: catchUp,
    onDaemon: (node) => looked.get(node)?.clear(),
    onOperation(node: NodeId, operation: Operation): void {
      catchUp();
      const { delivered } = truth.of(node);
      const { action, service, resource } = operation;
      const isFirst = looked.get(node)?.has(resource.id) === false;
      looked.get(node)?.add(resource.id);
      if (action === "stop" || !wishes.isFrozen(service, delivered)) return;
      const record = wishes.stateAt(delivered).services[service];
      if (record === undefined) return;
      const { phase, doubts } = record;
      const isHere = "node" in phase && phase.node === node;
      const done = `${node} ${action}s ${resource.id} of service ${service}, which is frozen`;
      if (action === "start" && !(isHere && phase.kind === "starting")) bench.report("SVC-29", done);
      if (action === "monitor" && !isFirst && isHere && phase.kind === "started" && !doubts.includes(node))
        bench.report("SVC-29", done);
    },
  };
}
