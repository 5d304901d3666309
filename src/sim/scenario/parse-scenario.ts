import { describeError, type ConfigError } from "../../config/config-error.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { readYaml, type YamlText } from "../../config/read-yaml.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { ClusterError } from "../../model/errors.ts";
import type { NodeId, ResourceId } from "../../model/ids.ts";
import type { AgentTimes } from "../fake-kernel.ts";
import { namesOf, type Names } from "./names.ts";
import { parseExpectation } from "./parse-expectation.ts";
import { parseStep } from "./parse-step.ts";
import type { Scenario, TimedStep } from "./scenario.ts";
import { ValueReader, type Mistake } from "./value-reader.ts";

/** Where a scenario comes from. */
export interface ScenarioSource {
  /** As it is to stand in the errors. */
  readonly fileName: string;
  /** Reads a configuration named by the scenario, relative to it. Absent: the configuration must be inline. */
  readonly readFile?: (path: string) => string;
}

const topKeys = ["name", "cluster", "begin", "seed", "start", "boot", "agents", "steps", "until", "expect"];

/**
 * Reads a scenario.
 *
 * @throws ClusterError SCENARIO_INVALID with every error, one line each, with line and column
 */
export function parseScenario(text: string, source: ScenarioSource): Scenario {
  const yaml = readYaml(text);
  const problems = yaml.mistakes.map(
    (mistake) => `${place(source, mistake)} found ${mistake.found}, wanted ${mistake.wanted}`,
  );
  if (!yaml.isUsable) throw invalid(source, problems);
  const mistakes: Mistake[] = [];
  const root = new ValueReader(yaml.value, [], mistakes);
  if (!root.isMapping()) root.wanted("a scenario: name, cluster, steps, until");
  root.onlyKeys(topKeys);
  const parts = { yaml, text, source, problems };
  const cluster = parseCluster({ ...parts, value: root.at("cluster") });
  const begin = root.at("begin").isMissing ? null : parseCluster({ ...parts, value: root.at("begin") });
  if (cluster !== undefined && begin) checkBegin(root.at("begin"), begin.config, cluster.config);
  const scenario = cluster === undefined || begin === undefined ? undefined : parseBody(root, cluster, begin);
  for (const { path, text: what } of mistakes) {
    const at = yaml.locate(path, what.startsWith("found key"));
    problems.push(`${place(source, at)} ${what}`);
  }
  if (scenario === undefined || problems.length > 0) throw invalid(source, problems);
  return scenario;
}

interface ParsedCluster {
  readonly config: ClusterConfig;
  readonly digest: string;
}

