import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import type { CliContext, Founding, SimulationProgress } from "../cli-context.ts";
import { exitCodes } from "../exit-codes.ts";
import { spanText } from "../text/span-text.ts";

/** What needs no daemon: `init`, `check`, `simulate`. */
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
    .command("check")
    .description(
      "what stands between this node and safety, and what to do; exit code 0 nothing, 5 warnings, 1 problems; needs no daemon",
    )
    .option("--json", "one document")
    .action(async (options: { readonly json?: boolean }) => {
      const { checkNode } = await import("../check-node.ts");
      finish(await checkNode(context, options.json === true));
    });

  program
    .command("simulate")
    .description("run a scenario with the real decision code on virtual time; exit code 0 when every expectation held")
    .argument("<file>", "a scenario.yaml")
    .option("--json", "one document")
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const progress = simulationProgress(context);
      const run = await context.runScenario(file, progress.show).finally(progress.clear);
      if (options.json === true) writeJson(context, run.document);
      else {
        const { paint } = lookOf(context);
        const verdict = run.ok ? paint("good", "✓ every expectation held") : paint("bad", "✗ not as expected");
        context.stdout.write(`${run.text}\n${verdict}\n`);
      }
      finish(run.ok ? exitCodes.done : exitCodes.failed);
    });
}

/** Shorter stories are over before anybody has read how far they are. */
const quietMs = 1_000;
const showEveryMs = 250;

/** One line on a terminal, in place, that is gone before the result is printed. Not on stdout: that is for the result. */
function simulationProgress({ stderr, now }: CliContext): { show: SimulationProgress; clear: () => void } {
  let nextAt = now() + quietMs;
  let isShown = false;
  return {
    show(doneMs, untilMs) {
      if (!stderr.isTerminal || now() < nextAt) return;
      nextAt = now() + showEveryMs;
      isShown = true;
      const percent = Math.floor((100 * doneMs) / Math.max(1, untilMs));
      stderr.write(`\r${spanText(doneMs)} of ${spanText(untilMs)} simulated, ${percent} %; Ctrl-C ends it\u001b[K`);
    },
    clear() {
      if (isShown) stderr.write("\r\u001b[K");
    },
  };
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
