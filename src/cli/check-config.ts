import { type ConfigError, formatConfigError } from "../config/config-error.ts";
import type { AgentMetadata } from "../model/agent-metadata.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { askAgents } from "./ask-agents.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";

/** `hale config check`: the file by itself, then its fence devices and OCF resources by what the agents installed here say of themselves. */
export async function checkConfig(context: CliContext, path: string, json: boolean): Promise<ExitCode> {
  const examined = await examineConfig(context, path);
  if (!examined.ok) return tellErrors(context, examined, json);
  const { config, digest, warnings, unchecked, advice } = examined;
  if (json) writeJson(context, { ok: true, digest, warnings, unchecked, advice });
  else {
    const counts = `${counted(config.nodes.length, "node")}, ${counted(config.services.length, "service")}`;
    context.stdout.write(`${lookOf(context).paint("good", "✓")} ${path}: ${counts}, digest ${digest}\n`);
    tellWarnings(context, examined);
  }
  return exitCodes.done;
}

/** A file that was read, with all that can be said of it here. */
export type ExaminedConfig = RightConfig | WrongConfig;

interface RightConfig {
  readonly ok: true;
  readonly text: string;
  readonly config: ClusterConfig;
  readonly digest: string;
  readonly warnings: readonly ConfigError[];
  readonly unchecked: Asked["unchecked"];
  readonly advice: readonly string[];
}

interface WrongConfig {
  readonly ok: false;
  readonly path: string;
  readonly text: string;
  readonly errors: readonly ConfigError[];
}

/** @throws ClusterError CONFIG_UNREADABLE */
export async function examineConfig(context: CliContext, path: string): Promise<ExaminedConfig> {
  const text = await context.readConfigText(path);
  const { parseConfig } = await import("../config/parse-config.ts");
  const parsed = parseConfig(text, path);
  if (!parsed.ok) return { ok: false, path, text, errors: parsed.errors };
  const { config, digest } = parsed;
  const fence = await askThem(context, "fence", fenceAgentsOf(config));
  const { checkAgents } = await import("../config/check-agents.ts");
  const errors = checkAgents(text, path, fence.known);
  if (errors.length > 0) return { ok: false, path, text, errors };
  const resource = await askThem(context, "resource", resourceAgentsOf(config));
  const { checkOcfAgents } = await import("../config/check-ocf-agents.ts");
  const warnings = checkOcfAgents(text, path, resource.known);
  const { configAdvice } = await import("../config/advise.ts");
  const advice = configAdvice(config);
  return { ok: true, text, config, digest, warnings, unchecked: [...fence.unchecked, ...resource.unchecked], advice };
}

/** What a file without errors leaves to chance. */
export function tellWarnings(context: CliContext, { warnings, unchecked, advice }: RightConfig): void {
  const { paint } = lookOf(context);
  for (const warning of warnings) context.stdout.write(`${paint("warn", "!")} ${formatConfigError(warning)}\n`);
  for (const { agent, reason } of unchecked)
    context.stdout.write(`${paint("warn", "!")} parameters of ${agent} were not checked: ${reason}\n`);
  for (const line of advice) context.stdout.write(`${paint("warn", "!")} ${line}\n`);
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

/** Every error at once. */
export async function tellErrors(
  context: CliContext,
  { path, text, errors }: WrongConfig,
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
