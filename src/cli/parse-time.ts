import { ClusterError } from "../model/errors.ts";
import { wallMs, type WallMs } from "../model/units.ts";

const wanted =
  "wants a time to come such as 03:00, 2026-12-01T03:00 (both of this machine's zone) or 2026-12-01T03:00Z";

/**
 * A time of day, the next one; or a day and a time, in the zone of this machine unless it names another. A time that the clocks skip is the one that they show then.
 *
 * @throws ClusterError USAGE when it is none, or over
 */
export function parseTime(text: string, now: WallMs): WallMs {
  const at = timeOf(text, (hours, minutes, seconds) => nextTimeOfDay(now, hours, minutes, seconds));
  if (at === null) throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: ${wanted}`);
  if (at <= now) throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: it is over, ${wanted}`);
  return wallMs(at);
}

/**
 * A time of day, the last one; or a day and a time, as above. Where no seconds are given, the end of that minute: what happened in it is meant.
 *
 * @throws ClusterError USAGE when it is none, or to come
 */
export function parsePastTime(text: string, now: WallMs): WallMs {
  const at = timeOf(text, (hours, minutes, seconds) => lastTimeOfDay(now, hours, minutes, seconds));
  const wants =
    "wants a time that is over such as 03:12, 2026-12-01T03:12 (both of this machine's zone) or 2026-12-01T03:12Z";
  if (at === null) throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: ${wants}`);
  if (at > now)
    throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: it is to come, ${wants}`);
  const hasSeconds = /:\d\d:\d\d/.test(text);
  return wallMs(hasSeconds ? at + 999 : at + 59_999);
}

type TimeOfDay = (hours: number, minutes: number, seconds: number) => number;

function timeOf(text: string, timeOfDay: TimeOfDay): number | null {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hours = "", minutes = "", seconds = "00", zone] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  if (year === undefined || month === undefined || day === undefined)
    return zone === undefined ? timeOfDay(Number(hours), Number(minutes), Number(seconds)) : null;
  const isDay = new Date(`${year}-${month}-${day}T00:00:00Z`).toJSON()?.startsWith(`${year}-${month}-${day}`) === true;
  if (!isDay) return null;
  // Without a zone it is local time, by the standard of ECMAScript.
  const at = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}${zone ?? ""}`);
  return Number.isNaN(at) ? null : at;
}

function lastTimeOfDay(now: WallMs, hours: number, minutes: number, seconds: number): number {
  const today = new Date(now);
  today.setHours(hours, minutes, seconds, 0);
  if (today.getTime() > now) today.setDate(today.getDate() - 1);
  return today.setHours(hours, minutes, seconds, 0);
}

function nextTimeOfDay(now: WallMs, hours: number, minutes: number, seconds: number): number {
  const today = new Date(now);
  today.setHours(hours, minutes, seconds, 0);
  if (today.getTime() > now) return today.getTime();
  today.setDate(today.getDate() + 1);
  today.setHours(hours, minutes, seconds, 0);
  return today.getTime();
}
