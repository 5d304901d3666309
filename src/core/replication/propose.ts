import type { NodeId } from "../../model/ids.ts";
import type { Entry } from "../../model/entry.ts";
import type { CheckpointPart } from "../../model/message.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { after } from "../../model/units.ts";
import { type Member, sameViewId, type ViewId } from "../../model/view.ts";
import { soleFellowVoter } from "../quorum/fencing-race.ts";
import { type Grant, isQuorate } from "../quorum/votes.ts";
import { askForStage, helpfulWitness } from "./ask-witness.ts";
import { chooseLog, firstMissing, votingMembers } from "./choose-log.ts";
import { partOf } from "./parts.ts";
import type { Fetching, Installing, MemberAnswer, Proposing } from "./group-state.ts";
import { applyInstall, type Install } from "./install.ts";
import { cutLog, appendEntries, entriesBetween, foundingVoters, logBehind } from "./log.ts";
import { type PartRange, restOf, sendCheckpointPart, sendPart, takeTransfer } from "./transfer.ts";
import { isLeased } from "./own-lease.ts";
import { diskFloor, isBelow } from "./remembered-disk.ts";
import { nextStamp } from "./stamp.ts";
import { abortProposal, failProposal, logPosition, toElecting } from "./phases.ts";
import { beatAtOnce, nextTimer, persist, send, sendToAll, standingOf, startTimer, type Turn } from "./turn.ts";

/** An installation with more entries than this is not sent again at the quick pace. */
const quickInstallMax = 64;
/** Nor are parts of checkpoints longer than this. */
const quickPartMax = 64 * 1024;

/**
 * Proposes a view of `members` (this node included): asks each for a promise, takes the newest of their logs, installs it on all, and
 * starts when all have it. The id names this life, so it names this one set for ever: the others may be asked while the own promise is
 * still on its way to the disk.
 */
export function propose(turn: Turn, members: readonly NodeId[], restarts = 0): void {
  const { state } = turn;
  const { self, incarnation, timers } = state.setup;
  const view: ViewId = { counter: 1 + highestCounter(turn), proposer: self, incarnation };
  state.promised = view;
  state.phase = {
    kind: "proposing",
    view,
    members: [...members].sort(),
    joiners: joinersOf(turn, members),
    stage: { kind: "asking", answers: [] },
    askedAt: turn.moment.now,
    deadline: after(turn.moment.now, timers.attempt),
    timer: startTimer(turn),
    restarts,
  };
  persist(turn, [{ kind: "promise", promised: view }]);
  sendToAll(turn, members, { kind: "propose", view, members: state.phase.members });
  beatAtOnce(turn);
}

/** Those of `members` that the living view goes on without in which this node was until now. Not one whose daemon was restarted: it may run what it had. */
function joinersOf({ state: { phase } }: Turn, members: readonly NodeId[]): readonly NodeId[] {
  if (phase.kind === "proposing") return phase.joiners.filter((node) => members.includes(node));
  if (phase.kind !== "active") return [];
  const present = phase.view.members.map(({ node }) => node);
  return members.filter((node) => !present.includes(node));
}

/** [GRP-15] The own promise is on disk: it counts. */
export function onProposalDurable(turn: Turn, proposing: Proposing): void {
  const { self, incarnation } = turn.state.setup;
  const { stage } = proposing;
  if (stage.kind !== "asking" || stage.answers.some(({ node }) => node === self)) return;
  onPromise(turn, proposing, { node: self, incarnation, position: logPosition(turn) });
}

/** A promise came in. [GRP-17] It is bound to the life that gave it: another life of that node means that it has rebooted since. */
export function onPromise(turn: Turn, proposing: Proposing, answer: MemberAnswer): void {
  const { stage } = proposing;
  if (stage.kind !== "asking" || !proposing.members.includes(answer.node)) return;
  const known = stage.answers.find(({ node }) => node === answer.node);
  if (known !== undefined) {
    if (known.incarnation !== answer.incarnation) failProposal(turn, proposing);
    return;
  }
  const answers = [...stage.answers, doubted(turn, answer)];
  const asking: Proposing = { ...proposing, stage: { kind: "asking", answers } };
  turn.state.phase = asking;
  if (answers.length === proposing.members.length) decide(turn, asking, answers);
}

