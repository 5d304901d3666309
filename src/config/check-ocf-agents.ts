import type { AgentMetadata, AgentParameter } from "../model/agent-metadata.ts";
import { advisedTimeouts, notifyTimeoutDefault, timeoutsAskedBy } from "./advised-timeouts.ts";
import { type ConfigError, describeValue, type Path, type Problem } from "./config-error.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { inFileOrder, placeProblem } from "./place-problem.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { readYaml, type YamlText } from "./read-yaml.ts";
import { ownKeys } from "./schema-parts.ts";
import { suggest } from "./suggest.ts";

/**
 * Holds OCF resources against what their agents say of themselves. Warnings and not errors: metadata is help for people, many an agent takes more
 * than it tells, and the same file must be right or wrong on every node.
 *
 * @param text of cluster.yaml, which `parseConfig` has found right
 * @param metadataOf by `provider:type`; a resource whose agent is not there is not looked at
 */
export function checkOcfAgents(
  text: string,
  fileName: string,
  metadataOf: ReadonlyMap<string, AgentMetadata>,
): readonly ConfigError[] {
  const yaml = readYaml(text);
  const problems: Problem[] = [];
  for (const [id, service] of Object.entries(asMapping(asMapping(yaml.value)["services"]))) {
    for (const [index, resource] of asList(asMapping(service)["resources"]).entries()) {
      const body = asMapping(asMapping(resource)["ocf"]);
      const agent = asText(body["agent"]) ?? "";
      const metadata = metadataOf.get(agent);
      if (metadata === undefined) continue;
      const place: Place = { path: ["services", id, "resources", index, "ocf"], agent, body, yaml };
      problems.push(
        ...checkGiven(place, metadata),
        ...checkRequired(place, metadata),
        ...checkTimeouts(place, metadata),
        ...checkLevels(place, metadata),
        ...checkNotify(id, asMapping(service), agent, metadata),
      );
    }
  }
  return inFileOrder(problems.map((problem) => placeProblem(problem, yaml, fileName)));
}

/** One resource in the file. */
interface Place {
  readonly path: Path;
  readonly agent: string;
  readonly body: Mapping;
  readonly yaml: YamlText;
}

function checkGiven({ path, agent, body, yaml }: Place, { parameters }: AgentMetadata): Problem[] {
  return Object.keys(body).flatMap((key): Problem[] => {
    // The last one is the monitor's.
    if (ownKeys.includes(key) || key === "OCF_CHECK_LEVEL") return [];
    const at = [...path, key];
    const parameter = parameters.find(({ name }) => name === key);
    if (parameter === undefined) return [unknownParameter(at, key, agent, parameters)];
    return [...checkDeprecated(at, parameter), ...checkValue(at, parameter, yaml.sourceOf(at) ?? "")];
  });
}

function unknownParameter(path: Path, key: string, agent: string, parameters: readonly AgentParameter[]): Problem {
  const known = parameters.filter(({ isDeprecated }) => !isDeprecated).map(({ name }) => name);
  const hint = suggest(key, known);
  return {
    path,
    atKey: true,
    found: `key ${JSON.stringify(key)}`,
    wanted: `a parameter of ${agent} (hale agent show ${agent})`,
    ...(hint === undefined ? {} : { hint }),
  };
}

function checkDeprecated(path: Path, { isDeprecated, replacedBy }: AgentParameter): Problem[] {
  if (!isDeprecated) return [];
  const wanted = replacedBy === "" ? "a file without it" : replacedBy;
  return [{ path, atKey: true, found: "a parameter that its agent means to give up", wanted }];
}

function checkValue(path: Path, { type, options }: AgentParameter, written: string): Problem[] {
  const wanted = wantedOf(type, options, written.trim());
  return wanted === null ? [] : [{ path, found: describeValue(written), wanted }];
}

/** null: the value is of the type. Types beyond the standard, such as `time` and `string`, take anything. */
function wantedOf(type: string, options: readonly string[], value: string): string | null {
  switch (type) {
    case "integer":
      return /^[+-]?\d+$/.test(value) ? null : "a whole number";
    case "boolean":
      return /^(0|1|true|false|yes|no|on|off|ja|y|n|t|f)$/i.test(value) ? null : "true or false";
    case "select":
      return options.length === 0 || options.includes(value) ? null : options.join(" or ");
    default:
      return null;
  }
}

function checkRequired({ path, agent, body }: Place, { parameters }: AgentMetadata): Problem[] {
  return parameters
    .filter(({ isRequired, isDeprecated }) => isRequired && !isDeprecated)
    .filter((parameter) => parameter.default === null && body[parameter.name] === undefined)
    .map(({ name, description }) => ({
      path,
      atKey: true,
      found: `no ${name}`,
      wanted: `${name}, which ${agent} requires: ${description}`,
    }));
}

/** A start or stop that is cut off too soon costs a service or a node; a monitor only a restart, and fast ones are wanted. */
function checkTimeouts({ path, agent, body }: Place, metadata: AgentMetadata): Problem[] {
  const asked = timeoutsAskedBy(metadata);
  return (["start", "stop"] as const).flatMap((action): Problem[] => {
    const written = parseDuration(asText(asMapping(body[action])["timeout"]));
    const isWritten = written !== undefined;
    const timeoutMs = written ?? advisedTimeouts(agent)[action];
    if (timeoutMs >= asked[action]) return [];
    const span = formatDuration(asked[action]);
    const found = isWritten ? formatDuration(timeoutMs) : `no time-out of ${action}, so ${formatDuration(timeoutMs)}`;
    return [
      {
        path: isWritten ? [...path, action, "timeout"] : path,
        ...(isWritten ? {} : { atKey: true }),
        found,
        wanted: `${action}: { timeout: ${span} } or more, as ${agent} advises`,
      },
    ];
  });
}

/** [PRO-7] Whether an agent of a clone is told of the others is for the file to say: `notify: false` is an answer, too. */
function checkNotify(id: string, service: Mapping, agent: string, { actions }: AgentMetadata): Problem[] {
  if (service["clones"] === undefined) return [];
  const { notify } = service;
  const path: Path = ["services", id];
  const known = actions.find(({ name }) => name === "notify");
  const isTold = notify !== undefined && notify !== false;
  if (known === undefined)
    return isTold
      ? [{ path: [...path, "notify"], found: "notify", wanted: `a file without it: ${agent} has none` }]
      : [];
  if (notify === undefined)
    return [
      {
        path,
        atKey: true,
        found: "no notify",
        wanted: `notify: true, which ${agent} can make use of, or notify: false`,
      },
    ];
  const timeoutMs = parseDuration(asText(asMapping(notify)["timeout"])) ?? notifyTimeoutDefault;
  const asked = known.timeoutMs ?? 0;
  if (!isTold || timeoutMs >= asked) return [];
  const wanted = `notify: { timeout: ${formatDuration(asked)} } or more, as ${agent} advises`;
  return [{ path: [...path, "notify"], found: formatDuration(timeoutMs), wanted }];
}

function checkLevels({ path, agent, body }: Place, { actions }: AgentMetadata): Problem[] {
  const known = actions.filter(({ name }) => name === "monitor").map(({ depth }) => depth);
  const levels = Object.keys(asMapping(asMapping(body["monitor"])["levels"]));
  return levels
    .filter((level) => !known.includes(Number(level)))
    .map((level) => ({
      path: [...path, "monitor", "levels", level],
      atKey: true,
      found: `level ${level}`,
      wanted: `a level that ${agent} names: ${[...new Set(known)].join(", ")}`,
    }));
}
