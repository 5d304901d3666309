import type { Entry, EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { unreachable } from "../../model/unreachable.ts";
import { votersText } from "../quorum/votes.ts";
import { isLive } from "../fencing/node-record.ts";
import { applyConfig } from "./apply-config.ts";
import { applyDue } from "./apply-due.ts";
import { applyDegraded } from "./apply-degraded.ts";
import { applyDevice } from "./apply-device.ts";
import { applyLivesOn } from "./apply-lives-on.ts";
import { applyUnfenced } from "./apply-unfenced.ts";
import { applyFenceBegun, applyFenceResult, applySwitchedOn, setOff } from "./apply-fence.ts";
import { applyIntent } from "./apply-intent.ts";
import { applyObserved } from "./apply-observed.ts";
import { applyServiceResult } from "./apply-service-result.ts";
import { applyView } from "./apply-view.ts";
import { type Applied, type ClusterState, mayRunAnything, type Refusal, servicesInOrder } from "./cluster-state.ts";
import { type Draft, movePhase, patchNode, patchService } from "./draft.ts";
import { applyFailback } from "./failback.ts";
import { announceOrders, applyNotified } from "./notices.ts";
import { applyScore } from "./promotion.ts";
import { forgive } from "./failure-memory.ts";
import { frozenText } from "./frozen.ts";
import { needReason } from "./plan.ts";
import { whereItMayRun } from "./service-record.ts";
import { applySelfFenced, applyWatchdog } from "./apply-watchdog.ts";
import { settle } from "./settle.ts";
import { applyQuarantineOver } from "./quarantine.ts";

/**
 * The one way in which the cluster changes: the next entry is applied, and everything that follows from it is decided.
 *
 * Pure and the same on every member. An entry that no longer fits (an answer to an older attempt, a report of an earlier stay)
 * changes nothing: the order has decided that something else came first.
 *
 * @param entry the entry after `state.index`
 */
export function applyEntry(state: ClusterState, entry: Entry): Applied {
  const draft: Draft = {
    index: entry.index,
    at: entry.at,
    origin: entry.id.origin,
    config: state.config,
    nodes: { ...state.nodes },
    services: { ...state.services },
    fences: { ...state.fences },
    brokenDevices: { ...state.brokenDevices },
    ...(state.removed === undefined ? {} : { removed: state.removed }),
    ...(state.maintenance ? { maintenance: state.maintenance } : {}),
    ...(state.schedule === undefined ? {} : { schedule: state.schedule }),
    events: [],
  };
  const refusal = applyBody(draft, entry.body);
  if (refusal === null) {
    settle(draft);
    announceOrders(draft, state);
  }
  const { index, at, config, nodes, services, fences, brokenDevices, removed, maintenance, schedule, events } = draft;
  if (refusal !== null) return { state: { ...state, index, at }, events: [], refusal };
  const more = {
    ...(removed === undefined ? {} : { removed }),
    ...(maintenance ? { maintenance } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
  return { state: { index, at, config, nodes, services, fences, brokenDevices, ...more }, events, refusal };
}

function applyBody(draft: Draft, body: EntryBody): Refusal | null {
  switch (body.kind) {
    case "view":
      applyView(draft, body);
      return null;
    case "electorate": {
      const text = `voters: ${votersText(body.voters)} (${body.reason})`;
      draft.events.push({ node: draft.origin, level: "info", text });
      return null;
    }
    case "left":
      applyLeft(draft, body);
      return null;
    case "halted":
      applyHalted(draft, body);
      return null;
    case "config":
      return applyConfig(draft, body);
    case "intent":
      return applyIntent(draft, body.intent, body.author);
    case "observed":
      applyObserved(draft, body);
      return null;
    case "service-result":
      applyServiceResult(draft, body);
      return null;
    case "degraded":
      applyDegraded(draft, body);
      return null;
    case "score":
      applyScore(draft, body);
      return null;
    case "notified":
      applyNotified(draft, body);
      return null;
    case "due":
      applyDue(draft, body);
      return null;
    case "retry":
      applyRetry(draft, body);
      return null;
    case "failback":
      applyFailback(draft, body);
      return null;
    case "leaving":
      applyLeaving(draft, body);
      return null;
    case "fence-begun":
      applyFenceBegun(draft, body);
      return null;
    case "fence-result":
      applyFenceResult(draft, body);
      return null;
    case "switched-on":
      applySwitchedOn(draft, body);
      return null;
    case "assumed-off":
      if (draft.nodes[body.target]?.isMember !== true && !isWaitedForNoMore(draft, body.target))
        setOff(draft, body.target, body.incarnation, "assumed", body.reason);
      return null;
    case "quarantine-over":
      applyQuarantineOver(draft, body);
      return null;
    case "watchdog":
      applyWatchdog(draft, body);
      return null;
    case "device":
      applyDevice(draft, body);
      return null;
    case "unfenced":
      applyUnfenced(draft, body);
      return null;
    case "lives-on":
      applyLivesOn(draft, body);
      return null;
    case "self-fenced":
      applySelfFenced(draft, body);
      return null;
    default:
      return unreachable(body);
  }
}

type Body<Kind extends EntryBody["kind"]> = Extract<EntryBody, { kind: Kind }>;

/** [SVC-29] Nobody needs to be sure of a lost node any more, for what it may run is frozen: that was ordered before who waited for its time had heard of it. */
function isWaitedForNoMore(draft: Draft, node: NodeId): boolean {
  const isFrozenThere = servicesInOrder(draft).some(
    (record) => frozenText(draft, record) !== null && whereItMayRun(record).includes(node),
  );
  return isFrozenThere && needReason(draft, node) === null;
}

function applyHalted(draft: Draft, { members }: Body<"halted">): void {
  for (const { node, incarnation } of members)
    leaveIdle(draft, node, incarnation, "left with the whole cluster, which was stopped");
}

function applyLeft(draft: Draft, { node, incarnation }: Body<"left">): void {
  leaveIdle(draft, node, incarnation, "left after stopping its services");
}

/** [SVC-47] What was found since it was said is not proven away: whoever may run something at this place is lost when it is gone. */
function leaveIdle(draft: Draft, node: NodeId, incarnation: Incarnation, reason: string): void {
  if (!mayRunAnything(draft, node)) setOff(draft, node, incarnation, "left", reason);
}

function applyLeaving(draft: Draft, body: Body<"leaving">): void {
  const record = draft.nodes[body.node];
  if (record?.incarnation !== body.incarnation || record.isLeaving || !isLive(record)) return;
  patchNode(draft, body.node, { isLeaving: true });
  draft.events.push({ node: body.node, level: "info", text: "is leaving: it gives up its services" });
}

/** The back-off of a failed service has passed: what failed for a passing reason may be tried again everywhere. */
function applyRetry(draft: Draft, body: Body<"retry">): void {
  const record = draft.services[body.service];
  if (record === undefined || record.phase.kind !== "failed" || record.attempt !== body.attempt) return;
  const failures = forgive(
    record,
    (failure) => failure.outcome.severity !== "fatal" && failure.outcome.severity !== "hard",
  );
  const current = patchService(draft, record, { failures });
  movePhase(draft, current, { kind: "stopped", next: null }, `tried again, round ${record.rounds}`);
}
