import type { AgentMetadata, MetadataAnswer } from "../../model/agent-metadata.ts";
import { metadataBytesMax, parseAgentMetadata } from "../agent-metadata/agent-metadata.ts";
import type { ProgramRunner } from "../process/program-runner.ts";
import { lastLine } from "../process/limit-line.ts";

/** How to ask. */
export interface ReadMetadataOptions {
  readonly runner: ProgramRunner;
  /** Default `/usr/lib/ocf`. */
  readonly root?: string;
}

/** Agents that compute their metadata take up to a second; some ask the network and hang. */
const timeoutMs = 10_000;

/** Asks the agent `provider:type` for its metadata; takes 10 to 50 ms. For checks of the configuration, not for operations. */
export async function readOcfMetadata(
  provider: string,
  type: string,
  { runner, root = "/usr/lib/ocf" }: ReadMetadataOptions,
  signal: AbortSignal,
): Promise<MetadataAnswer> {
  const failed = (reason: string): MetadataAnswer => ({
    ok: false,
    reason: `Cannot read ocf agent "${provider}:${type}": ${reason}`,
    isMissing: false,
  });
  // A name with a slash would leave the folder; a leading dot is hidden by the standard.
  if (![provider, type].every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) {
    return failed("not a name of provider and type");
  }
  const program = `${root}/resource.d/${provider}/${type}`;
  const { end, output } = await runner.run(
    {
      argv: [program, "meta-data"],
      environment: {
        OCF_ROOT: root,
        OCF_RESOURCE_INSTANCE: type,
        OCF_RESOURCE_TYPE: type,
        OCF_RESOURCE_PROVIDER: provider,
      },
      timeoutMs,
      outputName: `metadata-${provider}-${type}`,
      outputBytesMax: metadataBytesMax,
      errors: "discard",
    },
    signal,
  );
  if (end.kind === "not-started") return { ok: false, reason: end.reason, isMissing: end.isMissing };
  if (end.kind !== "exited" || end.code !== 0) return failed(`${JSON.stringify(end)} ${lastLine(output)}`);
  try {
    return { ok: true, metadata: parseAgentMetadata(output) };
  } catch (error) {
    return failed((error as Error).message);
  }
}

/** Timeouts that the agent advises, ms; absent where it advises none. */
export interface AdvisedTimes {
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
  readonly monitorTimeoutMs?: number;
  readonly monitorIntervalMs?: number;
}

/** What to take where the configuration says nothing. Of several monitors, the shallowest. */
export function advisedTimes({ actions }: AgentMetadata): AdvisedTimes {
  const timeoutOf = (name: string): number | null => actions.find((action) => action.name === name)?.timeoutMs ?? null;
  const [monitor] = actions.filter(({ name }) => name === "monitor").toSorted((a, b) => a.depth - b.depth);
  return {
    ...defined("startTimeoutMs", timeoutOf("start")),
    ...defined("stopTimeoutMs", timeoutOf("stop")),
    ...defined("monitorTimeoutMs", monitor?.timeoutMs ?? null),
    ...defined("monitorIntervalMs", monitor?.intervalMs ?? null),
  };
}

function defined<Name extends string>(name: Name, value: number | null): { readonly [key in Name]?: number } {
  return (value === null || value === 0 ? {} : { [name]: value }) as { readonly [key in Name]?: number };
}

/** One line per parameter that is missing, unknown or of the wrong type; empty when all is well. */
export function checkParameters(
  { name, parameters }: AgentMetadata,
  given: Readonly<Record<string, string>>,
): readonly string[] {
  const known = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const missing = parameters
    .filter((parameter) => parameter.isRequired && parameter.default === null && given[parameter.name] === undefined)
    .map((parameter) => `"${name}" needs parameter "${parameter.name}": ${parameter.description}`);
  const wrong = Object.entries(given).flatMap(([key, value]) => {
    // Not the agent's but the operation's.
    if (key === "OCF_CHECK_LEVEL") return [];
    const parameter = known.get(key);
    if (parameter === undefined) return [`"${name}" has no parameter "${key}": it has ${[...known.keys()].join(", ")}`];
    const wanted = wrongType(parameter.type, parameter.options, value);
    return wanted === null ? [] : [`Parameter "${key}" of "${name}" is "${value}": wants ${wanted}`];
  });
  return [...missing, ...wrong];
}

function wrongType(type: string, options: readonly string[], value: string): string | null {
  switch (type) {
    case "integer":
      return /^[+-]?\d+$/.test(value.trim()) ? null : "an integer";
    case "boolean":
      return /^(0|1|true|false|yes|no|on|off|ja|y|n|t|f)$/i.test(value.trim()) ? null : "true or false";
    case "select":
      return options.length === 0 || options.includes(value) ? null : `one of ${options.join(", ")}`;
    default:
      return null;
  }
}
