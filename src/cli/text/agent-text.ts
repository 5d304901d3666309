import type { AgentMetadata, AgentParameter } from "../../model/agent-metadata.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";

/** `hale fence list`. */
export function agentListText(
  agents: readonly { readonly name: string; readonly description: string }[],
  { paint }: Look,
): string {
  if (agents.length === 0) return "no fence agent is installed: apt install fence-agents\n";
  const rows = agents.map(({ name, description }) => [paint("strong", name), printable(description)]);
  return `${alignRows(rows).join("\n")}\n`;
}

/** `hale fence show AGENT`. Older names of parameters are left out: they are accepted, and nobody should begin with them. */
export function agentText(metadata: AgentMetadata, { paint }: Look): string {
  const { name, shortDescription, longDescription, parameters, actions } = metadata;
  const shown = parameters.filter(({ isDeprecated }) => !isDeprecated).filter((each) => each.name !== "action");
  const head = ["PARAMETER", "TYPE", "DEFAULT", "MEANING"].map((title) => paint("dim", title));
  const rows = shown.map((parameter) => [
    paint(parameter.isRequired ? "strong" : "dim", parameter.isRequired ? "required" : ""),
    parameter.name,
    printable(typeText(parameter)),
    printable(parameter.default ?? ""),
    printable(meaning(parameter)),
  ]);
  const on = actions.find((action) => action.name === "on");
  const names = [...new Set(actions.map((action) => action.name))];
  return [
    `${paint("title", name)}  ${printable(shortDescription)}`,
    ...(longDescription === "" ? [] : [printable(longDescription)]),
    "",
    ...alignRows([[paint("dim", ""), ...head], ...rows]),
    "",
    `actions: ${names.join(", ")}`,
    ...(on?.isAutomatic === true ? ["a node must be switched on by it before anything runs there"] : []),
    "",
  ].join("\n");
}

function typeText({ type, options }: AgentParameter): string {
  return type === "select" ? options.join("|") : type;
}

/** hale gives the plug at each call, from the step of the node. */
function meaning({ name, description, replaces }: AgentParameter): string {
  const place = name === "plug" ? "; written at the node: fence: [{ device: …, plug: … }]" : "";
  return `${description}${replaces === "" || name === "plug" ? "" : ` (formerly ${replaces})`}${place}`;
}
