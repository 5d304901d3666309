import { ClusterError } from "../../model/errors.ts";
import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ChangeOptions, submitIntent } from "../submit-intent.ts";
import { scheduleText } from "../text/schedule-text.ts";
import { withChangeOptions } from "./change-options.ts";

/** `hale schedule`, `hale schedule cancel ID`. */
export function addScheduleCommands({ program, context, finish }: CliProgram): void {
  const group = program
    .command("schedule")
    .description("what was asked for with --at or --in and waits for its time, and what became of the last ones")
    .option("--json", "one document")
    .action(async (options: { readonly json?: boolean }) => {
      const { schedule = { waiting: [], past: [] } } = await context.client.status(context.signal);
      if (options.json === true) writeJson(context, schedule);
      else context.stdout.write(scheduleText(schedule, lookOf(context)));
      finish(exitCodes.done);
    });
  withChangeOptions(group.command("cancel").description("take one off the list"))
    .argument("<id>", "its number in hale schedule")
    .action(async (id: string, options: ChangeOptions) => {
      if (!/^\d{1,15}$/.test(id))
        throw new ClusterError("USAGE", `Cannot cancel ${JSON.stringify(id)}: wants a number of "hale schedule"`);
      finish(await submitIntent(context, { kind: "cancel-scheduled", id: Number(id) }, options));
    });
}
