import type { z } from "zod";
import { describeValue, type Path, type Problem } from "./config-error.ts";
import { suggest } from "./suggest.ts";
import { unsupportedKey, unsupportedValue } from "./unsupported.ts";

type Issue = z.core.$ZodIssue;

/** What of a zod error an operator needs: each issue with what was found and what is wanted. */
export function schemaProblems(error: z.ZodError, root: unknown): Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, [], root));
}

/** What is wanted where the schema does not say it better. Given to zod as its error map. */
export function defaultWanted(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "invalid_type") return expectedNames[issue.expected] ?? issue.expected;
  if (issue.code === "unrecognized_keys") return knownKeys(issue.inst).join(", ");
  if (issue.code === "invalid_value") return issue.values.map((value) => JSON.stringify(value)).join(" or ");
  return "something else";
}

/** zod's issue does not name the keys it knows; the schema that raised it does. */
function knownKeys(schema: unknown): readonly string[] {
  const shape = (schema as { readonly _zod?: { readonly def?: { readonly shape?: object } } } | undefined)?._zod?.def
    ?.shape;
  return Object.keys(shape ?? {});
}

const expectedNames: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  string: "a text",
  boolean: "true or false",
  number: "a number",
};

function problemsOf(issue: Issue, base: Path, root: unknown): Problem[] {
  const path: Path = [...base, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  const value = valueAt(root, path);
  const unsupported = unsupportedValue(path, value);
  if (unsupported !== undefined) return [unsupported];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, issue.message));
  if (issue.code === "invalid_union") {
    const branch = closestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problemsOf(inner, path, root));
  }
  const hint = value === undefined ? undefined : hintFor(issue, value);
  return [
    {
      path,
      found: value === undefined ? missing(path, root) : describeValue(value),
      wanted: issue.message,
      ...(hint === undefined ? {} : { hint }),
    },
  ];
}

/** `message` is the list of known keys, as `defaultWanted` made it. */
function unknownKey(path: Path, key: string, message: string): Problem {
  const at = [...path, key];
  const unsupported = unsupportedKey(at);
  if (unsupported !== undefined) return unsupported;
  const known = message.split(", ");
  const hint = suggest(key, known);
  const wanted = known.length === 1 ? message : `one of ${message}`;
  return {
    path: at,
    atKey: true,
    found: `key ${JSON.stringify(key)}`,
    wanted,
    ...(hint === undefined ? {} : { hint }),
  };
}

/**
 * The alternative that the operator was most likely writing: the one that fits at its root.
 * undefined when none does: then the union's own text says what is wanted.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter((branch) => !branch.some((issue) => issue.path.length === 0 && isWrongKind(issue)));
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}

function isWrongKind(issue: Issue): boolean {
  return ["invalid_type", "invalid_value", "invalid_union", "invalid_format"].includes(issue.code);
}

/** A key that is not there may be there under another name, where other keys are parameters and so no mistake by themselves. */
function missing(path: Path, root: unknown): string {
  const parent = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof key !== "string" || typeof parent !== "object" || parent === null) return "nothing";
  const meant = suggest(
    key,
    Object.keys(parent).filter((sibling) => sibling !== key),
  );
  return meant === undefined ? "nothing" : `nothing, but a key ${JSON.stringify(meant)}`;
}

function hintFor(issue: Issue, value: unknown): string | undefined {
  if (issue.code !== "invalid_value" || typeof value !== "string") return undefined;
  return suggest(value, issue.values.map(String));
}

/** What the path leads to; undefined when it leads nowhere. */
function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