function parseCluster(parts: {
  readonly value: ValueReader;
  readonly yaml: YamlText;
  readonly text: string;
  readonly source: ScenarioSource;
  readonly problems: string[];
}): ParsedCluster | undefined {
  const { value, yaml, text, source, problems } = parts;
  const isPath = typeof value.value === "string";
  if (!isPath && !value.isMapping()) return value.wanted("a configuration, or the path of one");
  const fileName = isPath ? String(value.value) : source.fileName;
  let config = "";
  if (!isPath) config = cutOut(text, yaml, value);
  else if (source.readFile === undefined)
    return value.wrong("a path cannot be read here, wanted the configuration itself");
  else {
    try {
      config = source.readFile(fileName);
    } catch (error) {
      return value.wrong(`cannot read ${fileName}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const parsed = parseConfig(config, fileName);
  if (parsed.ok) return parsed;
  problems.push(...parsed.errors.map(configProblem));
  return undefined;
}

/** The machines of the story are those of `cluster`. */
function checkBegin(reader: ValueReader, begin: ClusterConfig, cluster: ClusterConfig): void {
  const others = begin.nodes.filter(({ id }) => !cluster.nodes.some((node) => node.id === id));
  if (others.length > 0) reader.wrong(`found node ${others[0]?.id}, wanted nodes of the configuration in "cluster"`);
  if (begin.cluster !== cluster.cluster) reader.wrong(`found cluster ${begin.cluster}, wanted ${cluster.cluster}`);
}

function configProblem(error: ConfigError): string {
  return `${error.file}:${error.line}:${error.column}: ${error.path === "" ? "" : `${error.path}: `}${describeError(error)}`;
}

/**
 * The inline configuration as a text of its own, each character where it stands in the scenario, so that errors point right:
 * everything before it becomes blank, and what follows (the next key of the scenario) is left out.
 */
function cutOut(text: string, yaml: YamlText, cluster: ValueReader): string {
  const lines = text.split("\n");
  const key = yaml.locate(cluster.path, true);
  const [first] = cluster.keys();
  const begin = yaml.locate(first === undefined ? cluster.path : [...cluster.path, first], true);
  const head = lines[begin.line - 1] ?? "";
  // An inline flow mapping begins with its brace on the line of the key.
  const isFlow = begin.line === key.line;
  const from = isFlow ? head.indexOf("{", key.column) : begin.column - 1;
  const end = lines.findIndex((line, index) => index >= begin.line && /^[^\s#]/.test(line));
  const kept = lines.slice(begin.line, end < 0 ? undefined : end);
  return [...lines.slice(0, begin.line - 1).map(() => ""), " ".repeat(from) + head.slice(from), ...kept].join("\n");
}

function parseBody(root: ValueReader, cluster: ParsedCluster, begin: ParsedCluster | null): Scenario | undefined {
  const names = namesOf(cluster.config);
  const name = root.at("name").text("what the story is about");
  const seed = root.at("seed").isMissing ? 1 : root.at("seed").integer(0, 4_294_967_295);
  const start = parseStart(root.at("start"), names);
  const bootMs = root.at("boot").isMissing ? 5000 : root.at("boot").durationMs();
  const agents = parseAgents(root.at("agents"), names);
  const steps = root.at("steps").isMissing ? [] : parseSteps(root.at("steps"), names);
  const untilMs = root.at("until").durationMs();
  const expect = root.at("expect").isMissing ? null : parseExpectation(root.at("expect"), names);
  const reload = steps.findIndex(({ step }) => step.kind === "reload" && step.file === "begin");
  if (reload >= 0 && begin === null) root.at("steps").wrong('found reload: begin, wanted "begin" at the top as well');
  const last = steps.at(-1);
  if (untilMs !== undefined && last !== undefined && last.atMs > untilMs)
    root.at("until").wrong("the last step comes later");
  if (name === undefined || seed === undefined || bootMs === undefined || untilMs === undefined) return undefined;
  const { config, digest } = cluster;
  return { name, config, digest, begin, seed, start, bootMs, agents, steps, untilMs, expect };
}

function parseStart(start: ValueReader, names: Names): readonly NodeId[] {
  const all = names.config.nodes.map((node) => node.id);
  if (start.isMissing || start.value === "all") return all;
  return start.list("all, or a list of nodes").flatMap((node) => names.node(node) ?? []);
}

function parseAgents(agents: ValueReader, names: Names): ReadonlyMap<ResourceId, AgentTimes> {
  const times = new Map<ResourceId, AgentTimes>();
  if (!agents.isMissing && !agents.isMapping()) agents.wanted("a mapping of resources");
  for (const key of agents.keys()) {
    const agent = agents.at(key);
    agent.onlyKeys(["start", "stop", "monitor"]);
    const resource = names.resource(new ValueReader(key, agent.path, []));
    const time = (action: string): number =>
      agent.at(action).isMissing ? 100 : (agent.at(action).durationMs() ?? 100);
    const read = { start: time("start"), stop: time("stop"), monitor: time("monitor") };
    if (resource === undefined) agent.wrong(`found resource "${key}", wanted one of the configuration`);
    else times.set(resource, read);
  }
  return times;
}

function parseSteps(steps: ValueReader, names: Names): readonly TimedStep[] {
  let lastMs = 0;
  return steps.list("a list of steps").flatMap((reader) => {
    const step = parseStep(reader, names);
    if (!reader.isMapping()) return [];
    const atMs = reader.at("at").durationMs();
    if (atMs === undefined) return [];
    if (atMs < lastMs) reader.at("at").wrong("the step before comes later, wanted steps in order of time");
    lastMs = Math.max(lastMs, atMs);
    return step === undefined ? [] : [{ atMs, step }];
  });
}

function place(source: ScenarioSource, at: { readonly line: number; readonly column: number }): string {
  return `${source.fileName}:${at.line}:${at.column}:`;
}

function invalid(source: ScenarioSource, problems: readonly string[]): ClusterError {
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  return new ClusterError(
    "SCENARIO_INVALID",
    `Cannot use scenario ${source.fileName}: ${count}\n${problems.join("\n")}`,
  );
}
