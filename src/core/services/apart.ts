import type { NodeId } from "../../model/ids.ts";
import { relationsOf } from "../placement/relations.ts";
import type { ClusterState } from "./cluster-state.ts";
import { type ServiceRecord, whereItMayRunNext } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "services">;

/** Services in its way, by node: those that no node may have beside it. Where one may run, or is bound for, counts like where it runs. */
export function apartFrom(state: View, record: ServiceRecord): ReadonlyMap<NodeId, ServiceRecord> {
  const found = new Map<NodeId, ServiceRecord>();
  if (state.config === null) return found;
  const relations = relationsOf(state.config.config);
  for (const rival of relations.rivals(record.service)) {
    const other = state.services[rival];
    if (other === undefined) continue;
    for (const node of whereItMayRunNext(other)) if (!found.has(node)) found.set(node, other);
  }
  return found;
}

/** How badly a node fits what a service would rather have: wishes that are not met there. */
export function misfitsOf(state: View, record: ServiceRecord): (node: NodeId) => number {
  if (state.config === null) return () => 0;
  const relations = relationsOf(state.config.config);
  const [near, far] = [relations.near(record.service), relations.far(record.service)].map((services) =>
    services.flatMap((service) => {
      const other = state.services[service];
      return other === undefined ? [] : [whereItMayRunNext(other)];
    }),
  );
  return (node) =>
    (near ?? []).filter((nodes) => nodes.length > 0 && !nodes.includes(node)).length +
    (far ?? []).filter((nodes) => nodes.includes(node)).length;
}
