import type { ClusterEvent } from "../../model/cluster-event.ts";
import { printable } from "./layout.ts";
import type { Look } from "./look.ts";
import type { Tone } from "./paint.ts";

const tones: Readonly<Record<ClusterEvent["level"], Tone | null>> = {
  error: "bad",
  warning: "warn",
  info: null,
  debug: "dim",
};

/** One event on one line: when, where, what it is about. Warnings and errors say so where there are no colours. */
export function eventLine(event: ClusterEvent, nodeWidth: number, { paint, wallText }: Look): string {
  const tone = tones[event.level];
  const level = event.level === "info" || event.level === "debug" ? "" : `${event.level}: `;
  const subject = event.service === undefined ? "" : `service ${event.service}: `;
  const service = event.text.startsWith(subject) ? "" : subject;
  const text = `${level}${service}${printable(event.text)}`;
  return `${paint("dim", wallText(event.at, "ms"))}  ${event.node.padEnd(nodeWidth)}  ${tone === null ? text : paint(tone, text)}\n`;
}
