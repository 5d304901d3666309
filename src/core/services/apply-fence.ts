import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { isToSwitchOn } from "../fencing/fence-runner.ts";
import { isLive, type OffProof } from "../fencing/node-record.ts";
import { servicesInOrder } from "./cluster-state.ts";
import { type Draft, movePhase, patchFence, patchNode, patchService } from "./draft.ts";
import {
  disbelieved,
  type FenceInFlight,
  type FencePast,
  type FenceRecord,
  noFence,
  withPast,
} from "../fencing/fence-record.ts";
import { phaseNode, whereItMayRun } from "./service-record.ts";
import { countLoss } from "./quarantine.ts";
import { endDouble, noteAbandoned } from "./double.ts";
import { needReason } from "./plan.ts";

/**
 * A life of a node is known to run nothing: it is off, and whatever was or may have been there is free.
 *
 * @param incarnation the life the proof speaks of; when the node has another by now, nothing follows
 * @returns true when it counted
 */
export function setOff(
  draft: Draft,
  node: NodeId,
  incarnation: Incarnation | null,
  proof: OffProof,
  reason: string,
): boolean {
  const record = draft.nodes[node];
  if (record === undefined || record.incarnation !== incarnation) return false;
  if (record.off !== null) return true;
  const from = record.isMember ? "member" : record.incarnation === null ? "unseen" : "lost";
  patchNode(draft, node, { off: proof, offAt: draft.index, unfencedBy: [], since: draft.at, reason });
  if (record.isMember && proof !== "left") countLoss(draft, node);
  patchFence(draft, node, { wish: null, failures: 0 });
  const means = meansOf[proof];
  if (means !== null) notePast(draft, node, { by: draft.origin, means, confirmed: true, reason });
  draft.events.push({ node, level: proof === "left" ? "info" : "warning", text: `${from} -> off: ${reason}` });
  for (const known of servicesInOrder(draft)) {
    const mayRun = whereItMayRun(known).includes(node);
    const service = mayRun && proof !== "left" ? noteAbandoned(draft, known, node) : known;
    endDouble(draft, service, node);
    if (service.doubts.includes(node) || service.strays.some((stray) => stray.node === node)) {
      const doubts = service.doubts.filter((other) => other !== node);
      patchService(draft, service, { doubts, strays: service.strays.filter((stray) => stray.node !== node) });
    }
    if (phaseNode(service.phase) !== node) continue;
    const { phase } = service;
    const next = phase.kind === "stopping" || phase.kind === "blocked" ? phase.next : null;
    movePhase(draft, service, { kind: "stopped", next: next === node ? null : next }, `${node} is off: ${reason}`);
  }
  return true;
}

/** What a proof adds to the history; null: nothing, or what brought it has added it. */
const meansOf: Readonly<Record<OffProof, FencePast["means"] | null>> = {
  left: null,
  fenced: null,
  "self-fenced": "watchdog",
  assumed: "time",
  sworn: "operator",
};

/** Adds to the history of a node's fences. Nothing told of the beginning of what no entry announced. */
export function notePast(
  draft: Draft,
  target: NodeId,
  past: Pick<FencePast, "by" | "means" | "confirmed" | "reason"> & Partial<FencePast>,
): void {
  const unannounced = { attempt: 0, devices: [], why: whys[past.means], startedAt: null };
  const whole = { ...unannounced, ...past, entry: draft.index, at: draft.at, times: 1 };
  patchFence(draft, target, { history: withPast(draft.fences[target]?.history ?? [], whole) });
}

/** Why, where nothing else says it. */
const whys: Readonly<Record<FencePast["means"], string>> = {
  devices: "",
  race: "it was lost, and the other goes on alone",
  watchdog: "it was lost",
  time: "it was lost",
  operator: "an operator said so",
};

/** An attempt is announced. It counts when it is the next one, by a live member, for a node that is not off, and still needed. */
export function applyFenceBegun(draft: Draft, body: Extract<EntryBody, { kind: "fence-begun" }>): void {
  const fence = draft.fences[body.target] ?? noFence(body.target);
  const by = draft.nodes[body.by];
  const target = draft.nodes[body.target];
  if (body.attempt !== fence.attempt + 1 || fence.inFlight !== null) return;
  if (by === undefined || by.incarnation === null || !isLive(by) || body.by === body.target) return;
  if (target === undefined || target.off !== null || target.incarnation !== body.incarnation) return;
  // [SVC-29] It is needed no more: what was ordered before it is known to who announces it only now, maintenance for one.
  if (needReason(draft, body.target) === null) return;
  // [FEN-20] One member after another, unless an operator asks.
  const isOtherGoing = Object.values(draft.fences).some(
    (other) => other.target !== body.target && other.inFlight !== null && draft.nodes[other.target]?.isMember === true,
  );
  if (target.isMember && fence.wish === null && isOtherGoing) return;
  const inFlight = {
    by: body.by,
    byIncarnation: by.incarnation,
    incarnation: body.incarnation,
    at: draft.at,
    reason: body.reason,
  };
  patchFence(draft, body.target, { attempt: body.attempt, inFlight });
  const text = `fence ${body.attempt} requested, by ${body.by}: ${body.reason}`;
  draft.events.push({ node: body.target, level: "warning", text });
}

