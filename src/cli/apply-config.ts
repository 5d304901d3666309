import { ClusterError } from "../model/errors.ts";
import type { ServiceId } from "../model/ids.ts";
import type { Answer } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import { examineConfig, tellErrors, tellWarnings } from "./check-config.ts";
import type { CliContext } from "./cli-context.ts";
import { lookOf } from "./cli-command.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { parseSpan } from "./parse-span.ts";
import { awaitRest } from "./await-rest.ts";
import { showPreview } from "./show-preview.ts";
import { type ChangeOptions, progressShower } from "./submit-intent.ts";
import { previewText } from "./text/preview-text.ts";

/** Options of `hale config apply`. */
export type ApplyOptions = Omit<ChangeOptions, "at" | "in"> & { readonly yes?: boolean };

/**
 * `hale config apply`: the file is checked, what would follow is shown and, where that stops something, asked about; then the cluster agrees on
 * it, and the command returns when whatever follows from it has come to rest.
 *
 * @throws ClusterError CONFIG_UNREADABLE, NOT_REACHED, TIMED_OUT
 */
export async function applyConfig(context: CliContext, path: string, options: ApplyOptions): Promise<ExitCode> {
  const json = options.json === true;
  const timeoutMs = options.timeout === undefined ? null : parseSpan(options.timeout, "time-out");
  const examined = await examineConfig(context, path);
  if (!examined.ok) return tellErrors(context, examined, json);
  if (!json) tellWarnings(context, examined);
  const preview = await context.client.previewApply(examined.text, context.signal);
  if (!preview.ok || options.dryRun === true) return showPreview(context, preview, json);
  if (!json) context.stdout.write(`${previewText(preview, lookOf(context), "This is what will follow:")}\n`);
  if (options.yes !== true && !(await isSure(context, preview))) {
    context.stderr.write("Nothing was done\n");
    return exitCodes.failed;
  }
  return agree(context, examined.text, { ...options, timeoutMs, starting: startingBy(preview) });
}

/** What stops nothing is done without a question, and nobody to ask is a script, which has said what it wants. */
async function isSure(context: CliContext, { steps }: Extract<Preview, { ok: true }>): Promise<boolean> {
  if (steps.every(({ action }) => action === "start")) return true;
  return (await context.confirm("Services are stopped or moved by it. Apply?")) ?? true;
}

/** Services whose last step is a start. */
function startingBy({ steps }: Extract<Preview, { ok: true }>): ReadonlySet<ServiceId> {
  const last = new Map(steps.flatMap(({ service, action }) => (service === undefined ? [] : [[service, action]])));
  return new Set([...last].filter(([, action]) => action === "start").map(([service]) => service));
}

async function agree(
  context: CliContext,
  text: string,
  options: ApplyOptions & { readonly timeoutMs: number | null; readonly starting: ReadonlySet<ServiceId> },
): Promise<ExitCode> {
  const { client } = context;
  const show = progressShower(context, options.json === true);
  const timeout = new AbortController();
  const timer = options.timeoutMs === null ? undefined : setTimeout(() => timeout.abort(), options.timeoutMs);
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  try {
    const before = (await client.events(0, signal)).at(-1)?.sequence ?? 0;
    const answer = await client.apply(text, signal);
    if (!answer.ok || !options.wait) return show.answer(answer);
    show.progress(answer.text);
    const { starting } = options;
    const failed = await awaitRest(client, before, { starting, signal, progress: (line) => show.progress(line) });
    return show.answer(restAnswer(failed));
  } catch (error) {
    if (!signal.aborted) throw error;
    const why = timeout.signal.aborted ? `not done within ${options.timeout}` : "no longer waiting";
    throw new ClusterError("TIMED_OUT", `${why}; what was accepted goes on, see "hale status"`);
  } finally {
    clearTimeout(timer);
  }
}

function restAnswer(failed: readonly string[]): Answer {
  if (failed.length === 0) return { ok: true, text: "done: nothing is being started or stopped any more" };
  return { ok: false, code: "FAILED", text: `It is in force, but ${failed.join("; ")}` };
}
