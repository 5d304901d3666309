import { isatty } from "node:tty";
import { pino } from "pino";
import type { Log } from "../../ports/log.ts";

/** sd-daemon's priorities: the journal reads `<4>` at the start of a line as "warning". */
const priorities = { error: 3, warning: 4, info: 6, debug: 7 } as const;
const pinoLevels = { error: "error", warning: "warn", info: "info", debug: "debug" } as const;

/** One of the four levels of the log. */
export type LogLevel = keyof typeof priorities;

/**
 * Lines on stdout, written at once, so that a daemon's last words are not lost.
 *
 * @param level lines below it are left out
 * @param format `json`: a document a line; `text`: for the journal, with its priority prefix (which a terminal does without); node and
 *   service stand before the text as in `hale events`, other fields after it
 */
export function createLog(level: LogLevel, format: "json" | "text"): Log {
  if (format === "json") {
    const logger = pino(
      { level: pinoLevels[level], base: null, messageKey: "text" },
      pino.destination({ fd: 1, sync: true }),
    );
    return { write: (at, text, fields) => logger[pinoLevels[at]](fields ?? {}, text) };
  }
  const destination = pino.destination({ fd: 1, sync: true });
  const isTerminal = isatty(1);
  const write = (at: LogLevel, text: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (priorities[at] > priorities[level]) return;
    destination.write(`${isTerminal ? "" : `<${priorities[at]}>`}${logLine(text, fields)}\n`);
  };
  return { write };
}

/** `n1 service web: stopped -> starting on n1 entry=9`, whatever the text holds in one line. */
export function logLine(text: string, { node, service, ...others }: Readonly<Record<string, unknown>>): string {
  const who = typeof node === "string" ? `${node} ` : "";
  const what = typeof service === "string" ? `service ${service}: ` : "";
  const pairs = Object.entries(others)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const line = text.startsWith(what) ? text : `${what}${text}`;
  return `${who}${line.replaceAll("\n", "\\n")}${pairs.join("")}`;
}
