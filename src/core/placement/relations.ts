import type { ClusterConfig, Relation, ServiceConfig } from "../../model/cluster-config.ts";
import type { ServiceId } from "../../model/ids.ts";

/** Who has to do with whom, by a configuration. `with` and `apart` hold for both sides, whoever has written them. */
export interface Relations {
  /** What a service comes after. */
  after(service: ServiceId): readonly Relation[];
  /** What comes after it: `service` is the one that does. */
  before(service: ServiceId): readonly Relation[];
  /** All that are kept on one node with it (hard `with`), itself included, in file order. */
  together(service: ServiceId): readonly ServiceId[];
  /** Those it would rather share a node with. */
  near(service: ServiceId): readonly ServiceId[];
  /** True when no node may have both. */
  isApart(one: ServiceId, other: ServiceId): boolean;
  /** All that it must not meet, in file order. */
  rivals(service: ServiceId): readonly ServiceId[];
  /** Those it would rather not share a node with. */
  far(service: ServiceId): readonly ServiceId[];
  /** Its place in the order in which all are judged: what it comes after is before it, else the file says it. */
  rank(service: ServiceId): number;
  /** No service has to do with another one. */
  readonly isNone: boolean;
}

const known = new WeakMap<ClusterConfig, Relations>();

/** Worked out once for each configuration. */
export function relationsOf(config: ClusterConfig): Relations {
  const found = known.get(config);
  if (found !== undefined) return found;
  const relations = workOut(config.services);
  known.set(config, relations);
  return relations;
}

function workOut(services: readonly ServiceConfig[]): Relations {
  const after = new Map(services.map((service) => [service.id, service.after ?? []]));
  const before = new Map<ServiceId, Relation[]>();
  for (const { id, after: firsts = [] } of services)
    for (const { service, ...rest } of firsts) listIn(before, service).push({ service: id, ...rest });
  const exclusive = new Set(services.filter((service) => service.exclusive === true).map(({ id }) => id));
  const hardApart = bothWays(services, "apart", false);
  const groups = groupsOf(services, bothWays(services, "with", false));
  const [near, far] = [bothWays(services, "with", true), bothWays(services, "apart", true)];
  // [CLN-6] What runs everywhere would leave no node for who is to be alone there.
  const instances = new Set(services.filter(({ instance }) => instance !== undefined).map(({ id }) => id));
  const isAlone = (one: ServiceId, other: ServiceId): boolean => exclusive.has(one) && !instances.has(other);
  const isApart = (one: ServiceId, other: ServiceId): boolean =>
    one !== other && (isAlone(one, other) || isAlone(other, one) || hardApart.get(one)?.includes(other) === true);
  const ranks = ranksOf(services);
  const hasClones = services.some(({ instance, beside }) => instance?.limit !== undefined || beside !== undefined);
  const rivals = new Map<ServiceId, readonly ServiceId[]>();
  return {
    after: (service) => after.get(service) ?? [],
    before: (service) => before.get(service) ?? [],
    together: (service) => groups.get(service) ?? [service],
    near: (service) => near.get(service) ?? [],
    far: (service) => far.get(service) ?? [],
    isApart,
    rivals: (service) => {
      if (exclusive.size === 0 && !hardApart.has(service)) return [];
      let found = rivals.get(service);
      if (found === undefined) {
        found = services.map(({ id }) => id).filter((other) => isApart(service, other));
        rivals.set(service, found);
      }
      return found;
    },
    rank: (service) => ranks.get(service) ?? services.length,
    isNone: !hasClones && before.size + groups.size + near.size + far.size + hardApart.size + exclusive.size === 0,
  };
}

function ranksOf(services: readonly ServiceConfig[]): ReadonlyMap<ServiceId, number> {
  const firsts = new Map(
    services.map(({ id, after = [], beside = [] }) => {
      const instances = services.filter(({ instance }) => instance !== undefined && beside.includes(instance.of));
      return [id, [...after.map(({ service }) => service), ...instances.map((instance) => instance.id)]] as const;
    }),
  );
  const ranks = new Map<ServiceId, number>();
  const begun = new Set<ServiceId>();
  const visit = (id: ServiceId): void => {
    if (begun.has(id)) return;
    begun.add(id);
    for (const first of firsts.get(id) ?? []) visit(first);
    ranks.set(id, ranks.size);
  };
  for (const { id } of services) visit(id);
  return ranks;
}

function bothWays(
  services: readonly ServiceConfig[],
  kind: "with" | "apart",
  isSoft: boolean,
): ReadonlyMap<ServiceId, readonly ServiceId[]> {
  const found = new Map<ServiceId, ServiceId[]>();
  for (const { id, [kind]: others = [] } of services) {
    for (const { service, soft = false } of others) {
      if (soft !== isSoft) continue;
      listIn(found, id).push(service);
      listIn(found, service).push(id);
    }
  }
  return found;
}

function groupsOf(
  services: readonly ServiceConfig[],
  neighbours: ReadonlyMap<ServiceId, readonly ServiceId[]>,
): ReadonlyMap<ServiceId, readonly ServiceId[]> {
  const groups = new Map<ServiceId, readonly ServiceId[]>();
  for (const { id } of services) {
    if (groups.has(id) || !neighbours.has(id)) continue;
    const members = new Set([id]);
    // A set that is walked takes what is added to it meanwhile.
    for (const member of members) for (const other of neighbours.get(member) ?? []) members.add(other);
    const group = services.map((service) => service.id).filter((service) => members.has(service));
    for (const member of group) groups.set(member, group);
  }
  return groups;
}

function listIn<Value>(map: Map<ServiceId, Value[]>, key: ServiceId): Value[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
