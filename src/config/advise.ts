import type { ClusterConfig } from "../model/cluster-config.ts";
import { formatDuration } from "./duration.ts";
import { longestStop } from "./stop-span.ts";

/** What a configuration without errors leaves to chance, one line each, with what to do; empty when nothing. */
export function configAdvice(config: ClusterConfig): readonly string[] {
  return [
    ...adviceOnFencing(config),
    ...adviceOnStopping(config),
    ...adviceOnFreezing(config),
    ...adviceOnQuorum(config),
    ...adviceOnLinks(config),
  ];
}

function adviceOnFencing({ fencing, nodes, services }: ClusterConfig): readonly string[] {
  if (services.length === 0 || nodes.length < 2) return [];
  if (fencing.kind === "none")
    return [
      `fencing: none: a lost node counts as off after ${formatDuration(fencing.assumeOffAfterMs)}, whether it is or not; one that hangs and comes back runs its services beside their new owner. Use fence devices or a watchdog`,
    ];
  if (fencing.kind !== "devices") return [];
  return nodes
    .filter((node) => node.fence.length === 0 && node.watchdog !== true)
    .map(
      ({ id }) => `nothing can fence node ${id}: when it is lost, its services wait for "hale node confirm-off ${id}"`,
    );
}

/** [FEN-7] Not of 0: that was written by who does not wait for any stop. */
function adviceOnStopping(config: ClusterConfig): readonly string[] {
  const { fencing, nodes } = config;
  const longest = longestStop(config);
  if (fencing.kind !== "none" || fencing.assumeOffAfterMs === 0 || nodes.length < 2 || longest === undefined) return [];
  const { service, spanMs } = longest;
  if (fencing.assumeOffAfterMs >= spanMs) return [];
  const after = formatDuration(fencing.assumeOffAfterMs);
  return [
    `fencing: none: by its stop time-outs, a node without quorum may take ${formatDuration(spanMs)} to stop service ${service.id}, which starts elsewhere after ${after}. Write shorter ones (stop: { timeout: SPAN }), or assume-off-after: ${formatDuration(spanMs)}`,
  ];
}

function adviceOnFreezing({ services }: ClusterConfig): readonly string[] {
  return services
    .filter((service) => service.withoutQuorum === "freeze")
    .map(
      ({ id }) =>
        `service ${id} freezes without quorum: a node that is cut off goes on with it until it is fenced; whoever says "hale node confirm-off" of such a node while it runs makes two owners`,
    );
}

function adviceOnQuorum({ quorum, nodes }: ClusterConfig): readonly string[] {
  if (quorum.kind !== "majority" || nodes.length === 0 || nodes.length % 2 === 1) return [];
  return [`${nodes.length} nodes and quorum: majority: the loss of ${nodes.length / 2} stops the rest. Add an arbiter`];
}

function adviceOnLinks({ nodes }: ClusterConfig): readonly string[] {
  if (nodes.length < 2 || nodes.some(({ addresses }) => addresses.length > 1)) return [];
  return [
    "one link between the nodes: a single cable, switch or network card is taken for dead nodes. Add a second address per node",
  ];
}
