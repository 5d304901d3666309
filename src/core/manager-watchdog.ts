import type { Effect } from "../model/effect.ts";
import { after, type InstantMs, instantMs, never } from "../model/units.ts";
import { ownWatchdog } from "./fencing/own-watchdog.ts";
import type { WatchdogOutcome } from "../model/watchdog.ts";
import {
  managerConfig,
  type ManagerState,
  patch,
  say,
  submit,
  type WatchdogState,
  type WatchdogWish,
  wake,
  type Work,
} from "./manager-work.ts";
import { leaseHere } from "./manager-spans.ts";
import { condemnationOf } from "./services/plan.ts";
import { isIdle } from "./services/runner-state.ts";

/**
 * This node's own watchdog: the fence of who has no fence device, and the last one of who has.
 *
 * It is fed by a step of the core and by nothing else, so that a core that hangs leads to a reset; and only while this node holds a
 * lease, or is known to run nothing. So who is out of the view has either stopped its services, or is reset.
 *
 * A new daemon arms it only when it may feed it, too. Until then it does not even open the device: Linux feeds a watchdog when a
 * process that holds it dies, and one daemon after the other that dies early would keep it quiet for ever, with services beneath
 * that nobody stops.
 */

/** Nothing armed, nothing asked. */
export const idleWatchdog: WatchdogState = {
  call: 0,
  asked: null,
  armed: null,
  problem: null,
  fedAt: instantMs(0),
  isStarving: false,
};

/** A watchdog that could not be armed is tried again after this: its module may have been loaded. */
const againMs = 30_000;

/** Arms and feeds the watchdog when this node may, and tells the others of it. After the runner: what it begins counts. */
export function tendWatchdog(work: Work): void {
  const { cluster, self, watchdog } = work.state;
  if (cluster.config === null) return;
  const own = ownWatchdog(cluster.config.config, self);
  if (own === null) {
    if (watchdog.armed === null && watchdog.asked === null && watchdog.problem === null) return;
    work.effects.push({ kind: "disarm-watchdog" });
    patch(work, { watchdog: { ...idleWatchdog, call: watchdog.call } });
    return;
  }
  const mayUntil = feedableUntil(work);
  arm(work, { device: own.device, timeoutMs: own.timeoutMs }, mayUntil);
  feed(work, mayUntil);
  tell(work, cluster.config.entry);
}

/** The watchdog has answered. */
export function onWatchdogOutcome(work: Work, call: number, outcome: WatchdogOutcome): void {
  const { watchdog } = work.state;
  const { asked } = watchdog;
  if (asked === null || call !== watchdog.call) return;
  if (outcome.ok) {
    const armed = { wish: asked, timeoutMs: outcome.timeoutMs, detail: `${asked.device} (${outcome.identity})` };
    patch(work, { watchdog: { ...watchdog, asked: null, armed, problem: null, fedAt: work.moment.now } });
    return;
  }
  if (outcome.isLate === true) return patch(work, { watchdog: { ...watchdog, asked: null } });
  const problem = { wish: asked, reason: outcome.reason, at: work.moment.now };
  patch(work, { watchdog: { ...watchdog, asked: null, problem } });
}

/** True while the others must not be told what runs here, since nothing was told of the watchdog. */
export function isWatchdogAwaited({ cluster, self, watchdog }: ManagerState): boolean {
  if (cluster.config === null || ownWatchdog(cluster.config.config, self) === null) return false;
  return watchdog.armed === null && watchdog.problem === null;
}

/** What is to be done with it when the daemon ends. Where something may run, the watchdog stays. */
export function watchdogAtExit({ watchdog, runner }: ManagerState): readonly Effect[] {
  const isHeld = watchdog.armed !== null || watchdog.asked !== null;
  return isHeld && isIdle(runner) ? [{ kind: "disarm-watchdog" }] : [];
}

/** 0: not now. [FEN-13] */
function feedableUntil({ state, facts }: Work): InstantMs {
  const need = condemnationOf(state.cluster, state.self);
  const isMine = state.cluster.nodes[state.self]?.incarnation === state.incarnation;
  if (need !== undefined && isMine) return instantMs(0);
  if (isIdle(state.runner)) return never;
  return facts.isLeased ? facts.leaseUntil : instantMs(0);
}

function arm(work: Work, wish: WatchdogWish, mayUntil: InstantMs): void {
  const { watchdog } = work.state;
  const { asked, armed, problem } = watchdog;
  const isSame = (other: WatchdogWish): boolean => other.device === wish.device && other.timeoutMs === wish.timeoutMs;
  if (asked !== null || work.moment.now >= mayUntil || (armed !== null && isSame(armed.wish))) return;
  if (problem !== null && isSame(problem.wish)) {
    const againAt = after(problem.at, againMs);
    if (work.moment.now < againAt) return wake(work, againAt);
  }
  const call = watchdog.call + 1;
  patch(work, { watchdog: { ...watchdog, call, asked: wish } });
  work.effects.push({ kind: "arm-watchdog", call, ...wish, notAfter: mayUntil });
}

function feed(work: Work, mayUntil: InstantMs): void {
  const { state, moment } = work;
  const { watchdog } = state;
  if (watchdog.armed === null) return;
  const isStarving = moment.now >= mayUntil;
  if (isStarving && !watchdog.isStarving)
    say(work, "error", "its watchdog is not fed any more: it resets this node, unless its services are stopped before");
  if (isStarving !== watchdog.isStarving) patch(work, { watchdog: { ...watchdog, isStarving } });
  if (isStarving) return;
  const { keepaliveMs } = managerConfig(state).heartbeat;
  const dueAt = after(watchdog.fedAt, keepaliveMs);
  if (moment.now < dueAt) return wake(work, dueAt);
  work.effects.push({ kind: "feed-watchdog", notAfter: mayUntil });
  patch(work, { watchdog: { ...work.state.watchdog, fedAt: moment.now } });
  wake(work, after(moment.now, keepaliveMs));
}

/** [FEN-12] An entry when what the others know of it is not what is so. */
function tell(work: Work, config: number): void {
  const { cluster, self, incarnation, watchdog } = work.state;
  const here = cluster.nodes[self];
  if (work.facts.view === null || here?.incarnation !== incarnation || !here.isMember) return;
  const { armed, problem } = watchdog;
  const told =
    armed !== null
      ? { timeoutMs: armed.timeoutMs, detail: armed.detail }
      : problem !== null
        ? { timeoutMs: 0, detail: problem.reason }
        : null;
  if (told === null) return;
  const known = here.watchdog;
  if (known?.timeoutMs === told.timeoutMs && known.detail === told.detail) return;
  submit(work, "watchdog", { kind: "watchdog", node: self, incarnation, config, ...told, leaseMs: leaseHere(work) });
}
