import type { MetadataAnswer } from "../model/agent-metadata.ts";
import type { CliContext } from "./cli-context.ts";

/** Each is a program that must be started; more at once only make the machine busy. */
const atOnce = 4;

/** What agents say of themselves, in the order of their names. */
export async function askAgents(
  context: CliContext,
  namesOf: readonly string[] | "installed",
): Promise<readonly { readonly agent: string; readonly answer: MetadataAnswer }[]> {
  if (namesOf.length === 0) return [];
  const agents = await context.fenceAgents();
  const names = namesOf === "installed" ? await agents.list() : namesOf;
  const answers: { agent: string; answer: MetadataAnswer }[] = [];
  let next = 0;
  const ask = async (): Promise<void> => {
    for (let index = next++; index < names.length; index = next++) {
      const agent = names[index] ?? "";
      answers[index] = { agent, answer: await agents.metadata(agent, context.signal) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  return answers;
}
