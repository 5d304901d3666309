import { type ConfigError, formatPath, type Problem } from "./config-error.ts";
import type { YamlText } from "./read-yaml.ts";

/** More are not shown: whoever has so many errors has another problem. */
const errorsMax = 100;

/** A mistake with its place in the file. */
export function placeProblem(problem: Problem, yaml: YamlText, file: string): ConfigError {
  const { path, atKey = false, hint, ...rest } = problem;
  const { found, wanted } = rest;
  return {
    file,
    ...yaml.locate(path, atKey),
    path: formatPath(path),
    found,
    wanted,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Each once, as one reads the file. */
export function inFileOrder(errors: readonly ConfigError[]): ConfigError[] {
  const unique = new Map(errors.map((error) => [`${error.line}:${error.column}:${error.path}:${error.found}`, error]));
  return [...unique.values()].toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, errorsMax);
}