/** The answer as it counts: with a disk that holds less than it once did, the member is as good as blank. */
function doubted(turn: Turn, answer: MemberAnswer): MemberAnswer {
  const { log, committed } = turn.state;
  const isOld = isBelow(answer.position, diskFloor(log, committed, answer.node));
  // Its commit index is a fact all the same: what it has delivered is the beginning of every log.
  return isOld ? { ...answer, position: { ...answer.position, isBlank: true } } : answer;
}

/** All have promised: the newest log is taken when those who promised are a quorum of its electorate. */
function decide(turn: Turn, proposing: Proposing, answers: readonly MemberAnswer[]): void {
  const chosen = chooseLog(answers);
  if (chosen === undefined) return notQuorate(turn, proposing);
  if (decides(turn, answers, chosen, [])) return fetchChosen(turn, proposing, { answers, chosen, witness: null });
  const witness = helpfulWitness(turn, chosen.position.logView);
  if (witness === null || !decides(turn, answers, chosen, [witness])) return notQuorate(turn, proposing);
  const granting: Proposing = {
    ...proposing,
    stage: { kind: "granting", answers, chosen, witness },
    ...freshStage(turn),
  };
  turn.state.phase = granting;
  askForStage(turn, granting);
}

/** Gives up, and waits longer each time: nothing may be different so soon. */
export function notQuorate(turn: Turn, proposing: Proposing): void {
  const { state } = turn;
  const wait = state.backoffMs;
  state.backoffMs = Math.min(2 * wait, state.setup.timers.backoffMax);
  abortProposal(turn, proposing);
  toElecting(turn, wait);
}

/** What the votes have decided. */
export interface Decided extends Pick<Fetching, "answers" | "chosen" | "witness"> {}

/** The votes are there: takes the chosen log, wherever it is. */
export function fetchChosen(turn: Turn, proposing: Proposing, { answers, chosen, witness }: Decided): void {
  const { state } = turn;
  const own = answers.find(({ node }) => node === state.setup.self);
  if (own === undefined) throw new TypeError(`Cannot decide view ${proposing.view.counter}: own promise is missing`);
  const from = firstMissing(own.position, chosen.position);
  const fetching: Fetching = {
    kind: "fetching",
    answers,
    chosen,
    transfer: null,
    checkpoint: null,
    from,
    entries: [],
    witness,
  };
  const next: Proposing = { ...proposing, stage: fetching, ...freshStage(turn) };
  state.phase = next;
  if (from > chosen.position.length) return install(turn, next, fetching);
  sendFetch(turn, next, fetching);
}

function decides(
  turn: Turn,
  answers: readonly MemberAnswer[],
  chosen: MemberAnswer,
  witnesses: readonly NodeId[],
): boolean {
  const { position } = chosen;
  const granted = grantFor(turn, (node) => answers.some((answer) => answer.node === node && answer.position.isBlank));
  // [GRP-33] It was given on the ground of one log; a newer one may know more than it does.
  const grant = granted !== null && sameViewId(position.logView, granted.logView) ? granted : null;
  const { self } = turn.state.setup;
  const present = [...votingMembers(answers), ...witnesses];
  return isQuorate(position.electorates, committedOf(answers), { present, self, grant });
}

/** The vote that this node may count for its fellow voter: by a confirmed fence, or because that voter is blank. */
export function grantFor(turn: Turn, isBlank: (node: NodeId) => boolean): Grant | null {
  const { state } = turn;
  if (state.race.grant !== null) return sameViewId(state.race.grant.logView, state.logView) ? state.race.grant : null;
  const fellow = soleFellowVoter(standingOf(state));
  return fellow !== null && isBlank(fellow) ? { peer: fellow, logView: state.logView } : null;
}

/** A part of the chosen log came in from its holder. */
export function onLogPart(
  turn: Turn,
  proposing: Proposing,
  holder: Member,
  from: number,
  entries: readonly Entry[],
): void {
  const { stage } = proposing;
  if (stage.kind !== "fetching" || holder.node !== stage.chosen.node || holder.incarnation !== stage.chosen.incarnation)
    return;
  if (entries.length === 0 || from !== stage.from + stage.entries.length) return;
  const fetched: Fetching = { ...stage, entries: [...stage.entries, ...entries] };
  const next: Proposing = { ...proposing, stage: fetched, ...freshStage(turn) };
  turn.state.phase = next;
  if (fetched.from + fetched.entries.length > fetched.chosen.position.length) return install(turn, next, fetched);
  sendFetch(turn, next, fetched);
}

