import type { CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";

/** `hale witness`: the one command that is a server of its own. */
export function addWitnessCommand({ program, context, finish }: CliProgram): void {
  program
    .command("witness")
    .description("be the witness of every cluster with a key file in /etc/hale/witness, until told to end")
    .requiredOption("--listen <address:port>", "the address that the nodes' quorum.arbiter.witness names")
    .action(async ({ listen }: { readonly listen: string }) => {
      await context.runWitness(listen);
      finish(exitCodes.done);
    });
}
