import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import type { CliContext } from "../cli-context.ts";
import { applyConfig, type ApplyOptions } from "../apply-config.ts";
import { checkConfig } from "../check-config.ts";
import { showPreview } from "../show-preview.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "../exit-codes.ts";
import { withChangeOptions } from "./change-options.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** `hale config check|show|schema|apply|reload`. The parser is loaded only here: it costs more than the rest of the command. */
export function addConfigCommands({ program, context, finish }: CliProgram): void {
  const group = program.command("config").description("check, show or change the configuration");
  group
    .command("check")
    .description(
      "read a configuration file and tell every error with its place, also what its fence agents say of it, and what it leaves to chance; exit code 2 when there is one",
    )
    .argument("[file]", `default: ${context.configPath}`)
    .option("--json", "one document")
    .action(async (file: string | undefined, options: JsonOption) => {
      finish(await checkConfig(context, file ?? context.configPath, options.json === true));
    });
  group
    .command("show")
    .description("the configuration that is in force, with every default written out")
    .option("--json", "as the daemon holds it, with its digest")
    .action(async (options: JsonOption) => {
      const inForce = await context.client.config(context.signal);
      if (options.json === true) writeJson(context, inForce);
      else {
        const { writeConfig } = await import("../../config/write-config.ts");
        context.stdout.write(`# in force, digest ${inForce.digest}\n${writeConfig(inForce.config)}`);
      }
      finish(exitCodes.done);
    });
  group
    .command("schema")
    .description("the JSON Schema of cluster.yaml, for editors")
    .option("--json", "it is JSON in any case")
    .action(async () => {
      const { configJsonSchema } = await import("../../config/schema.ts");
      writeJson(context, configJsonSchema());
      finish(exitCodes.done);
    });
  withChangeOptions(
    group
      .command("apply")
      .description(
        "check a file, show what would start, stop and move, and let the cluster agree on it; then it is this node's file, too",
      ),
  )
    .argument("[file]", `default: ${context.configPath}`)
    .option("-y, --yes", "do not ask")
    .action(async (file: string | undefined, options: ApplyOptions) => {
      finish(await applyConfig(context, file ?? context.configPath, options));
    });
  group
    .command("reload")
    .description("let the daemon read its file again and the cluster agree on it; a wrong file changes nothing")
    .option("--dry-run", "do nothing; tell what would start, stop and move, in which order, and how long what is down")
    .option("--json", "one document")
    .action(async (options: JsonOption & { readonly dryRun?: boolean }) => {
      const json = options.json === true;
      if (options.dryRun === true)
        finish(showPreview(context, await context.client.previewReload(context.signal), json));
      else finish(await reloadConfig(context, json));
    });
}

async function reloadConfig(context: CliContext, json: boolean): Promise<ExitCode> {
  const answer = await context.client.reload(context.signal);
  const { paint } = lookOf(context);
  if (json) writeJson(context, answer);
  if (answer.ok) {
    if (!json) context.stdout.write(`${paint("good", "✓")} ${answer.text}\n`);
    return exitCodes.done;
  }
  context.stderr.write(`${paint("bad", "hale:")} ${answer.text} ${paint("dim", `[${answer.code}]`)}\n`);
  return exitCodeOf(answer.code);
}
