import { formatPath, type Path, type Problem } from "./config-error.ts";

/** Keys that hale is designed to have and this version has not: never ignored, and told apart from a typing mistake. `*`: any name. */
const keys: readonly string[] = [
  "notify",
  "mirror",
  "dns",
  "balance",
  "nodes.*.serial",
  "services.*.mirror",
  "services.*.dns",
  "services.*.resources.*.mirror",
  "services.*.resources.*.script",
];

/** Values of known keys, likewise. A mapping is known by its first key. */
const values: Readonly<Record<string, readonly string[]>> = {
  engine: ["corosync"],
  "heartbeat.transport": ["multicast", "broadcast"],
};

/** The problem with a key of a later version; undefined when it is just unknown. */
export function unsupportedKey(path: Path): Problem | undefined {
  const pattern = path.map((part, index) => (isName(path, index) ? "*" : part)).join(".");
  if (!keys.includes(pattern)) return undefined;
  return { path, atKey: true, ...explain(`key ${JSON.stringify(path.at(-1))}`) };
}

/** The problem with a value of a later version; undefined when it is just wrong. */
export function unsupportedValue(path: Path, value: unknown): Problem | undefined {
  const word = typeof value === "object" && value !== null ? Object.keys(value)[0] : value;
  if (typeof word !== "string" || !values[formatPath(path)]?.includes(word)) return undefined;
  return { path, ...explain(JSON.stringify(word)) };
}

function explain(what: string): { readonly found: string; readonly wanted: string } {
  return { found: `${what}, which is not yet supported in this version`, wanted: "a configuration without it" };
}

function isName(path: Path, index: number): boolean {
  return typeof path[index] === "number" || (index === 1 && (path[0] === "nodes" || path[0] === "services"));
}
