import type { NodeId } from "../model/ids.ts";
import type { Checkpoint } from "../model/checkpoint.ts";
import type { Entry, SubmitId } from "../model/entry.ts";
import type { GroupFacts, NodeReach, WitnessFacts } from "../model/group-facts.ts";
import type { Moment } from "../model/input.ts";
import type { Stepped } from "../model/core-step.ts";
import { never } from "../model/units.ts";
import { unreachable } from "../model/unreachable.ts";
import { noteTwoWay } from "./membership/attention.ts";
import { isHeard } from "./membership/peer.ts";
import { rivalOf } from "./quorum/fencing-race.ts";
import { isWitnessHeard, witnessName } from "./quorum/known-witness.ts";
import type { GroupInput } from "./group-input.ts";
import { takeCount } from "./quorum/reach.ts";
import { askToBeHeard, isWitnessAsked } from "./replication/ask-witness.ts";
import { beatBody, ownReach } from "./replication/beat.ts";
import { countedNodes } from "./replication/counted-nodes.ts";
import { countReach } from "./replication/count-reach.ts";
import { deliver } from "./replication/deliver.ts";
import { awaitedNodes, followRoster, hearVoters, intrudersOf } from "./replication/follow-roster.ts";
import { forgiveOwnPause } from "./replication/forgive.ts";
import type { GroupState } from "./replication/group-state.ts";
import { judgeCoordinator, judgeMember } from "./replication/judge-active.ts";
import { judgeElecting } from "./replication/judge-electing.ts";
import { judgeLeave, onLeave } from "./replication/judge-leave.ts";
import { onFenceVerdict, probeSilent } from "./replication/judge-race.ts";
import { judgePromised, judgeProposing } from "./replication/judge-view-change.ts";
import { onPersisted } from "./replication/on-persisted.ts";
import { leading } from "./replication/order.ts";
import { extendLease } from "./replication/own-lease.ts";
import { onPacket } from "./replication/packets.ts";
import { type GroupBoot, startState } from "./replication/start-state.ts";
import { tidy } from "./replication/trim.ts";
import { stampedNow } from "./replication/stamp.ts";
import { resendSubmissions, submit } from "./replication/submit.ts";
import { mayFound, openTurn, peerOf, replacePeer, standingOf, type Turn } from "./replication/turn.ts";

/**
 * The group: who is here, who has quorum, and in which order things happened.
 *
 * A write-all log with majority (or arbiter-granted) view change. The node that hears most proposes a set of members; each swears to
 * answer nothing lower and tells where its log ends; the newest log is installed on all; when all have it on disk the view starts, and
 * its coordinator orders entries that count when every member has them on disk. See docs/protocol.md and docs/spec/group.md.
 *
 * Everything here is a pure function. Effects are carried out in order, but for `persist`, which ends with the `persisted` input.
 */

export type { GroupBoot } from "./replication/start-state.ts";

/** What a step gives: beside `Stepped`, the entries that are delivered by it, in order. */
export interface GroupStep extends Stepped<GroupState> {
  readonly delivered: readonly Entry[];
  /** Delivered before them, in the place of all entries up to its index. */
  readonly restored: Checkpoint | null;
  /** The id of what was submitted by this step. */
  readonly submitted?: SubmitId;
}

/** A step may change the phase a few times (lost, proposes; or loses quorum, asks the arbiter); more would be a circle. */
const phaseChangesMax = 8;

/**
 * Begins a life: electing, with what the disk holds. Everything that was known to be committed is delivered again, from the checkpoint
 * of the log or entry 1 on.
 *
 * @throws RangeError when the disk contradicts itself
 */
export function startGroup(boot: GroupBoot, moment: Moment): GroupStep {
  const turn = openTurn(startState(boot, moment.now), moment);
  deliver(turn);
  turn.beat = "at-once";
  return closeTurn(turn);
}

/** One input. @throws RangeError when another node breaks the protocol so that going on would lose entries */
export function stepGroup(state: GroupState, input: GroupInput, moment: Moment): GroupStep {
  if (hasLeft(state)) return { state, effects: [], wakeAt: never, delivered: [], restored: null };
  const turn = openTurn(state, moment);
  forgiveOwnPause(turn);
  const submitted = take(turn, input);
  const step = closeTurn(turn);
  return submitted === null ? step : { ...step, submitted };
}

/** True when goodbye is said: the process may end. */
export function hasLeft(state: GroupState): boolean {
  return state.leave?.isDone === true;
}

/** What the manager may know beside the entries. */
export function groupFacts(state: GroupState, moment: Moment): GroupFacts {
  const { setup, phase, peers, race, log } = state;
  const heard = peers.filter((peer) => isHeard(peer, moment.now, setup.timers.deadtime)).map(({ node }) => node);
  const electorate = log.electorates.at(-1) ?? { index: 0, voters: [] };
  return {
    self: setup.self,
    incarnation: setup.incarnation,
    status: phase.kind,
    view: phase.kind === "active" ? phase.view : null,
    leaseUntil: state.leaseUntil,
    isLeased: moment.now < state.leaseUntil,
    leaseMs: setup.timers.lease,
    isFrozen: phase.kind === "active" ? isLeaseAwaited(state, moment) : mayRace(state),
    electorate,
    counted: countedNodes(state),
    witness: witnessFacts(state, moment),
    arbiterFence: race.out === null ? null : { target: race.out.target, attempt: race.attempt },
    heard: [...heard, setup.self].sort(),
    reach: reachFacts(state, heard),
    awaited: mayFound(state) ? [] : awaitedNodes(state, moment.now),
    closed: peers.filter(({ port }) => port === "closed").map(({ node }) => node),
    length: log.length,
    delivered: state.delivered,
    // Only when the disk says so too: a crash before that would bring the distrusted disk back to a vote.
    bootAbove: state.disk.writes.length === 0 ? state.bootAbove : null,
    removedBy: state.removedBy,
    intruders: intrudersOf(state, moment.now),
    refusal: state.refusal,
  };
}

