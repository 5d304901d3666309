import { ClusterError } from "../model/errors.ts";
import { type Answer, canWait, type Intent } from "../model/intent.ts";
import { type WallMs, wallMs } from "../model/units.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-codes.ts";
import { showPreview } from "./show-preview.ts";
import { parseSpan } from "./parse-span.ts";
import { parseTime } from "./parse-time.ts";
import { printable } from "./text/layout.ts";

/** Options of every command that changes something. */
export interface ChangeOptions {
  readonly wait: boolean;
  readonly timeout?: string;
  readonly json?: boolean;
  /** Only tell what would follow. */
  readonly dryRun?: boolean;
  /** Later, once: at this time. */
  readonly at?: string;
  /** Later, once: after this span. */
  readonly in?: string;
}

/** Asks the cluster to do something and shows how it goes, until it is done or refused; or to do it later, until it is on the list. */
export async function submitIntent(context: CliContext, wish: Intent, options: ChangeOptions): Promise<ExitCode> {
  const at = timeWanted(options, context.now());
  const intent = at !== null && canWait(wish) ? { kind: "schedule" as const, what: wish, at } : wish;
  if (options.dryRun === true)
    return showPreview(context, await context.client.preview(intent, context.signal), options.json === true);
  const show = progressShower(context, options.json === true);
  const timeoutMs = options.timeout === undefined ? null : parseSpan(options.timeout, "time-out");
  const timeout = new AbortController();
  const timer = timeoutMs === null ? undefined : setTimeout(() => timeout.abort(), timeoutMs);
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  try {
    for await (const line of context.client.submit(intent, { wait: options.wait }, signal)) {
      if (line.kind === "progress") show.progress(line.text);
      if (line.kind === "answer") return show.answer(line.answer);
    }
  } catch (error) {
    // An abort that comes before the first line ends the call with an error; it means the same as one that comes later.
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  if (!signal.aborted) return show.answer({ ok: true, text: "accepted; not waiting for it" });
  const why = timeout.signal.aborted ? `not done within ${options.timeout}` : "no longer waiting";
  throw new ClusterError("TIMED_OUT", `${why}; what was accepted goes on, see "hale status"`);
}

/** @throws ClusterError USAGE */
function timeWanted({ at, in: span }: ChangeOptions, now: WallMs): WallMs | null {
  if (at !== undefined && span !== undefined)
    throw new ClusterError(
      "USAGE",
      `Cannot do it at ${JSON.stringify(at)} and in ${JSON.stringify(span)}: wants one of --at and --in`,
    );
  if (at !== undefined) return parseTime(at, now);
  return span === undefined ? null : wallMs(now + parseSpan(span, "the time until then"));
}

/** A person sees each step as it happens, a program one document at the end. */
export function progressShower(context: CliContext, json: boolean) {
  const { paint } = lookOf(context);
  const steps: string[] = [];
  return {
    progress(text: string): void {
      steps.push(text);
      if (!json) context.stdout.write(`${paint("dim", "·")} ${printable(text)}\n`);
    },
    answer(answer: Answer): ExitCode {
      if (json) writeJson(context, { ...answer, progress: steps });
      if (answer.ok) {
        if (!json) context.stdout.write(`${paint("good", "✓")} ${printable(answer.text)}\n`);
        return exitCodes.done;
      }
      context.stderr.write(`${paint("bad", "hale:")} ${printable(answer.text)} ${paint("dim", `[${answer.code}]`)}\n`);
      return exitCodeOf(answer.code);
    },
  };
}
