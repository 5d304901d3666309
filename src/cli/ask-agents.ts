import type { MetadataAnswer } from "../model/agent-metadata.ts";
import type { CliContext } from "./cli-context.ts";
import { inTurns } from "./in-turns.ts";

/** What agents say of themselves, in the order of their names. */
export async function askAgents(
  context: CliContext,
  names: readonly string[] | "installed",
): Promise<readonly { readonly agent: string; readonly answer: MetadataAnswer }[]> {
  if (names.length === 0) return [];
  const agents = await context.fenceAgents();
  return inTurns(names === "installed" ? await agents.list() : names, async (agent) => ({
    agent,
    answer: await agents.metadata(agent, context.signal),
  }));
}