function reachFacts(state: GroupState, heard: readonly NodeId[]): readonly NodeReach[] {
  const own = ownReach(state).reach;
  const known = own === undefined ? [] : [{ node: state.setup.self, ...own }];
  for (const { node, beat } of state.peers)
    if (beat?.reach !== undefined && heard.includes(node)) known.push({ node, ...beat.reach });
  return known.sort((a, b) => (a.node < b.node ? -1 : 1));
}

function witnessFacts(state: GroupState, { now }: Moment): WitnessFacts | null {
  const { setup, witness, log } = state;
  if (!isWitnessAsked(state)) return null;
  return {
    name: witnessName(setup.quorum),
    id: witness.id,
    isHeard: isWitnessHeard(witness, now, setup.timers.deadtime),
    heardAt: witness.id === null ? null : witness.heardAt,
    hasVote: witness.id !== null && log.electorates.at(-1)?.voters.includes(witness.id) === true,
  };
}

function take(turn: Turn, input: GroupInput): SubmitId | null {
  switch (input.kind) {
    case "tick":
      turn.state.loopLateMs = Math.max(0, Math.round(turn.moment.now - turn.state.wantedAt));
      turn.beat = "fresh";
      return null;
    case "packet":
      onPacket(turn, input.packet, input.arrivedAt);
      return null;
    case "persisted":
      onPersisted(turn, input.write);
      return null;
    case "submit":
      return submit(turn, input.body);
    case "fence-verdict":
      onFenceVerdict(turn, input.target, input.attempt, input.confirmed);
      return null;
    case "reach-counted":
      turn.state.reach = takeCount(turn.state.reach, input.call, input.reached);
      return null;
    case "port-state": {
      const peer = peerOf(turn, input.node);
      if (peer === undefined || peer.port === input.state) return null;
      // A crashed daemon that comes back opens its port a moment before it is heard: that moment is still its grace.
      const isComingBack = peer.port === "closed" && input.state === "open";
      if (!isComingBack) replacePeer(turn, { ...peer, port: input.state });
      return null;
    }
    case "roster":
      followRoster(turn, input);
      return null;
    case "leave":
      onLeave(turn);
      return null;
    default:
      return unreachable(input);
  }
}

/** Judges what time and the input have changed, then adds what goes with every step. */
function closeTurn(turn: Turn): GroupStep {
  const { state, moment } = turn;
  const { deadtime } = state.setup.timers;
  hearVoters(turn);
  state.peers = noteTwoWay(state.peers, moment.now, deadtime);
  if (!mayFound(state)) state.hasSeenAll = awaitedNodes(state, moment.now).length === 0;
  for (let change = 0; change < phaseChangesMax; change += 1) {
    const { phase } = state;
    judge(turn);
    if (state.phase === phase) break;
  }
  askToBeHeard(turn);
  countReach(turn);
  probeSilent(turn);
  resendSubmissions(turn);
  if (state.leave !== null) judgeLeave(turn, state.leave);
  tidy(turn);
  extendLease(turn);
  if (turn.beat !== "none")
    turn.effects.push({ kind: "beat", body: beatBody(state, moment.now), atOnce: turn.beat === "at-once" });
  state.stamped = stampedNow(state.stamped, state.log, moment.now);
  state.steppedAt = moment.now;
  state.wantedAt = turn.wakeAt;
  return { state, effects: turn.effects, wakeAt: turn.wakeAt, delivered: turn.delivered, restored: turn.restored };
}

function judge(turn: Turn): void {
  const { phase } = turn.state;
  if (turn.state.leave?.isDone === true) return;
  switch (phase.kind) {
    case "electing":
      return judgeElecting(turn, phase);
    case "proposing":
      return judgeProposing(turn, phase);
    case "promised":
      return judgePromised(turn, phase);
    case "active": {
      const active = leading(turn);
      return active === null ? judgeMember(turn, phase) : judgeCoordinator(turn, active);
    }
    default:
      return unreachable(phase);
  }
}

/** The winner of a race is alone in a view, but has no lease before the loser's vote is taken away. */
function isLeaseAwaited({ phase, leaseUntil }: GroupState, { now }: Moment): boolean {
  return phase.kind === "active" && phase.lead !== null && phase.lead.grantedPeer !== null && now >= leaseUntil;
}

/** This node could win a race, or has just won it: what it runs, nobody else can start before it is off. */
function mayRace(state: GroupState): boolean {
  // Between the confirmation and the lone view, the peer is no member any more, and no lease runs yet.
  return state.race.grant !== null || rivalOf(standingOf(state)) !== null;
}
