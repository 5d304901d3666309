/** One mistake in a configuration file, with its place. */
export interface ConfigError {
  /** As the operator named it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** `services.web.domain.nodes[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly found: string;
  readonly wanted: string;
  /** What was probably meant. */
  readonly hint?: string;
}

/** A mistake before it has a place: the checks speak of paths, `parseConfig` turns them into lines and columns. */
export interface Problem {
  readonly path: Path;
  /** Point at the key, not at the value behind it. */
  readonly atKey?: boolean;
  readonly found: string;
  readonly wanted: string;
  readonly hint?: string;
}

/** Keys and list positions from the root of the document. */
export type Path = readonly (string | number)[];

/** `cluster.yaml:7:12: services.web.domain: found …, wanted …; did you mean "serv2"?` in one line. */
export function formatConfigError(error: ConfigError): string {
  const path = error.path === "" ? "" : ` ${error.path}:`;
  return `${error.file}:${error.line}:${error.column}:${path} ${describeError(error)}`;
}

/** The part after the place. */
export function describeError(error: Pick<ConfigError, "found" | "wanted" | "hint">): string {
  const hint = error.hint === undefined ? "" : `; did you mean ${JSON.stringify(error.hint)}?`;
  return `found ${error.found}, wanted ${error.wanted}${hint}`;
}

/** `["nodes", "n1", "addresses", 0]` -> `nodes.n1.addresses[0]`; odd keys are quoted. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** What was found, for people: scalars as they are, the rest by kind. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  return JSON.stringify(value) ?? String(typeof value);
}
