import type { ClusterConfig, ServiceConfig } from "../../model/cluster-config.ts";
import { instanceId, type NodeId, type ServiceId } from "../../model/ids.ts";

/** The clones of a configuration, by name: their instances, in order of preference. */
export type Clones = ReadonlyMap<ServiceId, readonly ServiceConfig[]>;

const known = new WeakMap<ClusterConfig, Clones>();

/** Worked out once for each configuration. */
export function clonesOf(config: ClusterConfig): Clones {
  const found = known.get(config);
  if (found !== undefined) return found;
  const clones = new Map<ServiceId, readonly ServiceConfig[]>();
  for (const service of config.services)
    if (service.instance !== undefined)
      clones.set(service.instance.of, [...(clones.get(service.instance.of) ?? []), service]);
  known.set(config, clones);
  return clones;
}

/** [CLN-1] False for the instance of a clone on any node but its own: such a node is not asked about it, and has nothing to do with it. */
export function concerns({ instance }: ServiceConfig, node: NodeId): boolean {
  return instance === undefined || instance.node === node;
}

/** The instances that a service must be beside one of on `node`, by its configuration. */
export function besideOn({ beside = [] }: ServiceConfig, node: NodeId): readonly ServiceId[] {
  return beside.map((clone) => instanceId(clone, node));
}
