import type { Decision } from "../../model/snapshot.ts";
import { type ClusterState, servicesInOrder } from "./cluster-state.ts";
import { placementNow } from "./together.ts";

const none: readonly Decision[] = [];

/** The last decision about each service that was decided about between two states. Next to nothing where no entry came between. */
export function decisionsBetween(before: ClusterState, after: ClusterState): readonly Decision[] {
  if (before.services === after.services) return none;
  return servicesInOrder(after).flatMap((record): readonly Decision[] => {
    const { service, history } = record;
    const last = history.at(-1);
    if (last === undefined || last.entry <= before.index || before.services[service]?.history === history) return none;
    return [{ service, entry: last.entry, nodes: placementNow(after, record).verdicts }];
  });
}
