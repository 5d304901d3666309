import type { ClusterConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { longestTimeoutMs, unseenNode } from "../fencing/node-record.ts";
import { ownWatchdog } from "../fencing/own-watchdog.ts";
import { concerns } from "../placement/clones.ts";
import { forgetDevices } from "./apply-device.ts";
import { refuseArbiterChange } from "./arbiter-change.ts";
import { forgetSurvived } from "./apply-lives-on.ts";
import { forgetUnfenced } from "./apply-unfenced.ts";
import { nodesInOrder, notAllowed, type Refusal, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode, patchService, putService } from "./draft.ts";
import { forgive } from "./failure-memory.ts";
import { isRemoved } from "./removed-nodes.ts";
import type { ServiceRecord } from "./service-record.ts";
import { forgetQuarantines } from "./quarantine.ts";
import { stopBlockedAgain } from "./stop-again.ts";
import { beginThaw, whereFrozen } from "./thaw.ts";

/**
 * A configuration comes into force.
 *
 * A node that is new is waited for as one that was never seen; none may go without having been removed, which withdraws its vote.
 * A service that is gone is stopped first, then forgotten. A new one is started once every node has reported whether it runs
 * there already. A changed one has its failures forgiven (the change may be the cure), and is restarted only when what its agents
 * are given has changed.
 */
export function applyConfig(draft: Draft, body: Extract<EntryBody, { kind: "config" }>): Refusal | null {
  const { config } = body;
  const before = draft.config;
  if (before !== null && before.config.cluster !== config.cluster) {
    const text = `Cannot apply the configuration: it is of cluster "${config.cluster}", this is "${before.config.cluster}"`;
    return notAllowed(text);
  }
  const gone = before?.config.nodes.find(
    ({ id }) => !isRemoved(draft, id) && !config.nodes.some((kept) => kept.id === id),
  );
  if (gone !== undefined) {
    const text = `Cannot apply the configuration: it has no node "${gone.id}" any more; first: hale node remove ${gone.id}`;
    return notAllowed(text);
  }
  const refusal = refuseArbiterChange(draft, config);
  if (refusal !== null) return refusal;
  const frozen = config.fencing.kind === "none" ? frozenText(draft) : undefined;
  if (frozen !== undefined) {
    const text = `Cannot take the fence devices away: ${frozen}; first reload with without-quorum: stop alone, and have all nodes here or known to be off`;
    return notAllowed(text);
  }
  for (const service of config.services) {
    const record = draft.services[service.id];
    if (record !== undefined) beginThaw(draft, record, service);
  }
  draft.config = { config, digest: body.digest, entry: draft.index, author: body.author };
  for (const { id } of config.nodes) if (!isRemoved(draft, id)) takeUpNode(draft, id, before !== null);
  followWatchdogs(draft, config);
  if (config.quarantine?.kind === "none") forgetQuarantines(draft);
  forgetDevices(draft, config);
  if (before !== null) {
    forgetUnfenced(draft, before.config, config);
    forgetSurvived(draft, before.config, config);
  }
  for (const service of config.services) takeUp(draft, service);
  for (const record of servicesInOrder(draft)) {
    if (!config.services.some((service) => service.id === record.service))
      patchService(draft, record, { isRemoved: true });
  }
  const text = `configuration ${body.digest.slice(0, 12)} in force, by ${body.author}`;
  draft.events.push({ node: draft.origin, level: "info", text });
  return null;
}

/** [SVC-24] By the configuration in force, or by the one before on a node that has not heard of it. */
function frozenText(draft: Draft): string | undefined {
  for (const record of servicesInOrder(draft)) {
    const where = whereFrozen(draft, record);
    if (where !== undefined) return `service "${record.service}" may be frozen on ${where}`;
  }
  return undefined;
}

/**
 * Where nobody keeps a watchdog armed, what was said of it under the configuration before is void. Elsewhere [FEN-11] a node may take the
 * time-out that is in force from here on, and be lost before it can say so, whatever comes into force after.
 */
function followWatchdogs(draft: Draft, config: ClusterConfig): void {
  for (const { node, watchdog } of nodesInOrder(draft)) {
    if (watchdog === null) continue;
    const own = ownWatchdog(config, node);
    if (own === null) patchNode(draft, node, { watchdog: null });
    else if (own.timeoutMs > longestTimeoutMs(watchdog))
      patchNode(draft, node, { watchdog: { ...watchdog, longestMs: own.timeoutMs } });
  }
}

/** [NOD-1] A node of which nothing is known. It has nothing to do with what runs already. */
function takeUpNode(draft: Draft, node: NodeId, isLater: boolean): void {
  if (draft.nodes[node] !== undefined) return;
  draft.nodes[node] = unseenNode(node, draft.at);
  if (isLater) draft.events.push({ node, level: "info", text: "none -> unseen: added to the cluster" });
}

function takeUp(draft: Draft, service: ServiceConfig): void {
  const record = draft.services[service.id];
  if (record === undefined) {
    putService(draft, newService(draft, service));
    return;
  }
  const isChanged = JSON.stringify(record.definition) !== JSON.stringify(service);
  const failures = isChanged ? forgive(record, () => true) : record.failures;
  const current = patchService(draft, record, { isRemoved: false, failures });
  // [SVC-25] What was never started has nothing that was started: it is stopped as the file says now.
  if (!isChanged || record.lastOwner !== null) return;
  stopBlockedAgain(draft, patchService(draft, current, { definition: service }), "its configuration changed");
}

function newService(draft: Draft, service: ServiceConfig): ServiceRecord {
  const doubted = nodesInOrder(draft).filter(
    (node) => (node.isMember || !node.isAccounted) && node.off === null && concerns(service, node.node),
  );
  return {
    service: service.id,
    definition: service,
    isRemoved: false,
    isEnabled: service.enabled,
    attempt: 0,
    order: 0,
    phase: { kind: "stopped", next: null },
    doubts: doubted.map((node) => node.node).toSorted(),
    strays: [],
    unable: {},
    lastOwner: null,
    placedAt: 0,
    since: draft.at,
    reason: service.enabled ? "start of the cluster" : "disabled in the configuration",
    failures: [],
    rounds: 0,
    history: [],
  };
}
