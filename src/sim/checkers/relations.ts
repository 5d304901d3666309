import { besideOn } from "../../core/placement/clones.ts";
import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/** A node that was given a start may make it so much later, and hear so much later that what it depends on is gone. */
const newsMs = 10_000;

/** REL-1, REL-4: nothing starts without what it comes after, nor on a node with what it must not meet. */
export function relationsChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  const lastSeen = new Map<ServiceId, number>();
  const look = (): void => {
    for (const service of config.services)
      if (truth.activeNodes(service).length > 0) lastSeen.set(service.id, bench.now());
  };
  /** Of what runs on those that are here. */
  const checkScores = (node: NodeId, { promotes }: ServiceConfig, start: string): void => {
    if (promotes === undefined) return;
    const { body } = truth.of(node);
    const members: readonly NodeId[] = body?.status === "active" ? body.members : [];
    const instances = config.services.filter(({ id, instance }) => {
      const place = instance?.of === promotes ? instance.node : undefined;
      // What was just started may not have been asked yet.
      return place !== undefined && members.includes(place) && startedBefore(id, promotes, node);
    });
    const own = instances.find(({ instance }) => instance?.node === node);
    const scoreOf = (one: ServiceConfig): number => bench.scoreOf(one.resources[0]?.id);
    if (own === undefined) return;
    if (scoreOf(own) < 0) bench.report("PRO-2", `${start}, which must not be promoted`);
    const newer = instances.find((one) => scoreOf(one) > scoreOf(own));
    if (newer !== undefined) bench.report("PRO-2", `${start}, though ${newer.id} has newer data`);
  };
  /** Nobody looks at what is frozen: it counts as what it was. */
  const isLeftAlone = (node: NodeId, first: ServiceId): boolean => {
    const { delivered } = truth.of(node);
    const phase = truth.wishes.stateAt(delivered).services[first]?.phase;
    return phase?.kind === "started" && truth.wishes.isFrozen(first, delivered);
  };
  const startedBefore = (id: ServiceId, role: ServiceId, node: NodeId): boolean => {
    const { services } = truth.wishes.stateAt(truth.of(node).delivered);
    const { phase, doubts = [], history = [] } = services[id] ?? {};
    const chosenAt = services[role]?.history.at(-1)?.entry ?? 0;
    return phase?.kind === "started" && doubts.length === 0 && (history.at(-1)?.entry ?? 0) < chosenAt;
  };
  return {
    onTruth: look,
    onSample: look,
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      const service = truth.service(operation.service);
      if (service === undefined || truth.isActive(node, service)) return;
      const start = `${node} starts ${operation.resource.id}`;
      for (const { service: first, soft } of service.after ?? []) {
        const seenAt = lastSeen.get(first);
        if (soft !== true && !isLeftAlone(node, first) && (seenAt === undefined || bench.now() - seenAt > newsMs))
          bench.report("REL-1", `${start}, without service ${first}`);
      }
      for (const first of besideOn(service, node)) {
        const seenAt = lastSeen.get(first);
        if (seenAt === undefined || bench.now() - seenAt > newsMs)
          bench.report("CLN-6", `${start}, without service ${first}`);
      }
      checkScores(node, service, start);
      for (const other of config.services)
        if (isApart(service, other) && truth.isActive(node, other))
          bench.report("REL-4", `${start} beside service ${other.id}`);
    },
  };
}

/** No node may have both. */
export function isApart(one: ServiceConfig, other: ServiceConfig): boolean {
  if (one.id === other.id) return false;
  const isAlone = (from: ServiceConfig, to: ServiceConfig): boolean =>
    from.exclusive === true && to.instance === undefined;
  return isAlone(one, other) || isAlone(other, one) || avoids(one, other) || avoids(other, one);
}

/** It names the other one as one that it must not meet, or, `isSoft`, had better not. */
export function avoids(from: ServiceConfig, to: ServiceConfig, isSoft = false): boolean {
  return from.apart?.some(({ service, soft = false }) => service === to.id && soft === isSoft) === true;
}

/** All that a service has to do with, directly or through others, itself included: what happens to one may move the others. */
export function relatedTo(services: readonly ServiceConfig[], service: ServiceConfig): readonly ServiceConfig[] {
  const related = new Set([service]);
  // A set that is walked takes what is added to it meanwhile.
  for (const one of related)
    for (const other of services) if (isRelated(one, other) || isRelated(other, one)) related.add(other);
  return [...related];
}

function isRelated(one: ServiceConfig, other: ServiceConfig): boolean {
  const named = [...(one.after ?? []), ...(one.with ?? []), ...(one.apart ?? [])];
  return (
    named.some(({ service }) => service === other.id) ||
    (one.exclusive === true && one.id !== other.id) ||
    (other.instance !== undefined && one.beside?.includes(other.instance.of) === true) ||
    (one.instance?.limit !== undefined && one.instance.of === other.instance?.of)
  );
}
