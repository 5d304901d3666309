import { lookOf } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { cutLine } from "./text/layout.ts";
import { statusText } from "./text/status-text.ts";

const escape = "\u001b[";
const enterScreen = `${escape}?1049h${escape}?25l`;
const leaveScreen = `${escape}?25h${escape}?1049l`;
const home = `${escape}H`;
const clearToLineEnd = `${escape}K`;
const clearBelow = `${escape}J`;

/**
 * Shows the status again and again until Ctrl-C or q. On a terminal in place, on a screen of its own that is left behind as it
 * was; elsewhere one status after the other. A daemon that is not reached is said, and tried again: it may be restarting.
 */
export async function watchStatus(context: CliContext, intervalMs: number): Promise<ExitCode> {
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const stopListening = context.onQuitKey(() => quit.abort());
  const { stdout } = context;
  if (stdout.isTerminal) stdout.write(enterScreen);
  try {
    while (!signal.aborted) {
      const text = await oneLook(context, signal);
      if (signal.aborted) break;
      stdout.write(stdout.isTerminal ? inPlace(text, context) : `${text}\n`);
      await pause(intervalMs, signal);
    }
  } finally {
    stopListening();
    if (stdout.isTerminal) stdout.write(leaveScreen);
  }
  return exitCodes.done;
}

async function oneLook(context: CliContext, signal: AbortSignal): Promise<string> {
  const look = lookOf(context);
  try {
    return statusText(await context.client.status(signal), look);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `${look.paint("bad", message)}\n${look.wallText(context.now())}, trying again\n`;
  }
}

/** Lines that do not fit are cut: one that wraps would push the rest off the screen. */
function inPlace(text: string, { stdout }: CliContext): string {
  const [columns, rows] = [stdout.columns() ?? 80, stdout.rows() ?? 24];
  const lines = text.trimEnd().split("\n");
  const shown = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
  return home + shown.map((line) => cutLine(line, columns) + clearToLineEnd).join("\r\n") + clearBelow;
}

/** Resolves after the span, or at once when aborted. */
export function pause(spanMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, spanMs);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}
