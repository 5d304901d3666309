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
  const at = timeOf(text, now);
  if (at === null) throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: ${wanted}`);
  if (at <= now) throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as a time: it is over, ${wanted}`);
  return wallMs(at);
}

function timeOf(text: string, now: WallMs): number | null {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hours = "", minutes = "", seconds = "00", zone] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  if (year === undefined || month === undefined || day === undefined)
    return zone === undefined ? nextTimeOfDay(now, Number(hours), Number(minutes), Number(seconds)) : null;
  const isDay = new Date(`${year}-${month}-${day}T00:00:00Z`).toJSON()?.startsWith(`${year}-${month}-${day}`) === true;
  if (!isDay) return null;
  // Without a zone it is local time, by the standard of ECMAScript.
  const at = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}${zone ?? ""}`);
  return Number.isNaN(at) ? null : at;
}

function nextTimeOfDay(now: WallMs, hours: number, minutes: number, seconds: number): number {
  const today = new Date(now);
  today.setHours(hours, minutes, seconds, 0);
  if (today.getTime() > now) return today.getTime();
  today.setDate(today.getDate() + 1);
  today.setHours(hours, minutes, seconds, 0);
  return today.getTime();
}
