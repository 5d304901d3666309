import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import { isLive, isQuarantined } from "../fencing/node-record.ts";
import { relationsOf } from "../placement/relations.ts";
import { isInside } from "../placement/choose-owner.ts";
import { awaitedBeside, awaitedBy, awaitedOfRole } from "./after.ts";
import { isSurplus } from "./clones.ts";
import { definitionOf, servicesInOrder } from "./cluster-state.ts";
import { type Draft, dropService, movePhase, patchFence, patchService } from "./draft.ts";
import { blockersOf } from "./eligibility.ts";
import { frozenText } from "./frozen.ts";
import { failbackPlace } from "./failback.ts";
import { canRetry, isFirstRound } from "./failure-memory.ts";
import { whyItGivesUp } from "./node-against.ts";
import { awaitedNode } from "./node-shutdown.ts";
import { needReason } from "./plan.ts";
import { isWanted, nextNode, placesOf, type ServicePhase, type ServiceRecord } from "./service-record.ts";
import { relationMove, takeGroupAlong } from "./settle-relations.ts";
import { bindGroup, placementOf } from "./together.ts";

/**
 * Draws the consequences of an entry: every service that should change its phase does so now.
 *
 * This is the whole decision: there is no second place that starts or stops anything. It runs after every entry on every member,
 * over services in file order, and is stable: run again on its own result, it changes nothing.
 */
export function settle(draft: Draft): void {
  settleServices(draft);
  for (const { target, inFlight, failures } of Object.values(draft.fences)) {
    // [FEN-23] What comes later is another need, and begins with the devices.
    if (failures > 0 && inFlight === null && needReason(draft, target) === null)
      patchFence(draft, target, { failures: 0 });
  }
}

function settleServices(draft: Draft): void {
  const relations = draft.config === null ? null : relationsOf(draft.config.config);
  if (relations === null || relations.isNone) return settleEach(draft, servicesInOrder(draft));
  for (let pass = 0; pass <= Object.keys(draft.services).length + passesMore; pass += 1) {
    const before = { ...draft.services };
    // What depends on others is judged after them, or it would start beside what is about to stop.
    const byRank = servicesInOrder(draft).toSorted((a, b) => relations.rank(a.service) - relations.rank(b.service));
    settleEach(draft, byRank);
    if (isSame(before, draft.services)) return;
  }
}

/** Each as it is when its turn comes. */
function settleEach(draft: Draft, records: readonly ServiceRecord[]): void {
  for (const { service } of records) {
    const record = draft.services[service];
    if (record !== undefined) settleService(draft, record);
  }
}

/** What one service does may concern another one that had its turn: all have another one then. A chain is as long as there are services. */
const passesMore = 4;

function isSame(before: Draft["services"], after: Draft["services"]): boolean {
  const services = Object.keys(after) as ServiceId[];
  return services.length === Object.keys(before).length && services.every((id) => before[id] === after[id]);
}

function settleService(draft: Draft, record: ServiceRecord): void {
  const { phase } = record;
  if (frozenText(draft, record) !== null) return;
  switch (phase.kind) {
    case "stopped":
    case "failed":
      settleIdle(draft, record);
      return;
    case "starting":
    case "started":
      settleActive(draft, record, phase);
      return;
    case "blocked":
      if (isHopeless(draft, record)) forget(draft, record);
      return;
    case "stopping":
      return;
  }
}

function settleIdle(draft: Draft, record: ServiceRecord): void {
  if (record.isRemoved && (record.strays.length === 0 || isHopeless(draft, record))) return forget(draft, record);
  if (!isWanted(record)) {
    if (record.phase.kind === "failed") movePhase(draft, record, { kind: "stopped", next: null }, "no longer wanted");
    return;
  }
  if (blockersOf(draft, record).length > 0) return;
  if (awaitedNode(draft, record) !== null) return;
  if (awaitedBeside(draft, record).length > 0 || awaitedOfRole(draft, record).length > 0) return;
  const answer = placementOf(draft, record, { wanted: nextNode(record.phase) });
  if (answer.chosen !== null) {
    if (awaitedBy(draft, record).length > 0) return;
    const definition = definitionOf(draft, record);
    // Active nowhere, so frozen nowhere.
    const thawing = record.thawing === undefined ? {} : { thawing: [] };
    const current = patchService(draft, record, { definition, placedAt: draft.index, ...thawing });
    movePhase(draft, current, { kind: "starting", node: answer.chosen }, startReason(record, answer.chosen));
    if (definition.promotes !== undefined) bindGroup(draft, record, answer.chosen);
    warnOfQuarantine(draft, record, answer.chosen);
    return;
  }
  if (record.phase.kind === "stopped" && !takeGroupAlong(draft, record)) settleNowhere(draft, record);
}

/** What has kept it from running until now is no reason to start it. */
function startReason({ reason }: ServiceRecord, node: NodeId): string {
  return reason.startsWith(nowhere) ? `${node} may run it now` : reason;
}

