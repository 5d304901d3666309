import type { DayWindow } from "../model/cluster-config.ts";

/** `02:00-04:00`; it may go over midnight. undefined when it is none. */
export function parseDayWindow(text: string): DayWindow | undefined {
  const match = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [hour = 0, minute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  if (hour > 23 || minute > 59 || toMinute > 59 || toHour * 60 + toMinute > 24 * 60) return undefined;
  const window = { from: hour * 60 + minute, until: (toHour * 60 + toMinute) % (24 * 60) };
  return window.from === window.until ? undefined : window;
}

/** The same as it is written. */
export function formatDayWindow({ from, until }: DayWindow): string {
  return `${clockText(from)}-${clockText(until)}`;
}

function clockText(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
