import { Command } from "commander";
import type { CliContext } from "./cli-context.ts";
import { addAgentCommands } from "./commands/agent-commands.ts";
import { addArbiterDiskCommands } from "./commands/arbiter-disk-commands.ts";
import { addChangeCommands } from "./commands/change-commands.ts";
import { addConfigCommands } from "./commands/config-commands.ts";
import { addEventCommands } from "./commands/event-commands.ts";
import { addFenceCommands } from "./commands/fence-commands.ts";
import { addLocalCommands } from "./commands/local-commands.ts";
import { addScheduleCommands } from "./commands/schedule-commands.ts";
import { addShowCommands } from "./commands/show-commands.ts";
import { addWitnessCommand } from "./commands/witness-command.ts";
import type { ExitCode } from "./exit-codes.ts";

const footer = `
Exit codes: 0 done, 1 failed, 2 usage or wrong configuration, 3 no quorum, 4 daemon not reached, 5 warnings (hale check).
Folders: HALE_ETC (/etc/hale), HALE_STATE (/var/lib/hale), HALE_RUN (/run/hale). More: man hale, man cluster.yaml.
`;

/** All commands. `finish` is told the exit code of the one that is run. */
export function buildProgram(context: CliContext, finish: (code: ExitCode) => void): Command {
  const program = new Command("hale")
    .description("keeps services running on a few Linux servers")
    .version(context.version, "-V, --version")
    .addHelpText("after", footer)
    .showHelpAfterError("(see: hale --help)")
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHasColors: () => context.useColour,
      getErrHasColors: () => context.useColour,
      getOutHelpWidth: () => context.stdout.columns() ?? 100,
      getErrHelpWidth: () => context.stderr.columns() ?? 100,
      outputError: (text, write) => write(text.replace(/^error: /, "hale: ")),
    })
    .exitOverride();
  const cli = { program, context, finish };
  addShowCommands(cli);
  addEventCommands(cli);
  addChangeCommands(cli);
  addScheduleCommands(cli);
  addConfigCommands(cli);
  addFenceCommands(cli);
  addAgentCommands(cli);
  addLocalCommands(cli);
  addWitnessCommand(cli);
  addArbiterDiskCommands(cli);
  return program;
}
