import type { ScheduleSnapshot } from "../../model/snapshot.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";

/** `hale schedule`: what waits for its time, and what became of the last ones. */
export function scheduleText(schedule: ScheduleSnapshot, look: Look): string {
  const { paint } = look;
  const waiting = waitingLines(schedule, look);
  const none = [paint("dim", "nothing is scheduled")];
  const sections = [waiting.length === 0 ? none : waiting, pastLines(schedule, look)];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** In order of time; empty when there is nothing. */
export function waitingLines({ waiting }: ScheduleSnapshot, { paint, wallText }: Look): string[] {
  if (waiting.length === 0) return [];
  const head = ["  ID", "SCHEDULED FOR", "WHAT", "BY"].map((title) => paint("dim", title));
  const rows = waiting.map(({ id, at, words, by, askedAt }) => [
    `  ${id}`,
    wallText(at),
    paint("strong", printable(words)),
    `${printable(by)}, ${wallText(askedAt)}`,
  ]);
  return alignRows([head, ...rows]);
}

function pastLines({ past }: ScheduleSnapshot, { paint, wallText }: Look): readonly string[] {
  if (past.length === 0) return [];
  const rows = past.map(({ id, endedAt, words, by, result, reason }) => {
    const isWell = result === "done" || result === "cancelled";
    const text = reason === "" || result === "cancelled" ? reason : `${result}: ${reason}`;
    return [
      `  ${id}`,
      wallText(endedAt),
      printable(words),
      printable(by),
      paint(isWell ? "good" : "bad", text === "" ? result : printable(text)),
    ];
  });
  return [paint("dim", "OVER (newest first)"), ...alignRows(rows)];
}
