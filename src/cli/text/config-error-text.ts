import { type ConfigError, formatConfigError } from "../../config/config-error.ts";
import { printable } from "./layout.ts";
import type { Look } from "./look.ts";

/** Every error with the line it is in and a mark under the place. */
export function configErrorsText(errors: readonly ConfigError[], source: string, { paint }: Look): string {
  const lines = source.split("\n");
  const parts = errors.map((error) => {
    const line = lines[error.line - 1] ?? "";
    const number = String(error.line).padStart(5);
    // Tabs would shift the mark: both lines show them as the same number of blanks.
    const shown = printable(line.replace(/\r$/, ""));
    const offset = printable(line.slice(0, error.column - 1)).length;
    const excerpt = `${paint("dim", `${number} |`)} ${shown}\n${paint("dim", "      |")} ${" ".repeat(offset)}${paint("bad", "^")}`;
    return `${printable(formatConfigError(error))}\n${excerpt}`;
  });
  return `${parts.join("\n")}\n`;
}