/** [PLC-6] An outage for certain is worse than one to be feared. */
function warnOfQuarantine(draft: Draft, { service }: ServiceRecord, node: NodeId): void {
  if (!isQuarantined(draft.nodes[node])) return;
  const text = `given to ${node} although that is in quarantine`;
  draft.events.push({ node, service, level: "warning", text });
}

/** [SVC-25] Nobody here ever started it, nobody can stop it, and it is wanted no more. Who is away, or has not reported, may run it. */
function isHopeless(draft: Draft, record: ServiceRecord): boolean {
  const { isRemoved, lastOwner, strays, doubts } = record;
  if (!isRemoved || lastOwner !== null || doubts.length > 0) return false;
  return strays.every((stray) => stray.isBlocked) && placesOf(record).every((node) => isLive(draft.nodes[node]));
}

function forget(draft: Draft, record: ServiceRecord): void {
  dropService(draft, record.service);
  const text = "removed from the configuration";
  draft.events.push({ node: draft.origin, service: record.service, level: "info", text });
}

/** No node may run it. When that is for failures, the service has failed; otherwise it waits for a node. */
function settleNowhere(draft: Draft, record: ServiceRecord): void {
  const anyway = placementOf(draft, record, { ignoreFailures: true });
  if (anyway.chosen === null) {
    // [CLN-5] An instance runs on its node or not at all: that the node is away is told of the node.
    const isInstance = definitionOf(draft, record).instance !== undefined;
    const reasons = anyway.verdicts.map((verdict) => `${verdict.node}: ${verdict.reasons[0] ?? ""}`).join("; ");
    const reason = `${nowhere} (${reasons})`;
    if (!isInstance && !record.reason.startsWith(nowhere))
      draft.events.push({ node: draft.origin, service: record.service, level: "warning", text: reason });
    if (reason !== record.reason) patchService(draft, record, { reason });
    return;
  }
  const rounds = isFirstRound(record, definitionOf(draft, record).recovery, draft.at) ? 1 : record.rounds + 1;
  const current = patchService(draft, record, { rounds });
  const again = canRetry(record) ? "it will be tried again" : "it needs an operator";
  movePhase(draft, current, { kind: "failed" }, `failed on every node that may run it; ${again}`);
}

const nowhere = "no node may run it now";

function settleActive(draft: Draft, record: ServiceRecord, phase: ServicePhase & { readonly node: NodeId }): void {
  const { node } = phase;
  const here = draft.nodes[node];
  if (!isLive(here) || record.doubts.includes(node)) return;
  if (record.isRemoved) return stop(draft, record, node, null, "removed from the configuration");
  if (!isWanted(record)) return stop(draft, record, node, null, record.reason);
  const fence = draft.fences[node];
  if (fence !== undefined && (fence.inFlight !== null || fence.wish !== null)) return;
  const why = here === undefined ? null : whyItGivesUp(draft, here);
  if (why !== null) {
    const next = awaitedNode(draft, record) === null ? placementOf(draft, record).chosen : node;
    return stop(draft, record, node, next, `${node} is ${why}`);
  }
  const definition = definitionOf(draft, record);
  if (!isInside(definition.domain, node))
    return stop(draft, record, node, null, `${node} is no longer in its domain, which is restricted`);
  if (definition !== record.definition) {
    if (!hasSameResources(definition, record.definition))
      return stop(draft, record, node, node, "its configuration changed");
    patchService(draft, record, { definition });
  }
  if (isSurplus(draft, record)) return stop(draft, record, node, null, "more of its clone run than may");
  const move = relationMove(draft, record, node);
  if (move !== null) return stop(draft, record, node, move.next, move.reason);
  if (definition.domain.failbackBetween !== undefined) return;
  const better = failbackPlace(draft, record);
  if (better !== null) stop(draft, record, node, better, `failback to ${better}`);
}

function stop(draft: Draft, record: ServiceRecord, node: NodeId, next: NodeId | null, reason: string): void {
  movePhase(draft, record, { kind: "stopping", node, next }, reason);
}

/** Timers, domain and what stands on what apply in place; only what the agents are given needs a restart. */
function hasSameResources(a: ServiceConfig, b: ServiceConfig): boolean {
  return resourcesText(a) === resourcesText(b);
}

function resourcesText(service: ServiceConfig): string {
  return JSON.stringify(
    service.resources.map((resource) => {
      const { startTimeoutMs: _a, stopTimeoutMs: _b, monitorTimeoutMs: _c, monitorIntervalMs: _d, ...rest } = resource;
      const { levels: _e, failuresToAct: _f, ...more } = { levels: [], ...rest };
      // [CLN-8] How many instances there are is told at the next start.
      const { after: _g, independent: _h, critical: _i, clone: _j, ...given } = { clone: undefined, ...more };
      return Object.entries(given).toSorted(([x], [y]) => (x < y ? -1 : 1));
    }),
  );
}
