import type { Checkpoint } from "../../model/checkpoint.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { CheckpointPart, Message } from "../../model/message.ts";
import { after, never } from "../../model/units.ts";
import { sameViewId } from "../../model/view.ts";
import { knowLife } from "../membership/hear-beat.ts";
import { askForStage } from "./ask-witness.ts";
import { commitUpTo } from "./follow.ts";
import type { Incoming, Installing, Promised, Proposing } from "./group-state.ts";
import { appendEntries, cutLog, emptyLog, type Log, logBehind } from "./log.ts";
import { restOf, takeTransfer } from "./transfer.ts";
import { openLead, orderOwn } from "./order.ts";
import { toActive } from "./phases.ts";
import { persist, send, sendToAll, startTimer, type Turn } from "./turn.ts";

/** An installation: the message that carries it. */
export type Install = Extract<Message, { kind: "install" }>;

/** What decides whether a node installs. */
export interface Installer {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
}

/**
 * [GRP-13] True when the installation is meant for this very life: a node that rebooted since its promise has a log that the proposer
 * has not seen.
 */
export function isMeantFor(install: Install, installer: Installer): boolean {
  return install.members.some(
    ({ node, incarnation }) => node === installer.self && incarnation === installer.incarnation,
  );
}

/**
 * [GRP-53] Replaces the log behind what both have by the view's, and moves `logView`: one record, one atomic switch.
 *
 * With a checkpoint it replaces the whole log: the entries behind it are the installation's.
 *
 * Nothing of it is delivered here. [GRP-51] The tail is delivered when the view starts, because only then is it on every member's disk.
 */
export function applyInstall(turn: Turn, install: Install, checkpoint: Checkpoint | null = null): void {
  const { state } = turn;
  if (install.from <= state.committed)
    throw new RangeError(`Cannot replace entry ${install.from}: committed up to ${state.committed}`);
  const kept = checkpoint === null ? keptLog(state.log, install) : logBehind(checkpoint);
  const log = appendEntries(kept, install.entries);
  if (log.length !== install.base)
    throw new RangeError(`Cannot install up to ${install.base}: log ends at ${log.length}`);
  state.log = log;
  state.logView = install.view;
  state.viewMembers = install.members;
  state.base = install.base;
  state.isBlank = false;
  state.isInstalledHere = true;
  // What was folded is committed, whoever has said so.
  state.committed = Math.max(state.committed, install.committed, checkpoint?.index ?? 0);
  state.disk = { ...state.disk, committed: state.committed };
  state.peers = state.peers.map((peer) => {
    const member = install.members.find(({ node }) => node === peer.node);
    return member === undefined ? peer : knowLife(peer, member.incarnation);
  });
  const { kind: _, ...fields } = install;
  const plain: DiskRecord = { kind: "install", ...fields, committed: state.committed };
  const record: DiskRecord = checkpoint === null ? plain : { ...plain, checkpoint };
  persist(turn, [record]);
}

function keptLog(log: Log, { from, founding }: Install): Log {
  return from === 1 ? emptyLog({ index: 0, voters: founding }) : cutLog(log, from - 1);
}

/** An installation came in from the proposer this node has promised to. */
export function onInstall(turn: Turn, install: Install): void {
  const { state } = turn;
  const { phase, setup } = state;
  if (!isMeantFor(install, { self: setup.self, incarnation: setup.incarnation })) return;
  if (!sameViewId(install.view, state.promised)) return;
  if (sameViewId(install.view, state.logView)) return confirmInstalled(turn);
  // [GRP-12] Only what is promised, and still waited for, is installed.
  if (phase.kind !== "promised" || !sameViewId(state.disk.durable.promised, install.view)) return;
  // Sent again while its parts are on their way: ask again for what is missing.
  if (phase.incoming === null) continueInstall(turn, phase, { install, transfer: null, checkpoint: null });
  else askForRest(turn, phase.incoming);
}

