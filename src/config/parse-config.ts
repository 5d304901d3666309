import type { ClusterConfig } from "../model/cluster-config.ts";
import { buildConfig } from "./build-config.ts";
import { checkCapacity } from "./check-capacity.ts";
import { checkClones } from "./check-clones.ts";
import { checkFencing } from "./check-fencing.ts";
import { checkHeartbeat } from "./check-heartbeat.ts";
import { checkHeartbeatSize } from "./check-heartbeat-size.ts";
import { checkNames } from "./check-names.ts";
import { checkNodes } from "./check-nodes.ts";
import { checkQuorum } from "./check-quorum.ts";
import { checkSbd } from "./check-sbd.ts";
import { checkRelations } from "./check-relations.ts";
import { checkServices } from "./check-services.ts";
import { checkWithoutQuorum } from "./check-without-quorum.ts";
import type { ConfigError, Problem } from "./config-error.ts";
import { configDigest } from "./digest.ts";
import { inFileOrder, placeProblem } from "./place-problem.ts";
import { readYaml } from "./read-yaml.ts";
import { asMapping } from "./raw.ts";
import { documentSchema } from "./schema.ts";
import { defaultWanted, schemaProblems } from "./schema-problems.ts";

/** A configuration that can be used, or everything that is wrong with it. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: ClusterConfig; readonly digest: string }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/**
 * No configuration is longer, as JSON in UTF-8 with all defaults written out: it is agreed on as one entry, and an entry has at most
 * 256 KiB. What nodes report of services stays shorter than what the configuration says of them, so it fits, too.
 */
export const configBytesMax = 240 * 1024;

/**
 * Reads the text of cluster.yaml. Never throws; all errors at once, in the order of the file.
 *
 * Only a syntax error of YAML hides other errors, because nothing can be said of text that has no structure.
 *
 * @param fileName as it is to stand in the errors
 */
export function parseConfig(text: string, fileName: string): ParsedConfig {
  const yaml = readYaml(text);
  const mistakes = yaml.mistakes.map((mistake) => ({ file: fileName, path: "", ...mistake }));
  if (!yaml.isUsable) return { ok: false, errors: mistakes };

  const parsed = documentSchema.safeParse(yaml.value, { error: defaultWanted, reportInput: false });
  const problems = parsed.success ? [] : schemaProblems(parsed.error, yaml.value);
  problems.push(...semanticProblems(yaml.value));
  if (parsed.success && problems.length === 0 && mistakes.length === 0) {
    const config = buildConfig(parsed.data, yaml.sourceOf);
    const length = new TextEncoder().encode(JSON.stringify(config)).length;
    if (length > configBytesMax) return { ok: false, errors: [tooLarge(fileName, config, length)] };
    return { ok: true, config, digest: configDigest(config) };
  }
  return {
    ok: false,
    errors: inFileOrder([...mistakes, ...problems.map((problem) => placeProblem(problem, yaml, fileName))]),
  };
}

function tooLarge(file: string, { services }: ClusterConfig, length: number): ConfigError {
  return {
    file,
    line: 1,
    column: 1,
    path: "",
    found: `${services.length} services that take ${length} bytes with all defaults`,
    wanted: `at most ${configBytesMax}: fewer services or shorter commands, or a second cluster`,
  };
}

function semanticProblems(value: unknown): Problem[] {
  const root = asMapping(value);
  return [
    ...checkNames(root),
    ...checkHeartbeat(root),
    ...checkNodes(root),
    ...checkHeartbeatSize(root),
    ...checkQuorum(root),
    ...checkFencing(root),
    ...checkSbd(root),
    ...checkServices(root),
    ...checkClones(root),
    ...checkRelations(root),
    ...checkCapacity(root),
    ...checkWithoutQuorum(root),
  ];
}
