import type { ResourceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { unreachable } from "../../model/unreachable.ts";
import { type ClusterState, definitionOf, servicesInOrder } from "./cluster-state.ts";
import { keptOf, outdatedServices } from "./outdated.ts";
import { type ServiceRecord, whereItMayRun } from "./service-record.ts";

/**
 * [SVC-27] What a service still runs, or may run, though the configuration gives it to that service no more: it was renamed, moved to
 * another service, or is another one's now. Two names are two services, so no rule for one service keeps the address of the old from
 * running beside the address of the new. So the new one waits, and what is found of it where the old one is left is the old one's.
 */
export interface Leftover {
  readonly node: NodeId;
  /** The service that has it there. */
  readonly of: ServiceRecord;
  readonly resource: ResourceConfig;
}

/** What other services have left over of what this one is to run, by the nodes where it may be. */
export function leftoversOf(
  state: Pick<ClusterState, "config" | "services">,
  record: ServiceRecord,
): readonly Leftover[] {
  const wanted = definitionOf(state, record).resources;
  const outdated = outdatedServices(state);
  if (outdated.size === 0) return [];
  return servicesInOrder(state).flatMap((other): readonly Leftover[] => {
    if (other.service === record.service || !outdated.has(other.service)) return [];
    const kept = keptOf(state, other);
    // What one node has of a clone is not in the way of another.
    const [own, others] = [definitionOf(state, record).instance, other.definition.instance];
    if (own !== undefined && others !== undefined && own.node !== others.node) return [];
    const places = whereItMayRun(other);
    if (places.length === 0) return [];
    const resource = other.definition.resources.find((left) => isShared(left, wanted) && !isShared(left, kept));
    return resource === undefined ? [] : places.map((node) => ({ node, of: other, resource }));
  });
}

/** True when one of them may be the same thing under another name. */
export function isShared(resource: ResourceConfig, others: readonly ResourceConfig[]): boolean {
  const claims = claimsOf(resource);
  return others.some((other) => claimsOf(other).some((claim) => claims.includes(claim)));
}

/**
 * What a resource uses. Agents do not say which of their parameters name a disk, so any parameter that two resources of one
 * agent have alike counts: who waits without need waits until the old one is stopped, no longer.
 */
function claimsOf(resource: ResourceConfig): readonly string[] {
  switch (resource.kind) {
    case "address":
      return [`ip ${resource.ip}`];
    case "lsb":
      return [`lsb ${resource.script}`];
    case "exec":
      return [`exec ${JSON.stringify(resource.start)}`];
    case "filesystem":
      return [`device ${resource.device}`, `directory ${resource.directory}`];
    case "systemd":
      return [`unit ${resource.unit}`];
    case "samba":
      return [`samba ${resource.folder}`];
    case "delay":
      return [];
    case "rhcs":
      return Object.entries(resource.parameters).map(([name, value]) => `rhcs ${resource.agent} ${name}=${value}`);
    case "ocf": {
      const agent = `${resource.provider}:${resource.type}`;
      const { ip } = resource.parameters;
      const given = Object.entries(resource.parameters).map(([name, value]) => `${agent} ${name}=${value}`);
      const address = ip === undefined ? [] : [`ip ${ip.replace(/\/.*/, "")}`];
      const { device, directory } = resource.parameters;
      const mount = agent !== "heartbeat:Filesystem" ? [] : [`device ${device}`, `directory ${directory}`];
      return given.length === 0 ? [agent] : [...given, ...address, ...mount];
    }
    default:
      return unreachable(resource);
  }
}
