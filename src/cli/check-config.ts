import { type ConfigError, formatConfigError } from "../config/config-error.ts";
import type { AgentMetadata } from "../model/agent-metadata.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { askAgents } from "./ask-agents.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

/** `hale config check`: the file by itself, then its fence devices and OCF resources by what the agents installed here say of themselves. */
export async function checkConfig(context: CliContext, path: string, json: boolean): Promise<ExitCode> {
  const text = await context.readConfigText(path);
  const { parseConfig } = await import("../config/parse-config.ts");
  const parsed = parseConfig(text, path);
  if (!parsed.ok) return tellErrors(context, path, text, parsed.errors, json);
  const { config, digest } = parsed;
  const fence = await askThem(context, "fence", fenceAgentsOf(config));
  const { checkAgents } = await import("../config/check-agents.ts");
  const errors = checkAgents(text, path, fence.known);
  if (errors.length > 0) return tellErrors(context, path, text, errors, json);
  const resource = await askThem(context, "resource", resourceAgentsOf(config));
  const { checkOcfAgents } = await import("../config/check-ocf-agents.ts");
  const warnings = checkOcfAgents(text, path, resource.known);
  const unchecked = [...fence.unchecked, ...resource.unchecked];
  const { configAdvice } = await import("../config/advise.ts");
  const advice = configAdvice(config);
  const { paint } = lookOf(context);
  if (json) writeJson(context, { ok: true, digest, warnings, unchecked, advice });
  else {
    const counts = `${counted(config.nodes.length, "node")}, ${counted(config.services.length, "service")}`;
    context.stdout.write(`${paint("good", "✓")} ${path}: ${counts}, digest ${digest}\n`);
    for (const warning of warnings) context.stdout.write(`${paint("warn", "!")} ${formatConfigError(warning)}\n`);
    for (const { agent, reason } of unchecked)
      context.stdout.write(`${paint("warn", "!")} parameters of ${agent} were not checked: ${reason}\n`);
    for (const line of advice) context.stdout.write(`${paint("warn", "!")} ${line}\n`);
  }
  return exitCodes.done;
}

interface Asked {
  readonly known: ReadonlyMap<string, AgentMetadata>;
  /** Not installed here, or it does not describe itself. */
  readonly unchecked: readonly { readonly agent: string; readonly reason: string }[];
}

function fenceAgentsOf({ fencing }: ClusterConfig): readonly string[] {
  return fencing.kind === "devices" ? fencing.devices.map(({ agent }) => agent) : [];
}

function resourceAgentsOf({ services }: ClusterConfig): readonly string[] {
  return services.flatMap(({ resources }) =>
    resources.flatMap((resource) => (resource.kind === "ocf" ? [`${resource.provider}:${resource.type}`] : [])),
  );
}

async function askThem(context: CliContext, kind: "fence" | "resource", names: readonly string[]): Promise<Asked> {
  const asked = await askAgents(context, kind, [...new Set(names)]);
  return {
    known: new Map(asked.flatMap(({ agent, answer }) => (answer.ok ? [[agent, answer.metadata] as const] : []))),
    unchecked: asked.flatMap(({ agent, answer }) => (answer.ok ? [] : [{ agent, reason: answer.reason }])),
  };
}

async function tellErrors(
  context: CliContext,
  path: string,
  text: string,
  errors: readonly ConfigError[],
  json: boolean,
): Promise<ExitCode> {
  if (json) writeJson(context, { ok: false, errors });
  else {
    const look = lookOf(context);
    const { configErrorsText } = await import("./text/config-error-text.ts");
    context.stderr.write(configErrorsText(errors, text, look));
    context.stderr.write(`${look.paint("bad", counted(errors.length, "error"))} in ${path}\n`);
  }
  return exitCodes.usage;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
