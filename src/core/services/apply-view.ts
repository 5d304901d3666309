import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { notePast } from "./apply-fence.ts";
import { disbelieved } from "../fencing/fence-record.ts";
import { type NodeRecord, unseenNode } from "../fencing/node-record.ts";
import { concerns } from "../placement/clones.ts";
import { definitionOf, servicesInOrder } from "./cluster-state.ts";
import { type Draft, patchFence, patchNode, patchService } from "./draft.ts";
import { withoutTheOthers } from "./cluster-stop.ts";
import { countLoss } from "./quarantine.ts";
import { phaseNode } from "./service-record.ts";
import { isRemoved } from "./removed-nodes.ts";

/**
 * A new view: who came, who went, and what is therefore no longer known.
 *
 * - Who was not in the view before, or came with a new life, has to report what it runs before anything is started.
 * - When there was no lease any more, nothing is begun upon what those who stay were given before they say that they have told all.
 * - Who is gone without having left is lost: what it ran stays where it was written, unknown, until it is known not to run.
 * - When nobody in the view was in the one before (a cold start), what was written of absent nodes is no longer believed: each of
 *   them may run anything, unless it was known to be off.
 */
export function applyView(draft: Draft, body: Extract<EntryBody, { kind: "view" }>): void {
  const members = new Map(body.members.map((member) => [member.node, member.incarnation]));
  const isCold = !body.members.some((member) => isContinuing(draft.nodes[member.node], member.incarnation));
  // Of no use in any other view.
  const given = body.withoutLease === true ? servicesInOrder(draft) : [];
  const mayRun = new Set(given.flatMap(({ phase, doubts }) => [phaseNode(phase), ...doubts]));
  let hasChanged = false;
  for (const record of sortedNodes(draft)) {
    if (!record.isMember || members.has(record.node)) continue;
    hasChanged = true;
    goesOut(draft, record);
  }
  for (const member of body.members) {
    if (isStranger(draft, member.node)) continue;
    const record = draft.nodes[member.node] ?? unseenNode(member.node, draft.at);
    if (!isContinuing(record, member.incarnation)) {
      hasChanged = true;
      comesIn(draft, record, member.incarnation);
    } else if (record.off !== null && record.off !== "left") comesIn(draft, record, member.incarnation);
    else if (mayRun.has(member.node)) patchNode(draft, member.node, { unsureSince: draft.index });
  }
  for (const record of sortedNodes(draft)) {
    if (!members.has(record.node) && isCold && record.off === null) {
      patchNode(draft, record.node, { isAccounted: false });
      addDoubt(draft, record.node);
    }
  }
  if (hasChanged) endStops(draft);
  dropOrphanedFences(draft);
  const text = `view of ${body.members.map((member) => member.node).join(", ")}, ordered by ${body.coordinator}`;
  draft.events.push({ node: body.coordinator, level: "info", text });
}

/**
 * [NOD-4] Removed, or not in the configuration: in a view for a moment, by the word of a node that did not know it yet. It has no part in
 * anything, and the coordinator goes on without it at once.
 */
function isStranger(draft: Draft, node: NodeId): boolean {
  if (isRemoved(draft, node)) return true;
  const configured = draft.config?.config.nodes;
  return draft.nodes[node] === undefined && configured !== undefined && !configured.some(({ id }) => id === node);
}

/** [SVC-28] A stop lasts until a node comes or goes. */
function endStops(draft: Draft): void {
  for (const record of servicesInOrder(draft)) {
    if (record.isStopped !== true) continue;
    const reason = "a node came or went, which ends the stop by an operator";
    patchService(draft, record, { isStopped: false, reason });
    draft.events.push({ node: draft.origin, service: record.service, level: "info", text: reason });
  }
}

/** Takes up a node that nobody has told of: it may run anything. */
export function addDoubt(draft: Draft, node: NodeId): void {
  for (const record of servicesInOrder(draft)) {
    if (record.doubts.includes(node) || !concerns(definitionOf(draft, record), node)) continue;
    patchService(draft, record, { doubts: [...record.doubts, node].toSorted() });
  }
}

