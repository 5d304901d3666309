import { ClusterError } from "../../model/errors.ts";
import { askAgents } from "../ask-agents.ts";
import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findAgent } from "../find-agent.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** `hale agent list|show`: the OCF resource agents that are installed here. */
export function addAgentCommands({ program, context, finish }: CliProgram): void {
  const group = program.command("agent").description("OCF resource agents");
  group
    .command("list")
    .description("the OCF resource agents that are installed on this machine; takes some seconds")
    .option("--json", "one document")
    .action(async ({ json }: JsonOption) => {
      const agents = (await askAgents(context, "resource", "installed")).flatMap(({ agent, answer }) =>
        answer.ok ? [{ name: agent, description: answer.metadata.shortDescription }] : [],
      );
      if (json === true) writeJson(context, { agents });
      else {
        const { agentListText } = await import("../text/agent-text.ts");
        context.stdout.write(agentListText(agents, "resource-agents", lookOf(context)));
      }
      finish(exitCodes.done);
    });
  group
    .command("show")
    .description("what an OCF agent says of itself: its parameters, with defaults, and its actions, with advised times")
    .argument("<agent>", "provider:type such as heartbeat:pgsql, or the type alone")
    .option("--json", "one document")
    .action(async (written: string, { json }: JsonOption) => {
      const agents = await context.resourceAgents();
      const agent = await findAgent(agents, written);
      const answer = await agents.metadata(agent, context.signal);
      if (!answer.ok) throw new ClusterError("AGENT_UNKNOWN", answer.reason);
      if (json === true) writeJson(context, { agent, ...answer.metadata });
      else {
        const { resourceAgentText } = await import("../text/agent-text.ts");
        context.stdout.write(resourceAgentText(agent, answer.metadata, lookOf(context)));
      }
      finish(exitCodes.done);
    });
}
