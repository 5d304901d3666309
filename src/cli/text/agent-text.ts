import type { AgentAction, AgentMetadata, AgentParameter } from "../../model/agent-metadata.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import { spanText } from "./span-text.ts";

/** `hale fence list` and `hale agent list`. @param debian the package that brings the usual ones */
export function agentListText(
  agents: readonly { readonly name: string; readonly description: string }[],
  debian: "fence-agents" | "resource-agents",
  { paint }: Look,
): string {
  if (agents.length === 0) return `no agent is installed: apt install ${debian}\n`;
  const rows = agents.map(({ name, description }) => [paint("strong", name), printable(description)]);
  return `${alignRows(rows).join("\n")}\n`;
}

/** `hale fence show AGENT`. Older names of parameters are left out: they are accepted, and nobody should begin with them. */
export function fenceAgentText(metadata: AgentMetadata, look: Look): string {
  const { name, parameters, actions } = metadata;
  const shown = parameters.filter((each) => each.name !== "action");
  const on = actions.find((action) => action.name === "on");
  const names = [...new Set(actions.map((action) => action.name))];
  return [
    ...headLines(name, metadata, look),
    ...parameterLines(shown, look),
    "",
    `actions: ${names.join(", ")}`,
    ...(on?.isAutomatic === true ? ["a node must be switched on by it before anything runs there"] : []),
    "",
  ].join("\n");
}

/** `hale agent show AGENT`. @param agent `provider:type` */
export function resourceAgentText(agent: string, metadata: AgentMetadata, look: Look): string {
  const { parameters, actions, apiVersion } = metadata;
  const times = ({ timeoutMs, intervalMs }: AgentAction): string[] => [
    timeoutMs === null || timeoutMs === 0 ? "" : spanText(timeoutMs),
    intervalMs === null || intervalMs === 0 ? "" : spanText(intervalMs),
  ];
  const head = ["ACTION", "TIME-OUT", "EVERY", "LEVEL", "ROLE"].map((title) => look.paint("dim", title));
  const rows = actions.map((action) => [
    action.name,
    ...times(action),
    action.name === "monitor" ? String(action.depth) : "",
    action.role,
  ]);
  return [
    ...headLines(agent, metadata, look),
    ...(parameters.length === 0 ? ["no parameters"] : parameterLines(parameters, look)),
    "",
    ...alignRows([head, ...rows]),
    ...(apiVersion === "" ? [] : ["", `OCF ${printable(apiVersion)}`]),
    "",
  ].join("\n");
}

function headLines(name: string, { shortDescription, longDescription }: AgentMetadata, { paint }: Look): string[] {
  const title = `${paint("title", name)}  ${printable(shortDescription)}`;
  return [title, ...(longDescription === "" ? [] : [printable(longDescription)]), ""];
}

function parameterLines(parameters: readonly AgentParameter[], { paint }: Look): readonly string[] {
  const shown = parameters.filter(({ isDeprecated }) => !isDeprecated);
  const head = ["PARAMETER", "TYPE", "DEFAULT", "MEANING"].map((title) => paint("dim", title));
  const rows = shown.map((parameter) => [
    paint(parameter.isRequired ? "strong" : "dim", parameter.isRequired ? "required" : ""),
    parameter.name,
    printable(typeText(parameter)),
    printable(parameter.default ?? ""),
    printable(meaning(parameter)),
  ]);
  return alignRows([[paint("dim", ""), ...head], ...rows]);
}

function typeText({ type, options }: AgentParameter): string {
  return type === "select" ? options.join("|") : type;
}

/** hale gives the plug at each call, from the step of the node. */
function meaning({ name, description, replaces }: AgentParameter): string {
  const place = name === "plug" ? "; written at the node: fence: [{ device: …, plug: … }]" : "";
  return `${description}${replaces === "" || name === "plug" ? "" : ` (formerly ${replaces})`}${place}`;
}
