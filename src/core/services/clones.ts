import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { besideOn, clonesOf } from "../placement/clones.ts";
import { type ClusterState, type DecisionView, definitionOf } from "./cluster-state.ts";
import { failureAgainst } from "./failure-memory.ts";
import { nodeAgainst } from "./node-against.ts";
import { isWanted, type ServiceRecord, whereItMayRun } from "./service-record.ts";

/*
 * A clone is written once and runs on several nodes. Each of its instances is a service of its own that one node alone may run, so every rule for
 * a service with one owner holds for it. What is here is what an instance has to do with the others: how many may run at once, and who is beside one.
 */

type View = Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "at">;

/** The instances of a clone, in order of preference; empty when the configuration has no such clone. */
export function instancesOf(
  state: Pick<ClusterState, "config" | "services">,
  clone: ServiceId,
): readonly ServiceRecord[] {
  if (state.config === null) return [];
  return (clonesOf(state.config.config).get(clone) ?? []).flatMap(({ id }) => state.services[id] ?? []);
}

/** [CLN-3] Others of its clone that leave no place for it; empty: it may run, as far as their number goes. */
export function inItsPlace(state: View, record: ServiceRecord): readonly ServiceRecord[] {
  const { instance } = definitionOf(state, record);
  if (instance?.limit === undefined) return [];
  const others = instancesOf(state, instance.of).filter(({ service }) => service !== record.service);
  // Two that wait for one place must not wait for each other.
  const isFirst = isGoingOn(state, record)
    ? (other: ServiceRecord) => (definitionOf(state, other).instance?.number ?? 0) < instance.number
    : () => true;
  const taken = others.filter(
    (other) => whereItMayRun(other).length > 0 || (isGoingOn(state, other) && isFirst(other)),
  );
  return taken.length < instance.limit ? [] : taken;
}

/** It was stopped only to be started again, and may be: its place is kept. */
function isGoingOn(state: View, record: ServiceRecord): boolean {
  const { phase } = record;
  if (phase.kind !== "stopped" || phase.next === null || !isWanted(record)) return false;
  return isAbleOn(state, record, phase.next);
}

/** Nothing about the node, and no failure there, speaks against it. */
export function isAbleOn(state: View, record: ServiceRecord, node: NodeId): boolean {
  const known = state.nodes[node];
  const { recovery } = definitionOf(state, record);
  return (
    known !== undefined &&
    nodeAgainst(state, record, known).length === 0 &&
    failureAgainst(record, recovery, node, state.at) === null
  );
}

/** [CLN-3] It runs, and enough others of its clone that are preferred to it do: the limit was lowered, or more were found. */
export function isSurplus(state: View, record: ServiceRecord): boolean {
  const { instance } = definitionOf(state, record);
  if (instance?.limit === undefined) return false;
  const before = instancesOf(state, instance.of).filter((other) => {
    const { number = 0 } = definitionOf(state, other).instance ?? {};
    return number < instance.number && (other.phase.kind === "started" || other.phase.kind === "starting");
  });
  return before.length >= instance.limit;
}

/** [CLN-6] Why a service may not be on a node for want of an instance beside it; null: nothing is lacking. */
export function lacksBeside(state: View, definition: ServiceConfig, node: NodeId): string | null {
  const lacking = besideOn(definition, node).find((service) => !isUpOn(state, service, node));
  if (lacking === undefined) return null;
  const { phase } = state.services[lacking] ?? {};
  return phase === undefined ? `there is no ${lacking}` : `${lacking} is not started there`;
}

function isUpOn(state: View, service: ServiceId, node: NodeId): boolean {
  const record = state.services[service];
  return record?.phase.kind === "started" && isLive(state.nodes[node]) && !record.doubts.includes(node);
}

/** [CLN-6] Services that are beside this instance, on its node. */
export function besideInstance(state: DecisionView, record: ServiceRecord): readonly ServiceId[] {
  const { instance } = definitionOf(state, record);
  if (instance === undefined || state.config === null) return [];
  return state.config.config.services.flatMap(({ id, beside = [] }) => (beside.includes(instance.of) ? [id] : []));
}