function pastOf(
  announced: FenceInFlight | null,
  { attempt, by, confirmed, devices, reason }: Extract<EntryBody, { kind: "fence-result" }>,
): Parameters<typeof notePast>[2] {
  const result = { attempt, by, confirmed, devices, reason };
  if (attempt === 0 || announced === null) return { ...result, means: "race" };
  return { ...result, means: "devices", why: announced.reason, startedAt: announced.at };
}

/** [FEN-24] What confirmed the end of this life before, and was wrong, proves nothing. In a race it has decided already. */
function asBelieved(
  fence: FenceRecord,
  told: Extract<EntryBody, { kind: "fence-result" }>,
): Extract<EntryBody, { kind: "fence-result" }> {
  const wrong = disbelieved(fence, told.incarnation).filter((device) => told.devices.includes(device));
  if (!told.confirmed || told.attempt === 0 || wrong.length === 0) return told;
  const reason = `${wrong.join(", ")}: confirmed, which is not believed: the node lived on when that was said before`;
  return { ...told, confirmed: false, devices: [], reason };
}

/** [FEN-10] Whoever has switched it off is to switch it on again; where it dies before, somebody else. */
function oweSwitchingOn(draft: Draft, told: Extract<EntryBody, { kind: "fence-result" }>): void {
  const { target, by, incarnation, devices } = told;
  const config = draft.config?.config;
  if (config === undefined || !devices.some((device) => isToSwitchOn(config, device))) return;
  const byIncarnation = draft.nodes[by]?.incarnation ?? null;
  patchFence(draft, target, { owed: { by, byIncarnation, incarnation, devices } });
}

/** [FEN-10] It is done, for the life that was fenced. */
export function applySwitchedOn(
  draft: Draft,
  { target, incarnation }: Extract<EntryBody, { kind: "switched-on" }>,
): void {
  const owed = draft.fences[target]?.owed;
  if (owed && owed.incarnation === incarnation) patchFence(draft, target, { owed: null });
}

/** An attempt is answered. Attempt 0 is the group's own fence, which made the lone view possible and no entry could announce. */
export function applyFenceResult(draft: Draft, told: Extract<EntryBody, { kind: "fence-result" }>): void {
  const fence = draft.fences[told.target] ?? noFence(told.target);
  const body = asBelieved(fence, told);
  const isArbiter = body.attempt === 0;
  if (!isArbiter && (fence.inFlight === null || fence.attempt !== body.attempt)) return;
  if (isArbiter && draft.nodes[body.target]?.isMember !== false) return;
  patchFence(draft, body.target, {
    inFlight: isArbiter ? fence.inFlight : null,
    last: {
      attempt: body.attempt,
      by: body.by,
      confirmed: body.confirmed,
      devices: body.devices,
      reason: body.reason,
      at: draft.at,
    },
    failures: body.confirmed ? 0 : fence.failures + 1,
  });
  notePast(draft, body.target, pastOf(fence.inFlight, body));
  // Also one that failed: a half-done level may have cut it off.
  if (draft.nodes[body.target]?.unfencedBy?.length) patchNode(draft, body.target, { unfencedBy: [] });
  // A member that was to be fenced and was not (or lives anew) is a candidate only from here on.
  if (isLive(draft.nodes[body.target])) patchNode(draft, body.target, { eligibleSince: draft.index });
  if (!body.confirmed) {
    const text = `fence ${body.attempt} failed, by ${body.by}: ${body.reason}`;
    draft.events.push({ node: body.target, level: "error", text });
    return;
  }
  const isNow = setOff(draft, body.target, body.incarnation, "fenced", `fenced by ${body.by}: ${body.reason}`);
  if (isNow) return oweSwitchingOn(draft, body);
  const text = `fence ${body.attempt} confirmed, of an earlier life: it lives again`;
  draft.events.push({ node: body.target, level: "info", text });
}
