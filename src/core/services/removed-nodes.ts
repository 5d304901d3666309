import type { DeviceId, NodeId } from "../../model/ids.ts";
import { isLive, unseenNode } from "../fencing/node-record.ts";
import { type ClusterState, notAllowed, type Refusal, type RemovedNode, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchService } from "./draft.ts";

type View = Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "removed">;

/** True until it is readmitted. */
export function isRemoved({ removed }: Pick<ClusterState, "removed">, node: NodeId): boolean {
  return removed?.[node] !== undefined;
}

/** Sorted by name. */
export function removedNodes({ removed = {} }: Pick<ClusterState, "removed">): readonly RemovedNode[] {
  return (Object.keys(removed) as NodeId[]).toSorted().flatMap((node) => removed[node] ?? []);
}

/** [NOD-2] Only a node that is known to run nothing may be removed, or one that was never seen and that nothing waits for. */
export function refuseRemoval(state: View, node: NodeId): Refusal | null {
  const what = `Cannot remove node "${node}"`;
  if (isRemoved(state, node)) return notAllowed(`${what}: it was removed already`);
  const record = state.nodes[node];
  if (record === undefined) return { code: "NODE_UNKNOWN", text: `${what}: the configuration has no such node` };
  if (isLive(record))
    return notAllowed(`${what}: it is a member; stop its daemon first, which gives up its services and its vote`);
  if (record.isMember) return notAllowed(`${what}: it is about to leave the group; try again in a moment`);
  if (state.fences[node]?.inFlight) return notAllowed(`${what}: it is being fenced; try again when that has ended`);
  const isAwaited = servicesInOrder(state).some(({ doubts }) => doubts.includes(node));
  if (record.off === null && (record.incarnation !== null || isAwaited)) {
    const advice = `hale node fence ${node}, or make sure that it is off and: hale node confirm-off ${node}`;
    return notAllowed(`${what}: it is not known to be off, and may run services; ${advice}`);
  }
  return null;
}

/** [NOD-3] Everything about it is forgotten, but that it was removed. */
export function removeNode(draft: Draft, node: NodeId, author: string): void {
  const addresses = draft.config?.config.nodes.find(({ id }) => id === node)?.addresses ?? [];
  draft.removed = { ...draft.removed, [node]: { node, at: draft.at, author, addresses } };
  const was = draft.nodes[node]?.incarnation === null ? "unseen" : "off";
  delete draft.nodes[node];
  delete draft.fences[node];
  for (const device of Object.keys(draft.brokenDevices) as DeviceId[]) {
    const { [node]: _, ...others } = draft.brokenDevices[device] ?? {};
    if (Object.keys(others).length > 0) draft.brokenDevices[device] = others;
    else delete draft.brokenDevices[device];
  }
  for (const service of servicesInOrder(draft)) {
    const { [node]: _, ...unable } = service.unable;
    const abandoned = service.abandoned?.filter((other) => other.node !== node);
    patchService(draft, service, {
      doubts: service.doubts.filter((other) => other !== node),
      strays: service.strays.filter((stray) => stray.node !== node),
      failures: service.failures.filter((failure) => failure.node !== node),
      unable,
      ...(abandoned === undefined ? {} : { abandoned }),
    });
  }
  draft.events.push({ node, level: "warning", text: `${was} -> removed: for ever, by ${author}` });
}

/** [NOD-5] It may come again, as a node that was never seen. */
export function readmitNode(draft: Draft, node: NodeId, author: string): void {
  const { [node]: _, ...removed } = draft.removed ?? {};
  draft.removed = removed;
  if (draft.config?.config.nodes.some(({ id }) => id === node) === true)
    draft.nodes[node] ??= unseenNode(node, draft.at);
  draft.events.push({ node, level: "info", text: `removed -> unseen: readmitted by ${author}` });
}

/** Why it cannot be readmitted. */
export function refuseReadmission(state: View, node: NodeId): Refusal | null {
  if (isRemoved(state, node)) return null;
  const known = removedNodes(state).map((removed) => removed.node);
  const found = known.length === 0 ? "no node was removed" : `removed were ${known.join(", ")}`;
  return { code: "NODE_UNKNOWN", text: `Cannot readmit node "${node}": ${found}` };
}
