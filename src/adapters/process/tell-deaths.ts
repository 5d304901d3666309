import type { Operation, OperationOutcome } from "../../model/operation.ts";
import type { DeathWatch } from "./death-watch.ts";

/** Carries out an operation of a resource that leaves processes behind: what it starts is watched, and what is about to stop no more. */
export async function tellingDeaths<Outcome extends Pick<OperationOutcome, "status">>(
  deaths: DeathWatch,
  { action, resource }: Pick<Operation, "action" | "resource">,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  if (action === "stop") deaths.forget(resource.id);
  const started = action === "start" ? deaths.starting(resource.id) : null;
  const outcome = await run();
  if (outcome.status !== "ok") return outcome;
  if (started !== null) started();
  else if (action === "monitor") deaths.runs(resource.id);
  return outcome;
}
