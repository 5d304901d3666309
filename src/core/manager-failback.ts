import type { DayWindow } from "../model/cluster-config.ts";
import type { Moment } from "../model/input.ts";
import { after } from "../model/units.ts";
import { submit, wake, type Work } from "./manager-work.ts";
import { definitionOf } from "./services/cluster-state.ts";
import { waitingForWindow } from "./services/failback.ts";

const dayMs = 86_400_000;

/** Whoever sets a clock is noticed within this. */
const lookMsMax = 60_000;

/**
 * [PLC-11] Says when the time of day has come at which services may return to a better node. The coordinator looks at its own local time; that its clock may be
 * wrong makes a return early or late, never a second one: who has returned has no better node.
 */
export function openFailbackWindows(work: Work): void {
  const { cluster, self } = work.state;
  if (work.facts.view?.coordinator !== self) return;
  for (const record of waitingForWindow(cluster)) {
    const window = definitionOf(cluster, record).domain.failbackBetween;
    if (window === undefined) continue;
    const { service, order } = record;
    const waitMs = waitForWindow(window, work.moment);
    if (waitMs === 0) submit(work, `failback:${service}:${order}`, { kind: "failback", service, attempt: order });
    else wake(work, after(work.moment.now, Math.min(waitMs, lookMsMax)));
  }
}

/** 0: it is open. */
export function waitForWindow({ from, until }: DayWindow, { wall, zoneMs = 0 }: Moment): number {
  const timeOfDay = (wall + zoneMs) % dayMs;
  const sinceFrom = (timeOfDay - from * 60_000 + dayMs) % dayMs;
  const lengthMs = ((until - from) * 60_000 + dayMs) % dayMs;
  return sinceFrom < lengthMs ? 0 : dayMs - sinceFrom;
}
