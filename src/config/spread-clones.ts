import type { CloneInstance, OcfResource, Relation, ResourceConfig, ServiceConfig } from "../model/cluster-config.ts";
import type { DurationMs } from "../model/units.ts";
import { instanceId, type NodeId, resourceId, type ServiceId } from "../model/ids.ts";

/** Clones as they are written, by name. */
export type WrittenClones = ReadonlyMap<ServiceId, WrittenClone>;

/** So many instances at once, whether one of them is promoted, and whether they are told of each other. */
export interface WrittenClone {
  readonly clones: "all" | number;
  readonly isPromotable: boolean;
  /** Absent: they are not. */
  readonly notifyTimeoutMs?: DurationMs;
}

/**
 * [CLN-1] Makes of each clone one service for each node of its domain, which that node alone may run. What other services say of a clone becomes
 * what they mean: an instance comes after the instance on its own node, and who is to be with a clone is to be beside any instance.
 *
 * @param services as they are written; relations and domains have been checked
 */
export function spreadClones(services: readonly ServiceConfig[], clones: WrittenClones): readonly ServiceConfig[] {
  if (clones.size === 0) return services;
  return services.flatMap((service) => {
    const written = clones.get(service.id);
    if (written === undefined) return [besideClones(service, clones)];
    const { nodes } = service.domain;
    const limit = written.clones === "all" || written.clones >= nodes.length ? {} : { limit: written.clones };
    const instances = nodes.map((node, number) =>
      instanceOf(service, { of: service.id, node, number, count: nodes.length, ...limit }, clones),
    );
    return written.isPromotable ? [...instances, roleOf(service, written)] : instances;
  });
}

/** [PRO-1] The promoted role has the clone's own name: who is with it, or after it, means the promoted instance. */
function roleOf({ after: _after, needs: _needs, ...service }: ServiceConfig, written: WrittenClone): ServiceConfig {
  const { nodes } = service.domain;
  return {
    ...service,
    domain: { nodes, ordered: false, restricted: true, failback: false },
    resources: service.resources.map((resource) =>
      resource.kind === "ocf"
        ? { ...resource, role: "promoted", clone: { number: 0, max: nodes.length, ...toldOf(written) } }
        : resource,
    ),
    beside: [service.id],
    promotes: service.id,
  };
}

function besideClones(service: ServiceConfig, clones: WrittenClones): ServiceConfig {
  const { with: mates = [], ...rest } = service;
  const isInstance = (mate: Relation): boolean => clones.get(mate.service)?.isPromotable === false;
  const beside = mates.filter(isInstance).map((mate) => mate.service);
  if (beside.length === 0) return service;
  const others = mates.filter((mate) => !isInstance(mate));
  return { ...rest, ...(others.length > 0 ? { with: others } : {}), beside };
}

function instanceOf(service: ServiceConfig, instance: CloneInstance, clones: WrittenClones): ServiceConfig {
  const { node, of } = instance;
  const id = instanceId(of, node);
  const { after } = service;
  const here = (relation: Relation): Relation =>
    clones.has(relation.service) ? { ...relation, service: instanceId(relation.service, node) } : relation;
  return {
    ...service,
    id,
    domain: { nodes: [node], ordered: false, restricted: true, failback: false },
    resources: service.resources.map((resource) => partOf(resource, id, instance, clones.get(of))),
    ...(after === undefined ? {} : { after: after.map(here) }),
    instance,
  };
}

function partOf(
  resource: ResourceConfig,
  service: ServiceId,
  instance: CloneInstance,
  written: WrittenClone | undefined,
): ResourceConfig {
  const { number, count, limit, of } = instance;
  const after = resource.after?.map((id) => resourceId(service, id.slice(of.length + 1)));
  const part = {
    ...resource,
    id: resourceId(service, resource.name),
    ...(after === undefined ? {} : { after }),
  };
  return part.kind === "ocf" ? { ...part, clone: { number, max: limit ?? count, ...toldOf(written) } } : part;
}

function toldOf(written: WrittenClone | undefined): Pick<CloneOfAgent, "isPromotable" | "notifyTimeoutMs"> {
  const { isPromotable = false, notifyTimeoutMs } = written ?? {};
  return {
    ...(isPromotable ? { isPromotable } : {}),
    ...(notifyTimeoutMs === undefined ? {} : { notifyTimeoutMs }),
  };
}

type CloneOfAgent = NonNullable<OcfResource["clone"]>;

/** The services as they are written: each clone once, with all of its nodes. */
export function gatherClones(services: readonly ServiceConfig[]): readonly GatheredService[] {
  return services.flatMap((service): readonly GatheredService[] => {
    const { instance, beside = [], ...rest } = service;
    if (service.promotes !== undefined) return [];
    const mates = [...(service.with ?? []), ...beside.map((clone) => ({ service: clone }))];
    if (instance === undefined) return [mates.length === 0 ? rest : { ...rest, with: mates }];
    if (instance.number > 0) return [];
    const nodes = services.flatMap((other) => (other.instance?.of === instance.of ? [other.instance.node] : []));
    const isPromotable = services.some(({ promotes }) => promotes === instance.of);
    return [
      {
        ...rest,
        ...writtenClone(rest, instance, nodes),
        ...(isPromotable ? { promotable: true } : {}),
        ...notifyOf(rest),
      },
    ];
  });
}

function notifyOf({ resources: [resource] }: ServiceConfig): Pick<GatheredService, "notifyTimeoutMs"> {
  const notifyTimeoutMs = resource?.kind === "ocf" ? resource.clone?.notifyTimeoutMs : undefined;
  return notifyTimeoutMs === undefined ? {} : { notifyTimeoutMs };
}

/** A service of the file. */
export interface GatheredService extends ServiceConfig {
  readonly clones?: "all" | number;
  readonly promotable?: true;
  readonly notifyTimeoutMs?: DurationMs;
}

function writtenClone(
  { after }: ServiceConfig,
  { of, node, limit }: CloneInstance,
  nodes: readonly NodeId[],
): Partial<GatheredService> {
  const suffix = `@${node}`;
  const named = after?.map((relation) =>
    relation.service.endsWith(suffix)
      ? { ...relation, service: relation.service.slice(0, -suffix.length) as ServiceId }
      : relation,
  );
  return {
    id: of,
    clones: limit ?? "all",
    domain: { nodes, ordered: false, restricted: true, failback: false },
    ...(named === undefined ? {} : { after: named }),
  };
}
