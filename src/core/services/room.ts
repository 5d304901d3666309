import type { Amounts } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { relationsOf } from "../placement/relations.ts";
import { type ClusterState, definitionOf } from "./cluster-state.ts";
import { isWanted, type ServiceRecord, whereItMayRunNext } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "services">;

/**
 * [PLC-10] What a service lacks on a node; null: there is room. What is there already is what other services need that run there, may run there, or are bound
 * for it. Services that are kept together need their room together.
 */
export function lackOf(state: View, record: ServiceRecord): (node: NodeId) => string | null {
  const { config } = state;
  const together = config === null ? [record.service] : relationsOf(config.config).together(record.service);
  const needs = new Map<string, number>();
  for (const service of together) {
    const member = state.services[service];
    if (member === undefined || (service !== record.service && !isWanted(member))) continue;
    add(needs, definitionOf(state, member).needs);
  }
  if (config === null || needs.size === 0) return () => null;
  const used = usedBy(state, (other) => together.includes(other.service));
  const offers = new Map(config.config.nodes.map((node) => [node.id, node.offers ?? {}]));
  return (node) => {
    for (const [name, needed] of needs) {
      const offered = offers.get(node)?.[name] ?? 0;
      const left = Math.max(0, offered - (used.get(node)?.get(name) ?? 0));
      if (needed > left)
        return `no room: needs ${amountText(needed)} of ${name}, ${amountText(left)} of ${amountText(offered)} left`;
    }
    return null;
  };
}

function usedBy(
  state: View,
  isLeftOut: (record: ServiceRecord) => boolean,
): ReadonlyMap<NodeId, ReadonlyMap<string, number>> {
  const used = new Map<NodeId, Map<string, number>>();
  for (const record of Object.values(state.services)) {
    const { needs } = definitionOf(state, record);
    if (needs === undefined || isLeftOut(record)) continue;
    for (const node of whereItMayRunNext(record)) {
      const here = used.get(node) ?? new Map<string, number>();
      used.set(node, here);
      add(here, needs);
    }
  }
  return used;
}

function add(sums: Map<string, number>, amounts: Amounts = {}): void {
  for (const [name, amount] of Object.entries(amounts)) sums.set(name, (sums.get(name) ?? 0) + amount);
}

function amountText(amount: number): string {
  for (const [index, unit] of ["T", "G", "M", "K"].entries()) {
    const size = 1024 ** (4 - index);
    if (amount >= size) return `${Math.round((amount / size) * 10) / 10}${unit}`;
  }
  return String(amount);
}
