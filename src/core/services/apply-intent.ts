import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { unreachable } from "../../model/unreachable.ts";
import { canFence } from "../fencing/fence-runner.ts";
import { isArmed, isLive } from "../fencing/node-record.ts";
import { ownWatchdog } from "../fencing/own-watchdog.ts";
import { setOff } from "./apply-fence.ts";
import {
  type ClusterState,
  definitionOf,
  type Draft,
  movePhase,
  nodesInOrder,
  patchFence,
  patchNode,
  patchService,
  type Refusal,
} from "./cluster-state.ts";
import { blockersOf, placementOf } from "./eligibility.ts";
import { forgive } from "./failure-memory.ts";
import { readmitNode, refuseReadmission, refuseRemoval, removeNode } from "./removed-nodes.ts";
import { phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";
import { releaseNode } from "./quarantine.ts";
import { stopAgain, stopBlockedAgain } from "./stop-again.ts";

/**
 * An operator's wish is applied, or refused when the rules forbid it at its place in the order.
 *
 * @returns why it was refused; then nothing has changed
 */
export function applyIntent(draft: Draft, intent: Intent, author: string): Refusal | null {
  const refusal = refusalOf(draft, intent);
  if (refusal !== null) return refusal;
  switch (intent.kind) {
    case "enable-service":
      enable(draft, serviceOf(draft, intent.service), author);
      return null;
    case "disable-service":
      disable(draft, serviceOf(draft, intent.service), author);
      return null;
    case "restart-service":
      restart(draft, serviceOf(draft, intent.service), author);
      return null;
    case "relocate-service":
      relocate(draft, serviceOf(draft, intent.service), intent.to ?? null, author);
      return null;
    case "clear-service": {
      const record = serviceOf(draft, intent.service);
      // With failback, a node it had fled from is as good as new.
      patchService(draft, record, { failures: forgive(record, () => true), rounds: 0, placedAt: 0, doubles: [] });
      if (record.phase.kind === "failed") {
        movePhase(draft, record, { kind: "stopped", next: null }, `its failures were cleared by ${author}`);
      }
      return null;
    }
    case "standby-node":
      patchNode(draft, intent.node, { isStandby: true });
      draft.events.push({ node: intent.node, level: "info", text: `put on standby by ${author}` });
      return null;
    case "online-node":
      patchNode(draft, intent.node, { isStandby: false, eligibleSince: draft.index });
      draft.events.push({ node: intent.node, level: "info", text: `put online by ${author}` });
      return null;
    case "release-node":
      releaseNode(draft, intent.node, `released by ${author}`);
      return null;
    case "fence-node": {
      const incarnation = draft.nodes[intent.node]?.incarnation ?? null;
      patchFence(draft, intent.node, { wish: { incarnation, reason: `asked by ${author}` } });
      return null;
    }
    case "confirm-off-node":
      setOff(draft, intent.node, draft.nodes[intent.node]?.incarnation ?? null, "sworn", `confirmed off by ${author}`);
      return null;
    case "remove-node":
      removeNode(draft, intent.node, author);
      return null;
    case "readmit-node":
      readmitNode(draft, intent.node, author);
      return null;
    default:
      return unreachable(intent);
  }
}

/**
 * Why an intent would be refused now; null when it would not. Asked by the node that is asked (for a quick answer) and again when
 * the intent is applied (for the one that counts).
 */
export function refusalOf(state: Omit<ClusterState, "index">, intent: Intent): Refusal | null {
  switch (intent.kind) {
    case "enable-service":
    case "disable-service":
    case "clear-service":
      return unknownService(state, intent.service);
    case "restart-service":
      return unknownService(state, intent.service) ?? refuseRestart(state, intent.service);
    case "relocate-service":
      return unknownService(state, intent.service) ?? refuseRelocate(state, intent.service, intent.to ?? null);
    case "standby-node":
    case "online-node":
    case "release-node":
      return unknownNode(state, intent.node);
    case "fence-node":
      return unknownNode(state, intent.node) ?? refuseFence(state, intent.node);
    case "confirm-off-node":
      return unknownNode(state, intent.node) ?? refuseConfirmOff(state, intent.node);
    case "remove-node":
      return refuseRemoval(state, intent.node);
    case "readmit-node":
      return refuseReadmission(state, intent.node);
    default:
      return unreachable(intent);
  }
}

type View = Omit<ClusterState, "index">;

function unknownService(state: View, service: ServiceId): Refusal | null {
  if (state.services[service] !== undefined) return null;
  const known = Object.keys(state.services).toSorted().join(", ");
  return {
    code: "SERVICE_UNKNOWN",
    text: `Cannot find service "${service}": the configuration has ${known || "none"}`,
  };
}

function unknownNode(state: View, node: NodeId): Refusal | null {
  if (state.nodes[node] !== undefined) return null;
  const known = nodesInOrder(state).map((record) => record.node);
  return {
    code: "NODE_UNKNOWN",
    text: `Cannot find node "${node}": the configuration has ${known.join(", ") || "none"}`,
  };
}

function refuseRestart(state: View, service: ServiceId): Refusal | null {
  const record = state.services[service];
  if (record === undefined) return null;
  if (!record.isEnabled) return notAllowed(`Cannot restart service "${service}": it is disabled; enable it first`);
  return refuseUncertain(state, record, "restart");
}

function refuseRelocate(state: View, service: ServiceId, to: NodeId | null): Refusal | null {
  const record = state.services[service];
  if (record === undefined) return null;
  const what = `Cannot relocate service "${service}"${to === null ? "" : ` to node "${to}"`}`;
  if (!record.isEnabled) return notAllowed(`${what}: it is disabled; enable it first`);
  if (to !== null) {
    const unknown = unknownNode(state, to);
    if (unknown !== null) return unknown;
    const verdict = placementOf(state, record, { ignoreFailures: true }).verdicts.find(({ node }) => node === to);
    if (verdict?.verdict === "may not") return notAllowed(`${what}: ${verdict.reasons.join("; ")}`);
  }
  const uncertain = refuseUncertain(state, record, "relocate");
  if (uncertain !== null) return uncertain;
  if (record.phase.kind === "blocked") {
    return notAllowed(`${what}: it is ${phaseText(record.phase)}; fence that node, or mend it and disable the service`);
  }
  if (to === null) {
    const answer = placementOf(state, record, { leave: phaseNode(record.phase) });
    if (answer.chosen !== null) return null;
    const reasons = answer.verdicts.map((verdict) => `${verdict.node}: ${verdict.reasons[0] ?? ""}`);
    return notAllowed(`${what}: no other node may run it (${reasons.join("; ")})`);
  }
  return null;
}

function refuseUncertain(state: View, record: ServiceRecord, verb: string): Refusal | null {
  const node = phaseNode(record.phase);
  if (node === null) return null;
  const blocker = blockersOf(state, record).find((candidate) => candidate.node === node);
  if (blocker === undefined) return null;
  return notAllowed(`Cannot ${verb} service "${record.service}": its node ${node} ${blocker.reason}`);
}

function refuseFence(state: View, node: NodeId): Refusal | null {
  const config = state.config?.config;
  const what = `Cannot fence node "${node}"`;
  const configured = config?.nodes.find(({ id }) => id === node);
  if (config === undefined || !canFence(config, configured)) {
    const hasWatchdog = config !== undefined && ownWatchdog(config, node) !== null;
    if (!hasWatchdog) return notAllowed(`${what}: no fence device is configured for it`);
    if (!isArmed(state.nodes[node])) return notAllowed(`${what}: its watchdog is not armed`);
  }
  if (
    state.nodes[node]?.off === "left" ||
    state.nodes[node]?.off === "fenced" ||
    state.nodes[node]?.off === "self-fenced"
  ) {
    return notAllowed(`${what}: it is off already (${state.nodes[node].reason})`);
  }
  if (!Object.values(state.nodes).some((record) => record.node !== node && isLive(record))) {
    return notAllowed(`${what}: no other node is there to do it`);
  }
  return null;
}

function refuseConfirmOff(state: View, node: NodeId): Refusal | null {
  if (state.nodes[node]?.isMember !== true) return null;
  return notAllowed(`Cannot take node "${node}" as off: it is a member of the group`);
}

function notAllowed(text: string): Refusal {
  return { code: "NOT_ALLOWED", text };
}

function serviceOf(draft: Draft, service: ServiceId): ServiceRecord {
  const record = draft.services[service];
  if (record === undefined)
    throw new RangeError(`Cannot apply an intent on service "${service}": it was checked before`);
  return record;
}

function enable(draft: Draft, before: ServiceRecord, author: string): void {
  const reason = `enabled by ${author}`;
  const record = patchService(draft, before, {
    isEnabled: true,
    failures: forgive(before, () => true),
    rounds: 0,
    reason,
  });
  draft.events.push({ node: draft.origin, service: record.service, level: "info", text: reason });
  if (record.phase.kind === "failed") movePhase(draft, record, { kind: "stopped", next: null }, reason);
  stopBlockedAgain(draft, record, reason);
}

function disable(draft: Draft, before: ServiceRecord, author: string): void {
  const reason = `disabled by ${author}`;
  const record = patchService(draft, before, { isEnabled: false, reason });
  draft.events.push({ node: draft.origin, service: record.service, level: "info", text: reason });
  stopBlockedAgain(draft, record, reason);
}

function restart(draft: Draft, before: ServiceRecord, author: string): void {
  const reason = `restart asked by ${author}`;
  const record = patchService(draft, before, { failures: forgive(before, () => true), rounds: 0 });
  const { phase } = record;
  if (phase.kind === "failed") movePhase(draft, record, { kind: "stopped", next: null }, reason);
  else if (phase.kind === "stopped") patchService(draft, record, { reason });
  else if (phase.kind === "stopping") patchService(draft, record, { phase: { ...phase, next: phase.node } });
  else stopAgain(draft, record, phase.node, reason);
}

function relocate(draft: Draft, before: ServiceRecord, asked: NodeId | null, author: string): void {
  const from = phaseNode(before.phase);
  const to = asked ?? placementOf(draft, before, { leave: from }).chosen;
  if (to === null || (to === from && before.phase.kind !== "stopping")) return;
  const { failback } = definitionOf(draft, before).domain;
  const note = failback ? "; it returns to a better node when that one joins anew" : "";
  const reason = `relocation to ${to} asked by ${author}${note}`;
  const record = patchService(draft, before, { failures: forgive(before, (failure) => failure.node === to) });
  const { phase } = record;
  if (phase.kind === "stopped" || phase.kind === "failed")
    movePhase(draft, record, { kind: "stopped", next: to }, reason);
  else if (phase.kind === "stopping") patchService(draft, record, { phase: { ...phase, next: to }, reason });
  else stopAgain(draft, record, to, reason);
}
