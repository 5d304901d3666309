import { nextCountAt, reachlistOf } from "../quorum/reach.ts";
import { isDue, type Turn } from "./turn.ts";

/**
 * [GRP-45] Counts the hosts of the reachlist again and again, each count within two keepalives, so that one which was begun after a peer's last
 * heartbeat is there before its deadtime is over.
 */
export function countReach(turn: Turn): void {
  const { state, moment } = turn;
  const hosts = reachlistOf(state.setup.quorum);
  const timeoutMs = 2 * state.setup.timers.keepalive;
  if (hosts.length === 0 || !isDue(turn, nextCountAt(state.reach, timeoutMs))) return;
  const call = state.reach.call + 1;
  state.reach = { ...state.reach, call, askedAt: moment.now, isOut: true };
  turn.effects.push({ kind: "count-reach", call, hosts, timeoutMs });
}
