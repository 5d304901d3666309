import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import type { CliContext } from "./cli-context.ts";

type Completer = (complete: (value: string, description: string) => void) => void;

/** Longer than this, a press of the tab key feels broken; then there are no names. */
const namesMs = 400;

/** The script for bash leans on a function of the package bash-completion, which small servers often lack. */
const withoutBashCompletion = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
  }
fi
`;

/** Where our words end, those of files begin; the script alone never offers any. */
const withFiles = "complete -o default -F __hale_complete hale\n";

/** The commands whose next word is a file. */
const fileCommands: readonly string[] = ["simulate", "config check", "config apply"];

/**
 * Adds `completion bash|zsh|fish`, which prints a script for the shell, and the hidden `complete`, which that script calls.
 *
 * Names of services and nodes come from the daemon; without one the words of the commands are completed alone.
 */
export async function addCompletion(program: Command, context: CliContext, words: readonly string[]): Promise<void> {
  if (words[0] === "complete" && wantsFile(words)) {
    // The shell's own files: no words of ours, and no directive against them.
    program.command("complete").argument("[words...]");
    context.stdout.write(":0\n");
    return;
  }
  const root = tab(program, { completionCommandName: "completion" });
  if (words[0] !== "complete") {
    program.commands
      .find((command) => command.name() === "completion")
      ?.description("print a script that completes commands and names, as in: source <(hale completion bash)");
    if (words[1] === "bash") {
      context.stdout.write(withoutBashCompletion);
      program.hook("postAction", () => context.stdout.write(withFiles));
    }
    return;
  }
  const agent = root.commands.get("agent show")?.arguments.get("agent");
  const agents = agent !== undefined && isTyping(words, "agent show") ? await agentNames(context) : [];
  const names = await namesFromDaemon(context);
  const offer =
    (list: readonly string[]): Completer =>
    (complete) => {
      for (const name of list) complete(name, "");
    };
  if (agent !== undefined) agent.handler = offer(agents);
  for (const [path, command] of root.commands) {
    const service = command.arguments.get("service");
    if (service !== undefined) service.handler = offer(names.services);
    const node = command.arguments.get("node");
    if (node !== undefined) node.handler = offer(names.nodes);
    const name = path === "fence test" ? command.arguments.get("name") : undefined;
    if (name !== undefined) name.handler = offer([...names.nodes, ...names.devices]);
    const id = path === "schedule cancel" ? command.arguments.get("id") : undefined;
    if (id !== undefined) id.handler = offer(names.scheduled);
    const to = path === "service relocate" ? command.options.get("to") : undefined;
    if (to !== undefined) to.handler = offer(names.nodes);
  }
}

/** @param words `complete -- simulate scen`: the last one is being typed */
function wantsFile(words: readonly string[]): boolean {
  return fileCommands.some((command) => isTyping(words, command));
}

/** True when the word that is being typed is the one after `command`, and no option. */
function isTyping(words: readonly string[], command: string): boolean {
  const typed = words.slice(words.indexOf("--") + 1);
  return typed.slice(0, -1).join(" ") === command && typed.at(-1)?.startsWith("-") === false;
}

/** By provider and type, and by the type alone: bash takes a colon for the end of a word. */
async function agentNames(context: CliContext): Promise<readonly string[]> {
  const names = await (await context.resourceAgents()).list().catch(() => []);
  return [...names, ...new Set(names.map((name) => name.split(":")[1] ?? ""))];
}

async function namesFromDaemon(context: CliContext): Promise<{
  readonly services: string[];
  readonly nodes: string[];
  readonly devices: string[];
  readonly scheduled: string[];
}> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), namesMs);
  try {
    const { services, nodes, devices, schedule } = await context.client.status(
      AbortSignal.any([context.signal, timeout.signal]),
    );
    return {
      services: services.map(({ service }) => service),
      nodes: nodes.map(({ node }) => node),
      devices: devices.map(({ device }) => device),
      scheduled: (schedule?.waiting ?? []).map(({ id }) => String(id)),
    };
  } catch {
    // A shell that waits for a completion has no use for an error; the command itself will tell it.
    return { services: [], nodes: [], devices: [], scheduled: [] };
  } finally {
    clearTimeout(timer);
  }
}
