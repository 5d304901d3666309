import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { unreachable } from "../../model/unreachable.ts";
import { canFence } from "../fencing/fence-runner.ts";
import { isArmed, isLive } from "../fencing/node-record.ts";
import { ownWatchdog } from "../fencing/own-watchdog.ts";
import { setOff } from "./apply-fence.ts";
import { type ClusterState, definitionOf, nodesInOrder, notAllowed, type Refusal } from "./cluster-state.ts";
import { type Draft, movePhase, patchFence, patchNode, patchService } from "./draft.ts";
import { refuseClusterStop, stopCluster } from "./cluster-stop.ts";
import { eachOf, refusalOfAll, refuseToMove } from "./clone-intents.ts";
import { blockersOf } from "./eligibility.ts";
import { bindGroup, placementOfGroup } from "./together.ts";
import { forgive } from "./failure-memory.ts";
import { readmitNode, refuseReadmission, refuseRemoval, removeNode } from "./removed-nodes.ts";
import { phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";
import { frozenText, setFrozen, thawCommand } from "./frozen.ts";
import { refuseShutdown, shutDownNode } from "./node-shutdown.ts";
import { releaseNode } from "./quarantine.ts";
import { cancelScheduled, refuseCancel, refuseSchedule, schedule } from "./schedule.ts";
import { stopAgain, stopBlockedAgain } from "./stop-again.ts";

/**
 * An operator's wish is applied, or refused when the rules forbid it at its place in the order.
 *
 * @returns why it was refused; then nothing has changed
 */
export function applyIntent(draft: Draft, intent: Intent, author: string): Refusal | null {
  const refusal = refusalOf(draft, intent);
  if (refusal !== null) return refusal;
  for (const each of eachOf(draft, intent)) if (refusalOfOne(draft, each) === null) applyOne(draft, each, author);
  return null;
}

function applyOne(draft: Draft, intent: Intent, author: string): void {
  if ("service" in intent) noteAsked(draft, intent, author);
  switch (intent.kind) {
    case "enable-service":
      enable(draft, serviceOf(draft, intent.service), author);
      return;
    case "disable-service":
      disable(draft, serviceOf(draft, intent.service), author);
      return;
    case "start-service":
      enable(draft, serviceOf(draft, intent.service), author, "started");
      return;
    case "stop-service":
      stopForNow(draft, serviceOf(draft, intent.service), author);
      return;
    case "freeze-service":
      setFrozen(draft, { service: serviceOf(draft, intent.service) }, { by: author, at: draft.at });
      return;
    case "unfreeze-service":
      setFrozen(draft, { service: serviceOf(draft, intent.service) }, null);
      return;
    case "freeze-node":
      setFrozen(draft, { node: intent.node }, { by: author, at: draft.at });
      draft.events.push({ node: intent.node, level: "info", text: `frozen by ${author}` });
      return;
    case "unfreeze-node":
      setFrozen(draft, { node: intent.node }, null);
      draft.events.push({ node: intent.node, level: "info", text: `unfrozen by ${author}` });
      return;
    case "begin-maintenance":
      setFrozen(draft, "all", { by: author, at: draft.at });
      draft.events.push({ node: draft.origin, level: "warning", text: `maintenance begun by ${author}` });
      return;
    case "end-maintenance":
      setFrozen(draft, "all", null);
      draft.events.push({ node: draft.origin, level: "info", text: `maintenance ended by ${author}` });
      return;
    case "restart-service":
      restart(draft, serviceOf(draft, intent.service), author);
      return;
    case "relocate-service":
      relocate(draft, serviceOf(draft, intent.service), intent.to ?? null, author);
      return;
    case "clear-service": {
      const record = serviceOf(draft, intent.service);
      // With failback, a node it had fled from is as good as new.
      patchService(draft, record, { failures: forgive(record, () => true), rounds: 0, placedAt: 0, doubles: [] });
      if (record.phase.kind === "failed") {
        movePhase(draft, record, { kind: "stopped", next: null }, `its failures were cleared by ${author}`);
      }
      return;
    }
    case "standby-node":
      patchNode(draft, intent.node, { isStandby: true });
      draft.events.push({ node: intent.node, level: "info", text: `put on standby by ${author}` });
      return;
    case "online-node":
      patchNode(draft, intent.node, { isStandby: false, eligibleSince: draft.index });
      draft.events.push({ node: intent.node, level: "info", text: `put online by ${author}` });
      return;
    case "release-node":
      releaseNode(draft, intent.node, `released by ${author}`);
      return;
    case "shutdown-node":
      shutDownNode(draft, intent.node, intent.services, author);
      return;
    case "stop-cluster":
      stopCluster(draft, author);
      return;
    case "fence-node": {
      const incarnation = draft.nodes[intent.node]?.incarnation ?? null;
      patchFence(draft, intent.node, { wish: { incarnation, reason: `asked by ${author}` } });
      return;
    }
    case "confirm-off-node":
      setOff(draft, intent.node, draft.nodes[intent.node]?.incarnation ?? null, "sworn", `confirmed off by ${author}`);
      return;
    case "remove-node":
      removeNode(draft, intent.node, author);
      return;
    case "readmit-node":
      readmitNode(draft, intent.node, author);
      return;
    case "schedule":
      schedule(draft, intent, author);
      return;
    case "cancel-scheduled":
      cancelScheduled(draft, intent.id, author);
      return;
    default:
      unreachable(intent);
  }
}

/**
 * Why an intent would be refused now; null when it would not. Asked by the node that is asked (for a quick answer) and again when
 * the intent is applied (for the one that counts).
 */
export function refusalOf(state: Omit<ClusterState, "index">, intent: Intent): Refusal | null {
  return refusalOfAll(
    intent,
    eachOf(state, intent).map((each) => refusalOfOne(state, each)),
  );
}

function refusalOfOne(state: View, intent: Intent): Refusal | null {
  switch (intent.kind) {
    case "clear-service":
    case "unfreeze-service":
      return unknownService(state, intent.service);
    case "enable-service":
    case "disable-service":
      return unknownService(state, intent.service) ?? refuseFrozen(state, intent);
    case "start-service":
    case "stop-service":
      return unknownService(state, intent.service) ?? refuseFrozen(state, intent) ?? refuseDisabled(state, intent);
    case "freeze-service":
      return unknownService(state, intent.service) ?? refuseFreeze(state, intent.service);
    case "restart-service":
      return (
        unknownService(state, intent.service) ?? refuseFrozen(state, intent) ?? refuseRestart(state, intent.service)
      );
    case "relocate-service":
      return (
        unknownService(state, intent.service) ??
        refuseToMove(state, intent.service) ??
        refuseFrozen(state, intent) ??
        refuseRelocate(state, intent.service, intent.to ?? null)
      );
    case "standby-node":
      return unknownNode(state, intent.node) ?? refuseStandby(state, intent.node);
    case "online-node":
    case "release-node":
    case "freeze-node":
    case "unfreeze-node":
      return unknownNode(state, intent.node);
    case "begin-maintenance":
    case "end-maintenance":
      return null;
    case "shutdown-node":
      return unknownNode(state, intent.node) ?? refuseShutdown(state, intent.node, intent.services);
    case "stop-cluster":
      return refuseClusterStop(state);
    case "fence-node":
      return unknownNode(state, intent.node) ?? refuseFence(state, intent.node);
    case "confirm-off-node":
      return unknownNode(state, intent.node) ?? refuseConfirmOff(state, intent.node);
    case "remove-node":
      return refuseRemoval(state, intent.node);
    case "readmit-node":
      return refuseReadmission(state, intent.node);
    case "schedule":
      return refuseSchedule(state, refusalOf(state, intent.what));
    case "cancel-scheduled":
      return refuseCancel(state, intent.id);
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

function refuseFrozen(state: View, { kind, service }: Intent & { readonly service: ServiceId }): Refusal | null {
  const record = state.services[service];
  const text = record === undefined ? null : frozenText(state, record);
  if (record === undefined || text === null) return null;
  const verb = kind.replace("-service", "");
  return notAllowed(`Cannot ${verb} service "${service}": ${text}; first: ${thawCommand(state, record)}`);
}

function refuseDisabled(state: View, { kind, service }: Intent & { readonly service: ServiceId }): Refusal | null {
  if (state.services[service]?.isEnabled !== false) return null;
  const verb = kind.replace("-service", "");
  return notAllowed(
    `Cannot ${verb} service "${service}": it is disabled; to let it run: hale service enable ${service}`,
  );
}

/** What is on its way comes to its end first. */
function refuseFreeze(state: View, service: ServiceId): Refusal | null {
  const phase = state.services[service]?.phase;
  if (phase === undefined || (phase.kind !== "starting" && phase.kind !== "stopping")) return null;
  return notAllowed(`Cannot freeze service "${service}": it is ${phaseText(phase)}; wait until it is there`);
}

function refuseStandby(state: View, node: NodeId): Refusal | null {
  const what = `Cannot put node "${node}" on standby`;
  if (state.maintenance) return notAllowed(`${what}: the cluster is in maintenance; first: hale maintenance off`);
  if (state.nodes[node]?.frozen) return notAllowed(`${what}: it is frozen; first: hale node unfreeze ${node}`);
  return null;
}

function refuseRestart(state: View, service: ServiceId): Refusal | null {
  const record = state.services[service];
  if (record === undefined) return null;
  if (!record.isEnabled) return notAllowed(`Cannot restart service "${service}": it is disabled; enable it first`);
  if (record.isStopped === true)
    return notAllowed(`Cannot restart service "${service}": it is stopped; to start it: hale service start ${service}`);
  return refuseUncertain(state, record, "restart");
}

function refuseRelocate(state: View, service: ServiceId, to: NodeId | null): Refusal | null {
  const record = state.services[service];
  if (record === undefined) return null;
  const what = `Cannot relocate service "${service}"${to === null ? "" : ` to node "${to}"`}`;
  if (!record.isEnabled) return notAllowed(`${what}: it is disabled; enable it first`);
  if (record.isStopped === true) return notAllowed(`${what}: it is stopped; start it first`);
  if (to !== null) {
    const unknown = unknownNode(state, to);
    if (unknown !== null) return unknown;
    const verdict = placementOfGroup(state, record, { ignoreFailures: true }).verdicts.find(({ node }) => node === to);
    if (verdict?.verdict === "may not") return notAllowed(`${what}: ${verdict.reasons.join("; ")}`);
  }
  const uncertain = refuseUncertain(state, record, "relocate");
  if (uncertain !== null) return uncertain;
  if (record.phase.kind === "blocked") {
    return notAllowed(`${what}: it is ${phaseText(record.phase)}; fence that node, or mend it and disable the service`);
  }
  if (to === null) {
    const answer = placementOfGroup(state, record, { leave: phaseNode(record.phase) });
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

/** For `hale why`: who wanted what, whatever came of it. */
function noteAsked(draft: Draft, intent: Intent & { readonly service: ServiceId }, author: string): void {
  const to = intent.kind === "relocate-service" && intent.to !== undefined ? ` to ${intent.to}` : "";
  const text = `${intent.kind.replace("-service", "")}${to}, asked by ${author}`;
  patchService(draft, serviceOf(draft, intent.service), { asked: { entry: draft.index, at: draft.at, text } });
}

function serviceOf(draft: Draft, service: ServiceId): ServiceRecord {
  const record = draft.services[service];
  if (record === undefined)
    throw new RangeError(`Cannot apply an intent on service "${service}": it was checked before`);
  return record;
}

function enable(draft: Draft, before: ServiceRecord, author: string, verb = "enabled"): void {
  const reason = `${verb} by ${author}`;
  const record = patchService(draft, before, {
    isEnabled: true,
    ...(before.isStopped === true ? { isStopped: false } : {}),
    ...(before.awaits ? { awaits: null } : {}),
    failures: forgive(before, () => true),
    rounds: 0,
    reason,
  });
  draft.events.push({ node: draft.origin, service: record.service, level: "info", text: reason });
  if (record.phase.kind === "failed") movePhase(draft, record, { kind: "stopped", next: null }, reason);
  stopBlockedAgain(draft, record, reason);
}

/** [SVC-28] Not for ever: what is started by the next change of the members is what rgmanager's users call stopped. */
function stopForNow(draft: Draft, before: ServiceRecord, author: string): void {
  const reason = `stopped by ${author}, until it is started or a node comes or goes`;
  const record = patchService(draft, before, { isStopped: true, reason });
  draft.events.push({ node: draft.origin, service: record.service, level: "info", text: reason });
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
  const to = asked ?? placementOfGroup(draft, before, { leave: from }).chosen;
  if (to === null || (to === from && before.phase.kind !== "stopping")) return;
  const { failback } = definitionOf(draft, before).domain;
  const note = failback ? "; it returns to a better node when that one joins anew" : "";
  const reason = `relocation to ${to} asked by ${author}${note}`;
  const record = patchService(draft, before, { failures: forgive(before, (failure) => failure.node === to) });
  bindGroup(draft, record, to);
  const { phase } = record;
  if (phase.kind === "stopped" || phase.kind === "failed")
    movePhase(draft, record, { kind: "stopped", next: to }, reason);
  else if (phase.kind === "stopping") patchService(draft, record, { phase: { ...phase, next: to }, reason });
  else stopAgain(draft, record, to, reason);
}
