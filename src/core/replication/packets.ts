import type { NodeId } from "../../model/ids.ts";
import { bootOf } from "../../model/incarnation.ts";
import type { Message, Packet } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import { unreachable } from "../../model/unreachable.ts";
import { sameViewId, type ViewId } from "../../model/view.ts";
import { hearBeat, isOutdated, knowLife } from "../membership/hear-beat.ts";
import { hearingOf } from "../membership/peer.ts";
import { commitUpTo, enterView, onEntry, type Speaker } from "./follow.ts";
import { onRemoved, refuseRemoved } from "./follow-roster.ts";
import type { Proposing } from "./group-state.ts";
import { onInstall, onInstallCheckpoint, onInstalled, onInstallPart } from "./install.ts";
import { onGrant } from "./on-grant.ts";
import { leading, onAcknowledged, orderEarly, orderSubmission } from "./order.ts";
import { failProposal, toElecting } from "./phases.ts";
import { onAbort, onPropose } from "./promise.ts";
import { onHoldersCheckpoint, onInstallCheckpointFetch, onInstallFetch, onLogPart, onPromise } from "./propose.ts";
import { onBusy } from "./submit.ts";
import { sendCheckpointPart, sendPart } from "./transfer.ts";
import { peerOf, persist, replacePeer, send, type Turn } from "./turn.ts";

/**
 * Takes a packet in. Those of unknown nodes and of lives that are over are dropped, and [GRP-2] of a life that was not heard yet: what
 * else it says is said again. Or an answer that overtakes the first heartbeat would end the old life, and show a node that is not heard.
 */
export function onPacket(turn: Turn, packet: Packet, arrivedAt: InstantMs): void {
  const { from, incarnation, message } = packet;
  if (message.kind === "grant") return onGrant(turn, from, message, arrivedAt);
  if (message.kind === "removed") return onRemoved(turn, from, message.life);
  const peer = peerOf(turn, from);
  if (peer === undefined && message.kind === "heartbeat") return refuseRemoved(turn, from, incarnation);
  if (peer === undefined || isOutdated(peer, incarnation)) return;
  if (message.kind !== "heartbeat" && peer.incarnation !== incarnation) return;
  const known = knowLife(peer, incarnation);
  if (known !== peer) replacePeer(turn, known);
  if (message.kind === "heartbeat") return onHeartbeat(turn, packet, message, arrivedAt);
  onMessage(turn, { node: from, incarnation }, message);
}

function onMessage(turn: Turn, from: Speaker, message: Exclude<Message, { kind: "heartbeat" | "removed" }>): void {
  switch (message.kind) {
    case "propose":
      return onPropose(turn, { view: message.view, members: message.members, from: from.node }, from.incarnation);
    case "promise": {
      const { kind: _, view, ...position } = message;
      const proposing = proposingOf(turn, view);
      if (proposing !== null) onPromise(turn, proposing, { ...from, position });
      return;
    }
    case "nack": {
      turn.state.refusedCounter = Math.max(turn.state.refusedCounter, message.promised.counter);
      const proposing = proposingOf(turn, message.view);
      if (proposing !== null) failProposal(turn, proposing);
      return;
    }
    case "abort":
      return from.node === message.view.proposer ? onAbort(turn, message.view) : undefined;
    case "fetch":
      return onFetch(turn, from.node, message);
    case "log-part": {
      const proposing = proposingOf(turn, message.view);
      if (proposing !== null) onLogPart(turn, proposing, from, message.from, message.entries);
      else if (from.node === message.view.proposer) onInstallPart(turn, message);
      return;
    }
    case "checkpoint-fetch":
      return onCheckpointFetch(turn, from.node, message);
    case "checkpoint-part": {
      const proposing = proposingOf(turn, message.view);
      if (proposing !== null) onHoldersCheckpoint(turn, proposing, from, message);
      else if (from.node === message.view.proposer && sameViewId(message.view, turn.state.promised))
        onInstallCheckpoint(turn, message);
      return;
    }
    case "install":
      return from.node === message.view.proposer ? onInstall(turn, message) : undefined;
    case "installed": {
      const proposing = proposingOf(turn, message.view);
      if (proposing !== null) onInstalled(turn, proposing, from.node, from.incarnation);
      return;
    }
    case "start":
      enterView(turn, from, message.view);
      return;
    case "submit": {
      const active = leading(turn);
      if (active === null) return;
      if (!orderSubmission(turn, active, message.id, message.body))
        send(turn, from.node, { kind: "busy", id: message.id });
      else orderEarly(turn);
      return;
    }
    case "busy":
      return onBusy(turn);
    case "entry":
    case "commit":
      return onOrdered(turn, from, message);
    case "ack":
      return onAck(turn, from, message);
    case "goodbye":
      return onGoodbye(turn, from);
    case "ask":
    case "grant":
      // Between nodes and their witness only.
      return;
    default:
      return unreachable(message);
  }
}

