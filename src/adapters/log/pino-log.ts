import { isatty } from "node:tty";
import { pino } from "pino";
import type { Log } from "../../ports/log.ts";
import { openStdout, type Stdout } from "./open-stdout.ts";

/** sd-daemon's priorities: the journal reads `<4>` at the start of a line as "warning". */
const priorities = { error: 3, warning: 4, info: 6, debug: 7 } as const;
const pinoLevels = { error: "error", warning: "warn", info: "info", debug: "debug" } as const;

/** One of the four levels of the log. */
export type LogLevel = keyof typeof priorities;

/**
 * Lines on stdout. Whoever reads them may hang without holding the daemon up: lines wait, and beyond 1 MiB they are lost,
 * which is told once the reader goes on.
 *
 * @param level lines below it are left out
 * @param format `json`: a document a line; `text`: for the journal, with its priority prefix (which a terminal does without); node and
 *   service stand before the text as in `hale events`, other fields after it
 */
export function createLog(level: LogLevel, format: "json" | "text"): Log {
  const stdout = openStdout((lines) => write("warning", `${lines} lines of the log are lost: nobody read them`));
  const write = format === "json" ? jsonWriter(stdout, level) : textWriter(stdout, level);
  return { write };
}

function jsonWriter(stdout: Stdout, level: LogLevel): Log["write"] {
  const logger = pino({ level: pinoLevels[level], base: null, messageKey: "text" }, stdout);
  return (at, text, fields) => logger[pinoLevels[at]](fields ?? {}, text);
}

function textWriter(stdout: Stdout, level: LogLevel): Log["write"] {
  const isTerminal = isatty(1);
  return (at, text, fields = {}) => {
    if (priorities[at] > priorities[level]) return;
    stdout.write(`${isTerminal ? "" : `<${priorities[at]}>`}${logLine(text, fields)}\n`);
  };
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