function isContinuing(record: NodeRecord | undefined, incarnation: Incarnation): boolean {
  return record?.isMember === true && record.incarnation === incarnation;
}

function goesOut(draft: Draft, record: NodeRecord): void {
  if (record.off !== null) {
    patchNode(draft, record.node, { isMember: false });
    return;
  }
  const isAccounted = !servicesInOrder(draft).some((service) => service.doubts.includes(record.node));
  const reason = "lost: it no longer answers";
  patchNode(draft, record.node, { isMember: false, isAccounted, since: draft.at, reason });
  draft.events.push({ node: record.node, level: "error", text: "member -> lost" });
  countLoss(draft, record.node);
}

/** A node comes into the view, or is in it against what was said of it. */
export function comesIn(draft: Draft, record: NodeRecord, incarnation: Incarnation): void {
  const isSameLife = record.incarnation === incarnation;
  const isRestart = record.isMember && record.off === null && !isSameLife;
  if (record.off === "fenced" && isSameLife) noteSurvival(draft, record.node, incarnation);
  patchNode(draft, record.node, {
    incarnation,
    isMember: true,
    enteredAt: draft.index,
    off: null,
    watchdog: isSameLife ? record.watchdog : null,
    unfencedBy: [],
    ...(record.unsureSince ? { unsureSince: null } : {}),
    isAccounted: false,
    isLeaving: isSameLife && record.isLeaving,
    ...(record.shutdown ? { shutdown: isSameLife ? withoutTheOthers(draft, record.shutdown) : null } : {}),
    since: draft.at,
    reason: isRestart ? "its daemon was restarted" : isSameLife ? "is heard again" : "joined",
  });
  const from =
    record.isMember && !isSameLife
      ? "member (earlier life)"
      : record.off !== null
        ? "off"
        : record.incarnation === null
          ? "unseen"
          : "lost";
  draft.events.push({ node: record.node, level: "info", text: `${from} -> member` });
  if (isRestart) countLoss(draft, record.node);
  const fence = draft.fences[record.node];
  if (fence?.wish && fence.wish.incarnation !== incarnation) patchFence(draft, record.node, { wish: null });
  if (fence?.owed) patchFence(draft, record.node, { owed: null });
  addDoubt(draft, record.node);
}

/** [FEN-24] An incident: nothing of what these devices say of this life is believed any more. */
function noteSurvival(draft: Draft, node: NodeId, incarnation: Incarnation): void {
  const devices = draft.fences[node]?.last?.devices ?? [];
  const known = disbelieved(draft.fences[node], incarnation);
  const survived = { incarnation, devices: [...new Set([...known, ...devices])].toSorted() };
  if (survived.devices.length > 0) patchFence(draft, node, { survived });
  const who = devices.length === 0 ? "whoever said so" : devices.join(" and ");
  const text = `is here although its fence was confirmed: ${who} cannot be trusted`;
  const past = { by: draft.origin, why: "its fence was confirmed", reason: text };
  notePast(draft, node, { ...past, means: "devices", confirmed: false });
  draft.events.push({ node, level: "error", text });
}

/** A fence whose performer is gone or lives anew has no one to answer for it: the next attempt begins afresh. */
function dropOrphanedFences(draft: Draft): void {
  for (const fence of Object.values(draft.fences)) {
    const { inFlight } = fence;
    if (inFlight === null) continue;
    if (isContinuing(draft.nodes[inFlight.by], inFlight.byIncarnation)) continue;
    patchFence(draft, fence.target, { inFlight: null });
    const reason = `void: ${inFlight.by}, which did it, is gone`;
    const past = { attempt: fence.attempt, by: inFlight.by, why: inFlight.reason, startedAt: inFlight.at };
    notePast(draft, fence.target, { ...past, means: "devices", confirmed: false, reason });
    draft.events.push({
      node: fence.target,
      level: "warning",
      text: `fence ${fence.attempt} is ${reason}`,
    });
  }
}

function sortedNodes(draft: Draft): readonly NodeRecord[] {
  return (Object.keys(draft.nodes) as NodeId[]).toSorted().flatMap((node) => draft.nodes[node] ?? []);
}
