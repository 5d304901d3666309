import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { Entry, ServiceResult } from "../../model/entry.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-2: no service of a lost node starts before that node is known not to run it.
 *
 * A node that really had a service active may run it until an entry says otherwise: that it stopped, that a probe found nothing,
 * that it left, that a fence was confirmed, that its time ran out, that an operator swore it. That the node has lost its power
 * clears nothing here, because nobody could know. A node that was never a member was never asked: only the last four help.
 *
 * What was active when its node was taken as off by time or by an oath, and has been since, stays cleared until that node is met again.
 */
export function knownOffChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  const nothingAnywhere = (): Map<NodeId, Set<ServiceId>> => new Map(config.nodes.map(({ id }) => [id, new Set()]));
  const mayRun = nothingAnywhere();
  /** By the kernels, until now. */
  const active = nothingAnywhere();
  let read = 0;

  const clear = (node: NodeId, services: readonly ServiceId[], isSworn = false): void => {
    for (const id of services) {
      const service = truth.service(id);
      // A late report about an earlier time says nothing about what is active now. An assumption counts even when it is wrong:
      // who configured it, or swore it, has taken that upon himself.
      const isIdle = service !== undefined && !truth.isActive(node, service);
      if (isIdle || isSworn) mayRun.get(node)?.delete(id);
    }
  };
  const all = config.services.map((service) => service.id);
  // Whatever follows from it, or does not because a doubt remains: nobody may say so of a node that still runs something.
  const checkReset = (node: NodeId): void => {
    for (const service of config.services) {
      if (truth.isActive(node, service))
        bench.report("SAFE-2", `${node} is taken as reset by its watchdog, but runs ${service.id}`);
    }
  };
  const catchUp = (): void => {
    for (; read < truth.entries.length; read += 1) {
      const body = truth.entries[read]?.body;
      if (body === undefined) continue;
      if (body.kind === "view")
        for (const { node } of body.members)
          for (const service of active.get(node) ?? []) mayRun.get(node)?.add(service);
      if (body.kind === "self-fenced" && isOfLastStay(truth.entries.slice(0, read), body)) checkReset(body.target);
      for (const off of clearedNodes(body)) clear(off, all, body.kind === "assumed-off" || body.kind === "intent");
      if (body.kind === "service-result" && meansIdle(body.result)) clear(body.node, [body.service]);
      if (body.kind === "observed") {
        const idle = body.services.filter(({ running, unclear }) => running.length === 0 && unclear.length === 0);
        clear(
          body.node,
          idle.map(({ service }) => service),
        );
      }
    }
  };

  const mayRunInstance = ({ id, instance }: ServiceConfig, delivered: number): boolean => {
    if (instance === undefined) return false;
    if (truth.lastMembership(instance.node, delivered) > 0) return mayRun.get(instance.node)?.has(id) === true;
    return !isNobody(truth.entries.slice(0, delivered), instance.node);
  };

  return {
    onTruth(node: NodeId, resource: ResourceId): void {
      catchUp();
      const service = truth.serviceOf(resource);
      if (service === undefined) return;
      const wasActive = active.get(node)?.has(service.id) === true;
      const isActive = truth.isActive(node, service);
      if (isActive && !wasActive) mayRun.get(node)?.add(service.id);
      if (isActive) active.get(node)?.add(service.id);
      else active.get(node)?.delete(service.id);
    },
    onPower: (node) => active.get(node)?.clear(),
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      catchUp();
      const service = truth.service(operation.service);
      // Later resources of a service that is being started already, and restarts of one of them, move nothing.
      if (service === undefined || truth.isActive(node, service)) return;
      const { body, delivered } = truth.of(node);
      if (service.instance !== undefined) {
        const { of, limit } = service.instance;
        const others = config.services.filter((other) => other.instance?.of === of && other.id !== service.id);
        const taken = others.filter((other) => mayRunInstance(other, delivered));
        if (limit !== undefined && taken.length >= limit)
          bench.report("SAFE-2", `${node} starts ${operation.resource.id} while ${idsOf(taken)} may run`);
        return;
      }
      const members: readonly NodeId[] = body?.status === "active" ? body.members : [];
      for (const other of config.nodes) {
        if (other.id === node || members.includes(other.id)) continue;
        const wasMember = truth.lastMembership(other.id, delivered) > 0;
        const isKnown = wasMember
          ? mayRun.get(other.id)?.has(service.id) !== true
          : isNobody(truth.entries.slice(0, delivered), other.id);
        if (!isKnown) {
          bench.report("SAFE-2", `${node} starts ${operation.resource.id} while ${other.id} is not known to be off`);
        }
      }
    },
  };
}

function idsOf(services: readonly ServiceConfig[]): string {
  return services.map(({ id }) => id).join(" and ");
}

/** Of a node that was never a member: not in the configuration in force, known to be off, or removed before it came. */
function isNobody(entries: readonly Entry[], node: NodeId): boolean {
  const config = entries.findLast(({ body }) => body.kind === "config")?.body;
  if (config?.kind === "config" && !config.config.nodes.some(({ id }) => id === node)) return true;
  return entries.some(({ body }) => clearedNodes(body).includes(node) || isRemoval(body, node));
}

function isRemoval(body: Entry["body"], node: NodeId): boolean {
  return body.kind === "intent" && body.intent.kind === "remove-node" && body.intent.node === node;
}

/** A failed start is cleaned up before it is reported. */
function meansIdle(result: ServiceResult): boolean {
  return result.kind === "stopped" || (result.kind === "failed" && result.action === "start");
}

/** Whether it speaks of the stay that the node was lost from. One that came too late says nothing, and nothing follows from it. */
function isOfLastStay(entries: readonly Entry[], said: Extract<Entry["body"], { kind: "self-fenced" }>): boolean {
  const stay = { incarnation: "", since: 0, isMember: false };
  for (const { index, body } of entries) {
    if (body.kind === "lives-on" && body.node === said.target) Object.assign(stay, { since: index });
    if (body.kind !== "view") continue;
    const member = body.members.find(({ node }) => node === said.target);
    const isContinuing = stay.isMember && stay.incarnation === member?.incarnation;
    if (member !== undefined && !isContinuing) Object.assign(stay, { incarnation: member.incarnation, since: index });
    stay.isMember = member !== undefined;
  }
  return !stay.isMember && stay.incarnation === said.incarnation && stay.since === said.since;
}

/** The nodes that an entry says run nothing. */
function clearedNodes(body: Entry["body"]): readonly NodeId[] {
  if (body.kind === "halted") return body.members.map(({ node }) => node);
  if (body.kind === "left") return [body.node];
  if (body.kind === "fence-result") return body.confirmed ? [body.target] : [];
  if (body.kind === "assumed-off" || body.kind === "self-fenced") return [body.target];
  return body.kind === "intent" && body.intent.kind === "confirm-off-node" ? [body.intent.node] : [];
}
