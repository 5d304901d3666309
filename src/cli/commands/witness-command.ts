import { ClusterError } from "../../model/errors.ts";
import { type CliProgram, lookOf, writeJson } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { witnessText } from "../text/witness-text.ts";

/** `hale witness`: the one command that is a server of its own, and what it says when it is asked. */
export function addWitnessCommand({ program, context, finish }: CliProgram): void {
  const witness = program
    .command("witness")
    .description("be the witness of every cluster with a key file in /etc/hale/witness, until told to end")
    // Not a required one: that would be required of the commands below, too.
    .option("--listen <address:port>", "the address that the nodes' quorum.arbiter.witness names")
    .action(async ({ listen }: { readonly listen?: string }) => {
      if (listen === undefined) throw new ClusterError("USAGE", "Cannot be a witness: wants --listen ADDRESS:PORT");
      await context.runWitness(listen);
      finish(exitCodes.done);
    });
  witness
    .command("status")
    .description("what the witness on this machine knows: its clusters, what it has promised, who has asked when")
    .option("--json", "one document", false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const status = await context.witnessStatus(context.signal);
      if (json) writeJson(context, status);
      else context.stdout.write(witnessText(status, lookOf(context)));
      finish(exitCodes.done);
    });
}
