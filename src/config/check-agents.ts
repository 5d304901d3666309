import type { AgentMetadata, AgentParameter } from "../model/agent-metadata.ts";
import { type ConfigError, describeValue, type Path, type Problem } from "./config-error.ts";
import { stepsOf } from "./check-fencing.ts";
import { isUnfencing } from "./defaults.ts";
import { inFileOrder, placeProblem } from "./place-problem.ts";
import { asMapping, asText, type Mapping } from "./raw.ts";
import { readYaml, type YamlText } from "./read-yaml.ts";
import { suggest } from "./suggest.ts";

/**
 * Holds fence devices against what their agents say of themselves. Not part of `parseConfig`: agents are programs of the node, and the
 * same file must be right or wrong on every node.
 *
 * @param text of cluster.yaml, which `parseConfig` has found right
 * @param metadataOf by the name of the agent as it is written; a device whose agent is not there is not looked at
 */
export function checkAgents(
  text: string,
  fileName: string,
  metadataOf: ReadonlyMap<string, AgentMetadata>,
): readonly ConfigError[] {
  const yaml = readYaml(text);
  const root = asMapping(yaml.value);
  const problems: Problem[] = [];
  for (const [id, value] of Object.entries(asMapping(asMapping(root["fencing"])["devices"]))) {
    const device = asMapping(value);
    const metadata = metadataOf.get(asText(device["agent"]) ?? "");
    if (metadata === undefined) continue;
    const path: Path = ["fencing", "devices", id];
    problems.push(
      ...checkGiven(path, device, metadata, yaml),
      ...checkRequired(path, device, metadata),
      ...checkAction(path, device, metadata),
      ...checkUnfence(path, device, metadata),
      ...checkPlugs(root, id, device, metadata),
    );
  }
  return inFileOrder(problems.map((problem) => placeProblem(problem, yaml, fileName)));
}

/** Keys of a device that are hale's own. */
const ownKeys: readonly string[] = ["agent", "timeout", "action", "monitor", "unfence"];
/** Parameters that hale gives itself, at each call. */
const perCall: readonly string[] = ["action", "plug", "port"];
const fileSuffix = "-file";

function checkGiven(path: Path, device: Mapping, metadata: AgentMetadata, yaml: YamlText): Problem[] {
  return Object.keys(device).flatMap((key): Problem[] => {
    if (ownKeys.includes(key)) return [];
    const at = [...path, key];
    const isFile = key.endsWith(fileSuffix);
    const name = agentName(isFile ? key.slice(0, -fileSuffix.length) : key);
    const parameter = metadata.parameters.find((each) => each.name === name);
    if (parameter === undefined) return [unknownParameter(at, key, metadata)];
    return isFile ? [] : checkValue(at, parameter, yaml.sourceOf(at) ?? "");
  });
}

/** The agents' library takes a hyphen for an underscore. */
function agentName(key: string): string {
  return key.replaceAll("-", "_");
}

function unknownParameter(path: Path, key: string, { name, parameters }: AgentMetadata): Problem {
  const known = parameters
    .filter((each) => !each.isDeprecated && !perCall.includes(each.name))
    .map((each) => each.name);
  const whole = known.includes(agentName(key)) ? agentName(key) : undefined;
  const hint =
    whole ??
    suggest(
      key,
      known.map((each) => each.replaceAll("_", "-")),
    );
  return {
    path,
    atKey: true,
    found: `key ${JSON.stringify(key)}`,
    wanted: `a parameter of ${name} (hale fence show ${name})`,
    ...(hint === undefined ? {} : { hint: agentName(hint) }),
  };
}

function checkValue(path: Path, { type, options }: AgentParameter, written: string): Problem[] {
  if (type === "select" && options.length > 0 && !options.includes(written)) {
    return [{ path, found: describeValue(written), wanted: options.join(" or ") }];
  }
  if ((type === "integer" || type === "second") && !/^-?\d+(\.\d+)?s?$/.test(written))
    return [{ path, found: describeValue(written), wanted: type === "second" ? "a number of seconds" : "a number" }];
  return [];
}

function checkRequired(path: Path, device: Mapping, { name, parameters }: AgentMetadata): Problem[] {
  return parameters
    .filter(({ isRequired, isDeprecated }) => isRequired && !isDeprecated)
    .filter((parameter) => parameter.default === null && !perCall.includes(parameter.name))
    .filter((parameter) => !isGiven(device, parameter))
    .map((parameter) => ({
      path,
      atKey: true,
      found: `no ${parameter.name}`,
      wanted: `${parameter.name}, which ${name} requires: ${parameter.description}`,
    }));
}

function isGiven(device: Mapping, { name, replaces }: AgentParameter): boolean {
  const names = replaces === "" ? [name] : [name, replaces];
  return Object.keys(device).some((key) => {
    const given = agentName(key.endsWith(fileSuffix) ? key.slice(0, -fileSuffix.length) : key);
    return names.includes(given) || names.includes(agentName(key));
  });
}

function checkAction(path: Path, device: Mapping, { name, actions }: AgentMetadata): Problem[] {
  const written = asText(device["action"]);
  const isWhole = written === undefined || written === "off-on" || isUnfencing(device["agent"], device["unfence"]);
  const needed = isWhole ? ["off", "on"] : [written];
  const missing = needed.find((action) => !actions.some((each) => each.name === action));
  if (missing === undefined) return [];
  const possible = ["off", "reboot"].filter((action) => actions.some((each) => each.name === action));
  const wanted = possible.length === 0 ? "an agent that can switch off" : `action: ${possible.join(" or ")}`;
  const at = written === undefined ? { path: [...path, "agent"] } : { path: [...path, "action"] };
  return [{ ...at, found: `${name}, which cannot do "${missing}"`, wanted }];
}

/** Its own word that a node must be switched on by it before anything runs there. */
function checkUnfence(path: Path, device: Mapping, { name, actions }: AgentMetadata): Problem[] {
  const isNeeded = actions.some((action) => action.name === "on" && action.isAutomatic);
  if (!isNeeded || device["unfence"] !== undefined || isUnfencing(device["agent"], undefined)) return [];
  const found = `${name}, which cuts off instead of switching off`;
  return [{ path: [...path, "agent"], found, wanted: "unfence: true, or false if you know better" }];
}

/** A device that switches one machine takes no plug; one with many must be told which. */
function checkPlugs(root: Mapping, id: string, device: Mapping, { name, parameters }: AgentMetadata): Problem[] {
  const plug = parameters.find((each) => each.name === "plug");
  const isNeeded = plug !== undefined && plug.isRequired && plug.default === null && !isGiven(device, plug);
  const problems: Problem[] = [];
  for (const [node, body] of Object.entries(asMapping(root["nodes"]))) {
    for (const [path, value] of stepsOf(["nodes", node, "fence"], asMapping(body)["fence"])) {
      const step = asMapping(value);
      if (step["device"] !== id) continue;
      if (isNeeded && step["plug"] === undefined)
        problems.push({ path, found: "no plug", wanted: `plug, which ${name} requires: ${plug.description}` });
      if (plug === undefined && step["plug"] !== undefined)
        problems.push({
          path: [...path, "plug"],
          atKey: true,
          found: 'key "plug"',
          wanted: `no plug: ${name} has none`,
        });
    }
  }
  return problems;
}
