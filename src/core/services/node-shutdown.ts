import type { NodeId } from "../../model/ids.ts";
import type { ShutdownPolicy } from "../../model/intent.ts";
import type { NodeRecord } from "../fencing/node-record.ts";
import { type ClusterState, isConfigured, notAllowed, type Refusal, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode, patchService } from "./draft.ts";
import { frozenText, mayStayBehind, setFrozen, thawCommand } from "./frozen.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";

type View = Omit<ClusterState, "index">;

/** [SVC-40] Why a node cannot be shut down so; null: it can. */
export function refuseShutdown(state: View, node: NodeId, services: ShutdownPolicy): Refusal | null {
  const record = state.nodes[node];
  const what = `Cannot shut down node "${node}"`;
  if (record?.isMember !== true || record.off !== null) return notAllowed(`${what}: it is not in the group`);
  if (record.shutdown && record.shutdown.withAll !== true)
    return notAllowed(`${what}: it is being shut down already (${record.shutdown.by})`);
  const here = servicesInOrder(state).filter(({ phase }) => phaseNode(phase) === node);
  if (services === "freeze") {
    const frozen = { ...state, nodes: { ...state.nodes, [node]: { ...record, frozen: { by: "", at: state.at } } } };
    if (here.length === 0 || mayStayBehind(frozen, node)) return null;
    const why = "what is left running must be sure to run nowhere else, which takes a fence device and no watchdog";
    return notAllowed(`${what} and leave its services running: ${why}; with --services stop they wait for it, stopped`);
  }
  const frozen = here.find((one) => frozenText(state, one) !== null);
  if (frozen === undefined) return null;
  const why = `service ${frozen.service} there is not to be touched: ${frozenText(state, frozen)}`;
  return notAllowed(
    `${what} with its services stopped: ${why}; first: ${thawCommand(state, frozen)}, or --services freeze`,
  );
}

/** [SVC-40] Its daemon sees this, and ends as if it had been asked to. */
export function shutDownNode(draft: Draft, node: NodeId, services: ShutdownPolicy, by: string): void {
  const incarnation = draft.nodes[node]?.incarnation ?? null;
  patchNode(draft, node, { shutdown: { services, by, at: draft.at } });
  const text = { move: "its services go elsewhere", stop: "its services wait for it", freeze: "its services run on" };
  draft.events.push({ node, level: "info", text: `shut down by ${by}: ${text[services]}` });
  if (services === "freeze") setFrozen(draft, { node }, { by, at: draft.at, until: incarnation });
  if (services !== "stop" || incarnation === null) return;
  for (const record of servicesInOrder(draft))
    if (phaseNode(record.phase) === node) patchService(draft, record, { awaits: { node, incarnation, by } });
}

/** [SVC-41] The node that the service was stopped with, and waits for; null: none, or one that cannot come back. */
export function awaitedNode(state: Pick<View, "config" | "nodes">, { awaits }: ServiceRecord): NodeRecord | null {
  if (!awaits || !isConfigured(state, awaits.node)) return null;
  return state.nodes[awaits.node] ?? null;
}

/** [SVC-41] A later life of a node has reported: what waits for it may start, and what was left running there is seen to again. */
export function endShutdown(draft: Draft, { node, incarnation, frozen }: NodeRecord): void {
  for (const record of servicesInOrder(draft)) {
    if (record.awaits?.node !== node || record.awaits.incarnation === incarnation) continue;
    const reason = `${node} is back, which it waited for`;
    patchService(draft, record, { awaits: null, reason });
    draft.events.push({ node, service: record.service, level: "info", text: reason });
  }
  if (frozen?.until && frozen.until !== incarnation) setFrozen(draft, { node }, null);
}

/** What waits for its node, one line each. */
export function awaitWarnings(state: View): readonly string[] {
  return servicesInOrder(state).flatMap((record) => {
    const node = awaitedNode(state, record);
    if (node === null || phaseNode(record.phase) !== null) return [];
    const who = record.awaits?.by ?? "";
    const advice = `to start it elsewhere: hale service start ${record.service}`;
    return [`service ${record.service} waits for ${node.node}, which ${who} shut down with it; ${advice}`];
  });
}
