import type { Preview } from "../model/preview.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-codes.ts";
import { previewText } from "./text/preview-text.ts";

/** Prints what a change would lead to. Exit code as the change itself would have it at once: refused or not. */
export function showPreview(context: CliContext, preview: Preview, json: boolean): ExitCode {
  const look = lookOf(context);
  if (json) writeJson(context, preview);
  if (preview.ok) {
    if (!json) context.stdout.write(previewText(preview, look));
    return exitCodes.done;
  }
  const { paint } = look;
  if (!json) context.stderr.write(`${paint("bad", "hale:")} ${preview.text} ${paint("dim", `[${preview.code}]`)}\n`);
  return exitCodeOf(preview.code);
}