/** A piece of the checkpoint that the chosen log begins with came in: its holder does not have the entries any more. */
export function onHoldersCheckpoint(turn: Turn, proposing: Proposing, holder: Member, part: CheckpointPart): void {
  const { stage } = proposing;
  if (stage.kind !== "fetching" || holder.node !== stage.chosen.node || holder.incarnation !== stage.chosen.incarnation)
    return;
  if (stage.checkpoint !== null || part.index < stage.from || part.index > stage.chosen.position.length) return;
  const taken = takeTransfer(turn, stage.transfer, part);
  if (taken === null) {
    // It could not be read: the others must not wait for this node.
    if (turn.state.phase !== proposing) abortProposal(turn, proposing);
    return;
  }
  const fetched: Fetching =
    taken.checkpoint === null
      ? { ...stage, transfer: taken.transfer }
      : { ...stage, transfer: null, checkpoint: taken.checkpoint, from: part.index + 1, entries: [] };
  const next: Proposing = { ...proposing, stage: fetched, ...freshStage(turn) };
  turn.state.phase = next;
  if (taken.checkpoint !== null && fetched.from > fetched.chosen.position.length) install(turn, next, fetched);
  else sendFetch(turn, next, fetched);
}

/** The chosen log is complete: with the view's own entry as its last one it goes to every disk. */
function install(turn: Turn, proposing: Proposing, stage: Fetching): void {
  const { state } = turn;
  const { self, incarnation } = state.setup;
  const members: readonly Member[] = proposing.members.map((node) => ({
    node,
    incarnation: lifeOf(stage.answers, node),
  }));
  const { checkpoint } = stage;
  const kept = checkpoint === null ? cutLog(state.log, stage.from - 1) : logBehind(checkpoint);
  const chosen = appendEntries(kept, stage.entries);
  const viewEntry: Entry = {
    index: chosen.length + 1,
    view: proposing.view,
    id: { origin: self, incarnation, sequence: 0 },
    at: nextStamp(state.stamped, chosen, turn.moment),
    body: { kind: "view", members, coordinator: self, ...(isLeased(turn) ? {} : { withoutLease: true }) },
  };
  const log = appendEntries(chosen, [viewEntry]);
  const installOf = (answer: MemberAnswer): Install => {
    const isOwn = answer.node === self;
    const from = isOwn ? stage.from : firstMissing(answer.position, stage.chosen.position);
    return {
      kind: "install",
      view: proposing.view,
      members,
      base: log.length,
      committed: committedOf(stage.answers),
      founding: foundingVoters(log),
      from,
      // Who lacks what is trimmed here asks for it, and gets the checkpoint.
      entries: isOwn ? entriesBetween(log, from, log.length) : from <= log.trimmed ? [] : partOf(log, from, log.length),
    };
  };
  // A grant may be left from an attempt that failed; when its peer is back as a member, nobody loses a vote.
  const granted = state.race.grant?.peer ?? null;
  const grantedPeer = granted !== null && proposing.members.includes(granted) ? null : granted;
  const messages = proposing.members.map((node) => (node === self ? null : installOf(answerOf(stage.answers, node))));
  const installing: Installing = {
    kind: "installing",
    members,
    messages,
    installed: [],
    grantedPeer,
    witness: stage.witness,
  };
  state.phase = { ...proposing, stage: installing, ...freshStage(turn) };
  applyInstall(turn, installOf(answerOf(stage.answers, self)), checkpoint);
  for (const [position, message] of messages.entries()) {
    const node = proposing.members[position];
    if (message !== null && node !== undefined) send(turn, node, message);
  }
}

