import type { Decision } from "../../model/snapshot.ts";
import { type ClusterState, servicesInOrder } from "./cluster-state.ts";
import { explainService } from "./explain.ts";

const none: readonly Decision[] = [];

/** The last decision about each service that was decided about between two states. Next to nothing where no entry came between. */
export function decisionsBetween(before: ClusterState, after: ClusterState): readonly Decision[] {
  if (before.services === after.services) return none;
  return servicesInOrder(after).flatMap(({ service, history }): readonly Decision[] => {
    const last = history.at(-1);
    if (last === undefined || last.entry <= before.index || before.services[service]?.history === history) return none;
    const nodes = explainService(after, service)?.nodes;
    return nodes === undefined ? none : [{ service, entry: last.entry, nodes }];
  });
}
