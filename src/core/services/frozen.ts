import type { NodeId } from "../../model/ids.ts";
import { canFence } from "../fencing/fence-runner.ts";
import { type FrozenRecord, isLive } from "../fencing/node-record.ts";
import { type ClusterState, nodesInOrder, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode, patchService } from "./draft.ts";
import { phaseNode, placesOf, type ServiceRecord } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "nodes" | "services" | "maintenance">;

/** [SVC-29] Why nothing is to be done with a service, nor looked at; null: it is not frozen. A node that leaves takes its services down all the same, as long as it is there. */
export function frozenText(state: Pick<View, "nodes" | "maintenance">, record: ServiceRecord): string | null {
  const node = phaseNode(record.phase);
  const here = node === null ? undefined : state.nodes[node];
  if (here?.isLeaving === true && isLive(here)) return null;
  if (state.maintenance) return `the cluster is in maintenance (${state.maintenance.by})`;
  if (record.frozen) return `it is frozen (${record.frozen.by})`;
  return here?.frozen ? `its node ${here.node} is frozen (${here.frozen.by})` : null;
}

/** What an operator may do to have it unfrozen. */
export function thawCommand(state: Pick<View, "maintenance">, record: ServiceRecord): string {
  if (state.maintenance) return "hale maintenance off";
  if (record.frozen) return `hale service unfreeze ${record.service}`;
  return `hale node unfreeze ${phaseNode(record.phase) ?? "NODE"}`;
}

/**
 * [SVC-30] True when a daemon may end and leave everything running: all that runs there is frozen, so nobody starts it elsewhere; and when it is
 * unfrozen meanwhile, a fence device and not time makes sure of the node.
 */
export function mayStayBehind(state: View, node: NodeId): boolean {
  const { config } = state;
  if (config === null || config.config.fencing.kind !== "devices") return false;
  const here = servicesInOrder(state).filter((record) => placesOf(record).includes(node));
  const configured = config.config.nodes.find(({ id }) => id === node);
  // Its watchdog would reset it while nobody feeds that.
  if (configured?.watchdog === true) return false;
  return (
    here.length > 0 && canFence(config.config, configured) && here.every((record) => frozenText(state, record) !== null)
  );
}

/** A service, whatever runs on a node, or everything. */
export type Frozen = { readonly service: ServiceRecord } | { readonly node: NodeId } | "all";

/** Freezes, or with `frozen: null` unfreezes. What was left alone is reported on anew: nobody has looked at it for a while. */
export function setFrozen(draft: Draft, what: Frozen, frozen: FrozenRecord | null): void {
  const before = new Map(servicesInOrder(draft).map((record) => [record.service, frozenText(draft, record)]));
  if (what === "all") draft.maintenance = frozen;
  else if ("node" in what) patchNode(draft, what.node, { frozen });
  else patchService(draft, what.service, { frozen });
  for (const record of servicesInOrder(draft)) {
    const text = frozenText(draft, record);
    const was = before.get(record.service) ?? null;
    if ((was === null) === (text === null)) continue;
    const line = text === null ? "no longer frozen" : `frozen: ${text}`;
    draft.events.push({ node: draft.origin, service: record.service, level: "info", text: line });
    const node = phaseNode(record.phase);
    if (text === null && record.phase.kind === "started" && node !== null && !record.doubts.includes(node))
      patchService(draft, record, { doubts: [...record.doubts, node].toSorted() });
  }
}

/** What is frozen, one line each, for whoever looks at the status. */
export function frozenWarnings(state: View): readonly string[] {
  if (state.maintenance) {
    const what = "nothing is started, stopped, moved, looked at or fenced";
    return [`maintenance, since ${state.maintenance.by} said so: ${what}; end it by: hale maintenance off`];
  }
  const nodes = nodesInOrder(state).flatMap(({ node, frozen }) =>
    frozen ? [`node ${node} is frozen (${frozen.by}): what runs there is left alone; hale node unfreeze ${node}`] : [],
  );
  const services = servicesInOrder(state).flatMap(({ service, frozen }) =>
    frozen ? [`service ${service} is frozen (${frozen.by}): it is left alone; hale service unfreeze ${service}`] : [],
  );
  return [...nodes, ...services];
}