/** Sends the present stage's message again to those who have not answered it. */
export function resendStage(turn: Turn, proposing: Proposing): void {
  const { stage } = proposing;
  const { self } = turn.state.setup;
  let timer = nextTimer(turn, proposing.timer);
  const slowly = { ...timer, at: after(turn.moment.now, turn.state.setup.timers.attempt / 2) };
  const areLarge = turn.state.setup.limits.partCharacters > quickPartMax;
  if (stage.kind === "asking") {
    const { view, members } = proposing;
    sendToAll(turn, unanswered(proposing), { kind: "propose", view, members });
  } else if (stage.kind === "granting") {
    askForStage(turn, proposing);
  } else if (stage.kind === "fetching") {
    sendFetch(turn, proposing, stage);
    if (stage.transfer !== null && areLarge) timer = slowly;
  } else if (stage.kind === "installing") {
    askForStage(turn, proposing);
    for (const [position, message] of stage.messages.entries()) {
      const node = proposing.members[position];
      if (message === null || node === undefined || node === self || stage.installed.includes(node)) continue;
      send(turn, node, message);
      const isTransfer = message.from <= turn.state.log.trimmed && areLarge;
      if (message.entries.length > quickInstallMax || isTransfer) timer = slowly;
    }
  }
  turn.state.phase = { ...proposing, timer };
}

/** Members that the present stage waits for, this node perhaps among them. */
export function unanswered(proposing: Proposing): readonly NodeId[] {
  const { stage, members } = proposing;
  switch (stage.kind) {
    case "asking":
      return members.filter((node) => !stage.answers.some((answer) => answer.node === node));
    case "granting":
      return [];
    case "fetching":
      return [stage.chosen.node];
    case "installing":
      return members.filter((node) => !stage.installed.includes(node));
  }
}

/** The life in which a member answered; null while it has not. */
export function boundLife(proposing: Proposing, node: NodeId): Incarnation | null {
  const { stage } = proposing;
  const bound: readonly Member[] = stage.kind === "installing" ? stage.members : stage.answers;
  return bound.find((member) => member.node === node)?.incarnation ?? null;
}

function freshStage(turn: Turn): Pick<Proposing, "deadline" | "timer"> {
  return { deadline: after(turn.moment.now, turn.state.setup.timers.attempt), timer: startTimer(turn) };
}

/** Above everything seen: a proposal that is too low anywhere is refused. */
function highestCounter(turn: Turn): number {
  const { promised, refusedCounter, peers, witness } = turn.state;
  let highest = Math.max(promised.counter, refusedCounter, witness.promised.counter);
  for (const { beat } of peers) highest = Math.max(highest, beat?.promised.counter ?? 0);
  return highest;
}

function committedOf(answers: readonly MemberAnswer[]): number {
  return Math.max(...answers.map(({ position }) => position.committed));
}

function answerOf(answers: readonly MemberAnswer[], node: NodeId): MemberAnswer {
  const answer = answers.find((candidate) => candidate.node === node);
  if (answer === undefined) throw new TypeError(`Cannot install on "${node}": it has not promised`);
  return answer;
}

function lifeOf(answers: readonly MemberAnswer[], node: NodeId): Incarnation {
  return answerOf(answers, node).incarnation;
}

function sendFetch(turn: Turn, proposing: Proposing, stage: Fetching): void {
  const from = stage.from + stage.entries.length;
  if (stage.transfer !== null) return send(turn, stage.chosen.node, restOf(proposing.view, stage.transfer));
  send(turn, stage.chosen.node, { kind: "fetch", view: proposing.view, from, to: stage.chosen.position.length });
}

/** A member asks for the next part of an installation that did not fit into one message: it is alive and on its way. */
export function onInstallFetch(turn: Turn, proposing: Proposing, from: NodeId, wanted: PartRange): void {
  if (proposing.stage.kind !== "installing" || !proposing.members.includes(from)) return;
  turn.state.phase = { ...proposing, ...freshStage(turn) };
  sendPart(turn, proposing.view, from, wanted);
}

/** Or for the next piece of the checkpoint. */
export function onInstallCheckpointFetch(
  turn: Turn,
  proposing: Proposing,
  from: NodeId,
  wanted: { readonly index: number; readonly from: number },
): void {
  if (proposing.stage.kind !== "installing" || !proposing.members.includes(from)) return;
  turn.state.phase = { ...proposing, ...freshStage(turn) };
  sendCheckpointPart(turn, proposing.view, from, wanted);
}
