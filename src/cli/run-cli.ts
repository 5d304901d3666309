import { CommanderError } from "commander";
import { buildProgram } from "./build-program.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { errorCodeOf, type ExitCode, exitCodeOf, exitCodes } from "./exit-codes.ts";

/**
 * Runs one command. Never rejects: whatever goes wrong is told on stderr and becomes an exit code.
 *
 * @param words what stands after `hale`
 */
export async function runCli(words: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  try {
    const program = buildProgram(context, (value) => {
      code = value;
    });
    if (words[0] === "complete" || words[0] === "completion") {
      const { addCompletion } = await import("./complete.ts");
      await addCompletion(program, context, words);
    } else
      program
        .command("completion")
        .argument("<shell>", "bash, zsh or fish")
        .description("print a script that completes commands and names");
    if (words.length === 0) {
      program.outputHelp({ error: true });
      return exitCodes.usage;
    }
    await program.parseAsync([...words], { from: "user" });
    return code;
  } catch (error) {
    return tellError(error, words, context);
  }
}

function tellError(error: unknown, words: readonly string[], context: CliContext): ExitCode {
  const isJson = words.includes("--json");
  if (error instanceof CommanderError) {
    // commander has said it already; help and version end this way, too.
    if (error.exitCode === 0) return exitCodes.done;
    if (isJson) writeJson(context, { ok: false, code: "USAGE", text: error.message.replace(/^error: /, "") });
    return exitCodes.usage;
  }
  const code = errorCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const { paint } = lookOf(context);
  if (isJson) writeJson(context, { ok: false, code, text: message });
  context.stderr.write(`${paint("bad", "hale:")} ${message} ${paint("dim", `[${code}]`)}\n`);
  return exitCodeOf(code);
}
