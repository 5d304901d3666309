import { ClusterError } from "../../model/errors.ts";
import { askAgents } from "../ask-agents.ts";
import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** `hale fence list|show|test|history`: the agents that are installed here, the devices, and what was done. */
export function addFenceCommands({ program, context, finish }: CliProgram): void {
  const group = program.command("fence").description("fence agents and devices");
  group
    .command("list")
    .description("the fence agents that are installed on this machine")
    .option("--json", "one document")
    .action(async ({ json }: JsonOption) => {
      // Programs of this name that do not describe themselves are no agents: fence_virtd is a daemon.
      const agents = (await askAgents(context, "fence", "installed")).flatMap(({ agent, answer }) =>
        answer.ok ? [{ name: agent, description: answer.metadata.shortDescription }] : [],
      );
      if (json === true) writeJson(context, { agents });
      else {
        const { agentListText } = await import("../text/agent-text.ts");
        context.stdout.write(agentListText(agents, "fence-agents", lookOf(context)));
      }
      finish(exitCodes.done);
    });
  group
    .command("test")
    .description(
      "ask the fence devices for the state of the nodes, from this node; nothing is switched; exit code 1 when one fails",
    )
    .argument("[name]", "a node or a device; default: all")
    .option("--json", "one document")
    .action(async (name: string | undefined, { json }: JsonOption) => {
      const { testFences } = await import("../fence-test.ts");
      const steps = await testFences(context, name);
      const ok = steps.every(({ works }) => works);
      if (json === true) writeJson(context, { ok, steps });
      else {
        const { fenceTestText } = await import("../text/fence-test-text.ts");
        context.stdout.write(fenceTestText(steps, lookOf(context)));
      }
      finish(ok ? exitCodes.done : exitCodes.failed);
    });
  group
    .command("history")
    .description("what was done to make nodes known to be off: when, by whom, why, by which devices, with which result")
    .argument("[node]", "of this node only")
    .option("--json", "one document")
    .action(async (node: string | undefined, { json }: JsonOption) => {
      const all = await context.client.fences(context.signal);
      const fences = all.filter(({ target }) => node === undefined || target === node);
      if (json === true) writeJson(context, { fences });
      else {
        const { fencesText } = await import("../text/fences-text.ts");
        context.stdout.write(fencesText(fences, lookOf(context)));
      }
      finish(exitCodes.done);
    });
  group
    .command("show")
    .description("what a fence agent says of itself: its parameters, with defaults, and its actions")
    .argument("<agent>", "its name such as fence_ipmilan, or its absolute path")
    .option("--json", "one document")
    .action(async (agent: string, { json }: JsonOption) => {
      const answer = await (await context.fenceAgents()).metadata(agent, context.signal);
      if (!answer.ok) throw new ClusterError("AGENT_UNKNOWN", answer.reason);
      if (json === true) writeJson(context, answer.metadata);
      else {
        const { fenceAgentText } = await import("../text/agent-text.ts");
        context.stdout.write(fenceAgentText(answer.metadata, lookOf(context)));
      }
      finish(exitCodes.done);
    });
}
