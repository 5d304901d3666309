import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";
import type { ExitCode } from "./exit-codes.ts";
import { colourPaint, type Paint, plainPaint } from "./text/paint.ts";
import type { Look } from "./text/look.ts";

/** Where a group of commands is added. */
export interface CliProgram {
  readonly program: Command;
  readonly context: CliContext;
  /** Keeps the exit code of the command that was run. */
  readonly finish: (code: ExitCode) => void;
}

/** How text looks for this operator. */
export function lookOf(context: CliContext): Look {
  const paint: Paint = context.useColour ? colourPaint : plainPaint;
  return { paint, wallText: context.wallText };
}

/** One document, for programs. */
export function writeJson(context: CliContext, value: unknown): void {
  context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
