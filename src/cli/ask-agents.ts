import type { MetadataAnswer } from "../model/agent-metadata.ts";
import type { CliContext, ResourceAgents } from "./cli-context.ts";
import { inTurns } from "./in-turns.ts";

/** An agent and what it says of itself. */
export interface AskedAgent {
  readonly agent: string;
  readonly answer: MetadataAnswer;
}

/** What agents say of themselves, in the order of their names. */
export async function askAgents(
  { fenceAgents, resourceAgents, signal }: CliContext,
  kind: "fence" | "resource",
  names: readonly string[] | "installed",
): Promise<readonly AskedAgent[]> {
  if (names.length === 0) return [];
  const agents: ResourceAgents = await (kind === "fence" ? fenceAgents() : resourceAgents());
  return inTurns(names === "installed" ? await agents.list() : names, async (agent) => ({
    agent,
    answer: await agents.metadata(agent, signal),
  }));
}