/** A part of an installation came in. */
export function onInstallPart(turn: Turn, part: Extract<Message, { kind: "log-part" }>): void {
  const { phase } = turn.state;
  if (phase.kind !== "promised" || phase.incoming === null || !sameViewId(phase.view, part.view)) return;
  const { install } = phase.incoming;
  if (part.entries.length === 0 || part.from !== install.from + install.entries.length) return;
  const more = { ...install, entries: [...install.entries, ...part.entries] };
  continueInstall(turn, phase, { ...phase.incoming, install: more });
}

/** A part of the checkpoint that takes the place of entries which the proposer does not have any more. */
export function onInstallCheckpoint(turn: Turn, part: CheckpointPart): void {
  const { phase } = turn.state;
  if (phase.kind !== "promised" || phase.incoming === null) return;
  const { install, transfer, checkpoint } = phase.incoming;
  if (checkpoint !== null || part.index < install.from || part.index >= install.base) return;
  const taken = takeTransfer(turn, transfer, part);
  if (taken === null || turn.state.phase !== phase) return;
  // Behind it, entries are asked for as ever.
  const next: Incoming =
    taken.checkpoint === null
      ? { ...phase.incoming, transfer: taken.transfer }
      : { install: { ...install, from: part.index + 1, entries: [] }, transfer: null, checkpoint: taken.checkpoint };
  continueInstall(turn, phase, next);
}

/** [GRP-54] Installs what is complete, and asks for the rest of what is not; the log is touched by a complete one only. */
function continueInstall(turn: Turn, phase: Promised, incoming: Incoming): void {
  const deadline = after(turn.moment.now, turn.state.setup.timers.promise);
  const { install, checkpoint } = incoming;
  if (install.from + install.entries.length > install.base) {
    applyInstall(turn, install, checkpoint);
    turn.state.phase = { ...phase, incoming: null, isInstalled: true, deadline };
    return;
  }
  turn.state.phase = { ...phase, incoming, deadline };
  askForRest(turn, incoming);
}

function askForRest(turn: Turn, { install, transfer }: Incoming): void {
  const { view, base } = install;
  const from = install.from + install.entries.length;
  send(turn, view.proposer, transfer === null ? { kind: "fetch", view, from, to: base } : restOf(view, transfer));
}

/** [GRP-15] Says "installed" only when it is on disk. */
export function confirmInstalled(turn: Turn): void {
  const { state } = turn;
  if (state.logView.proposer === state.setup.self) return;
  if (sameViewId(state.disk.durable.logView, state.logView)) {
    send(turn, state.logView.proposer, { kind: "installed", view: state.logView });
  }
}

/** A member (or this node's own disk) has installed the proposed view. [GRP-52] It starts when all have. */
export function onInstalled(turn: Turn, proposing: Proposing, node: NodeId, incarnation: Incarnation): void {
  const { stage } = proposing;
  if (stage.kind !== "installing" || stage.installed.includes(node)) return;
  if (!stage.members.some((member) => member.node === node && member.incarnation === incarnation)) return;
  const installed = [...stage.installed, node];
  if (installed.length === stage.members.length && stage.witness === null) return activate(turn, proposing, stage);
  const timer = installed.length === stage.members.length ? startTimer(turn) : proposing.timer;
  const next: Proposing = { ...proposing, stage: { ...stage, installed }, timer };
  turn.state.phase = next;
  askForStage(turn, next);
}

/** Every member has the log on disk, and so has the witness the view, where it is needed: the view begins. */
export function activate(turn: Turn, proposing: Proposing, stage: Installing): void {
  const { state } = turn;
  const view = { id: proposing.view, members: stage.members, coordinator: state.setup.self };
  const active = toActive(turn, view, null);
  state.phase = { ...active, idleSince: never };
  commitUpTo(turn, state.base);
  state.phase = { ...state.phase, lead: openLead(turn, state.base, stage.members, stage.grantedPeer) };
  sendToAll(turn, proposing.members, { kind: "start", view: proposing.view });
  orderOwn(turn);
}
