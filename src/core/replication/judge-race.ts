import type { NodeId } from "../../model/ids.ts";
import { after, instantMs, never } from "../../model/units.ts";
import { sameViewId } from "../../model/view.ts";
import { isHeard } from "../membership/peer.ts";
import { toElecting } from "./phases.ts";
import { beatAtOnce, isDue, peerOf, replacePeer, type Turn } from "./turn.ts";

/**
 * The answer to `arbiterFence`. [GRP-37] It grants quorum only when it is confirmed, of the request that is out, and nothing was
 * installed since: else the peer may have come back in between and know more.
 */
export function onFenceVerdict(turn: Turn, target: NodeId, attempt: number, confirmed: boolean): void {
  const { state, moment } = turn;
  const { race } = state;
  if (race.out === null || race.out.target !== target || race.attempt !== attempt) return;
  const { logView } = race.out;
  const isDecisive = confirmed && state.phase.kind === "electing" && sameViewId(logView, state.logView);
  state.race = {
    ...race,
    out: null,
    grant: isDecisive ? { peer: target, logView } : null,
    notBefore: after(moment.now, state.setup.timers.fenceRetry),
  };
  if (!isDecisive) return;
  // What was heard of it before is the past: it is off now, whatever its last packets said.
  const peer = peerOf(turn, target);
  if (peer !== undefined)
    replacePeer(turn, {
      ...peer,
      heardAt: instantMs(Math.min(peer.heardAt, moment.now - state.setup.timers.deadtime)),
    });
  toElecting(turn, 0);
  beatAtOnce(turn);
}

/**
 * Asks the port of a silent member before its deadtime is over, so that its death and "its kernel lives" are known together: a daemon
 * that comes back in that moment answers "open", as one does that stands still, and only who was heard to say "closed" has a grace.
 * Again each second, because the grace lasts.
 */
export function probeSilent(turn: Turn): void {
  const { state, moment } = turn;
  const { setup } = state;
  if (!state.isInstalledHere) return;
  for (const peer of state.peers) {
    const isMember = state.viewMembers.some(({ node }) => node === peer.node);
    // Who is about to be taken in is asked as well: it may be a member by the time of its death.
    if (!(isMember || peer.beat !== null) || peer.incarnation === peer.gone) continue;
    const isFirst = peer.probedAt === never;
    const dueAt = isFirst ? after(peer.heardAt, setup.timers.probe) : after(peer.probedAt, probeAgainMs);
    const isTooLate = !isHeard(peer, moment.now, setup.timers.deadtime + setup.timers.daemonGrace);
    if (isTooLate || !isDue(turn, dueAt)) continue;
    turn.effects.push({ kind: "probe-port", node: peer.node });
    replacePeer(turn, { ...peer, probedAt: moment.now });
  }
}

const probeAgainMs = 1_000;