function onHeartbeat(
  turn: Turn,
  packet: Packet,
  body: Extract<Message, { kind: "heartbeat" }>,
  arrivedAt: InstantMs,
): void {
  const { state } = turn;
  const { setup } = state;
  const peer = peerOf(turn, packet.from);
  if (peer === undefined) return;
  const { incarnation } = packet;
  const heard = hearBeat(
    peer,
    { incarnation, sentAt: body.sentAt, arrivedAt, body },
    { node: setup.self, incarnation: setup.incarnation },
  );
  if (heard === peer) return;
  replacePeer(turn, heard);
  const hearing = hearingOf(body, setup.self);
  if (hearing !== undefined && hearing.incarnation > setup.incarnation)
    return distrustDisk(turn, bootOf(hearing.incarnation));
  if (body.status !== "active") return;
  const active = enterView(turn, { node: packet.from, incarnation }, body.view);
  if (active === null) return;
  if (hearing?.incarnation === setup.incarnation) replacePeer(turn, { ...heard, echo: hearing.echo });
  if (active.lead === null && packet.from === active.view.coordinator)
    commitUpTo(turn, Math.min(body.committed, state.log.length));
}

/**
 * [GRP-6] The group remembers a later life of this node than this one: its disk was lost, or put back from a backup. It forgot what it
 * acknowledged since, so it must not vote by it: blank from here on, and a life above the remembered one.
 */
function distrustDisk(turn: Turn, boot: number): void {
  const { state } = turn;
  if (state.bootAbove !== null && state.bootAbove >= boot) return;
  state.bootAbove = boot;
  if (!state.isBlank) persist(turn, [{ kind: "distrusted" }]);
  state.isBlank = true;
  toElecting(turn, 0);
}

function onOrdered(turn: Turn, from: Speaker, message: Extract<Message, { kind: "entry" | "commit" }>): void {
  const active = enterView(turn, from, message.view);
  if (active === null || active.lead !== null || from.node !== active.view.coordinator) return;
  if (message.kind === "entry") onEntry(turn, active, message.entry, message.committed);
  else commitUpTo(turn, Math.min(message.committed, turn.state.log.length));
}

function onAck(turn: Turn, from: Speaker, message: Extract<Message, { kind: "ack" }>): void {
  const active = leading(turn);
  if (active === null || !sameViewId(active.view.id, message.view)) return;
  if (!active.view.members.some(({ node, incarnation }) => node === from.node && incarnation === from.incarnation))
    return;
  onAcknowledged(turn, active, from.node, Math.min(message.length, turn.state.log.length));
}

function onFetch(turn: Turn, from: NodeId, message: Extract<Message, { kind: "fetch" }>): void {
  const proposing = proposingOf(turn, message.view);
  if (proposing !== null) return onInstallFetch(turn, proposing, from, message);
  if (isAskedByProposer(turn, from, message.view)) sendPart(turn, message.view, from, message);
}

function onCheckpointFetch(turn: Turn, from: NodeId, message: Extract<Message, { kind: "checkpoint-fetch" }>): void {
  const proposing = proposingOf(turn, message.view);
  if (proposing !== null) return onInstallCheckpointFetch(turn, proposing, from, message);
  if (isAskedByProposer(turn, from, message.view)) sendCheckpointPart(turn, message.view, from, message);
}

/** This node's log was chosen, and the proposer of the view it has promised wants what it lacks of it. */
function isAskedByProposer(turn: Turn, from: NodeId, view: ViewId): boolean {
  const { phase } = turn.state;
  return (
    phase.kind === "promised" && sameViewId(phase.view, view) && !phase.isInstalled && from === phase.view.proposer
  );
}

/** [GRP-5] The process has ended: it is silent from here on, without waiting for its deadtime. Nothing else follows from it. */
function onGoodbye(turn: Turn, from: Speaker): void {
  const peer = peerOf(turn, from.node);
  if (peer !== undefined) replacePeer(turn, { ...peer, gone: from.incarnation, hearsMe: false });
}

function proposingOf(turn: Turn, view: Proposing["view"]): Proposing | null {
  const { phase } = turn.state;
  return phase.kind === "proposing" && sameViewId(phase.view, view) ? phase : null;
}
