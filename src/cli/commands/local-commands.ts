import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import type { Founding } from "../cli-context.ts";
import { exitCodes } from "../exit-codes.ts";

/** What needs no daemon: `init`, `simulate`. */
export function addLocalCommands({ program, context, finish }: CliProgram): void {
  program
    .command("init")
    .description("found the cluster on this node, once; every other node just starts its daemon")
    .option("--json", "one document")
    .action(async (options: { readonly json?: boolean }) => {
      const founding = await context.found();
      if (options.json === true) writeJson(context, founding);
      else context.stdout.write(foundingText(founding));
      finish(exitCodes.done);
    });

  program
    .command("simulate")
    .description("run a scenario with the real decision code on virtual time; exit code 0 when every expectation held")
    .argument("<file>", "a scenario.yaml")
    .option("--json", "one document")
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const run = await context.runScenario(file);
      if (options.json === true) writeJson(context, run.document);
      else {
        const { paint } = lookOf(context);
        const verdict = run.ok ? paint("good", "✓ every expectation held") : paint("bad", "✗ not as expected");
        context.stdout.write(`${run.text}\n${verdict}\n`);
      }
      finish(run.ok ? exitCodes.done : exitCodes.failed);
    });
}

function foundingText({ cluster, node, others, stateFolder, newKeys }: Founding): string {
  const next = ["start the daemon here: systemctl enable --now haled"];
  if (others.length > 0) {
    next.push(
      `copy cluster.yaml and authkeys to ${others.join(", ")}`,
      'start the daemon there, without "hale init": systemctl enable --now haled',
    );
  }
  next.push("look: hale status");
  const keys = newKeys === null ? "" : `A new shared key is in ${newKeys}.\n`;
  const steps = next.map((step, index) => `  ${index + 1}. ${step}`).join("\n");
  return `Cluster "${cluster}" is founded: node "${node}" is its first voter (in ${stateFolder}).\n${keys}\nNext:\n${steps}\n`;
}
