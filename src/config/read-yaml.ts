import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from "yaml";
import type { Path } from "./config-error.ts";

/** Text read as YAML, with the way back from a path to its place. */
export interface YamlText {
  /** Plain data. Empty values are `undefined`, so that a key without a value reads like a missing one. */
  readonly value: unknown;
  readonly mistakes: readonly YamlMistake[];
  /** False when a syntax error leaves so little that further checks would only mislead. */
  readonly isUsable: boolean;
  /** Line and column of what the path leads to; of the nearest thing above it where it leads to nothing. */
  readonly locate: (path: Path, atKey: boolean) => Place;
  /** A scalar as it was written, so that `1.10` and `010` reach an agent unharmed. */
  readonly sourceOf: (path: Path) => string | undefined;
}

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What the YAML parser did not like. */
export interface YamlMistake extends Place {
  readonly found: string;
  readonly wanted: string;
}

/** A configuration of 32 nodes and hundreds of services is far below it. */
const charactersMax = 1_000_000;
/** Aliases may point at aliases: without a limit, a short file unfolds to billions of values. */
const valuesMax = 200_000;
const depthMax = 64;

/** Reads YAML. Never throws, whatever the text. */
export function readYaml(text: string): YamlText {
  if (text.length > charactersMax) return failed(`${text.length} characters, at most ${charactersMax} wanted`);
  try {
    return read(text);
  } catch (error) {
    // The parser recurses: brackets nested by the thousand overflow its stack, and nothing of the text is left.
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function read(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const mistakes = [...document.errors, ...document.warnings].map((error) => ({
    ...place(error.pos[0]),
    ...explain(error, text),
  }));
  const isUsable = document.errors.every(({ code }) => code === "DUPLICATE_KEY" || code === "TAG_RESOLVE_FAILED");
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const unfold = (node: unknown): unknown => {
    const end = resolve(node);
    if (isAlias(node) && end === undefined) {
      const { source, range } = node;
      mistakes.push({ ...place(range?.[0] ?? 0), found: `alias *${source}`, wanted: `an anchor &${source} before it` });
    }
    return end;
  };
  const counter = { values: 0 };
  return {
    value: isUsable ? toValue(document.contents, unfold, counter, 0) : undefined,
    mistakes,
    isUsable,
    locate: (path, atKey) => place(offsetOf(document.contents, path, atKey, resolve)),
    sourceOf(path) {
      let node: unknown = document.contents;
      for (const part of path) node = childOf(resolve(node), part)?.value;
      const end = resolve(node);
      return isScalar(end) ? (end.source ?? String(end.value)) : undefined;
    },
  };
}

function failed(reason: string): YamlText {
  const start = { line: 1, column: 1 };
  return {
    value: undefined,
    mistakes: [{ ...start, found: firstLine(reason), wanted: "well-formed YAML" }],
    isUsable: false,
    locate: () => start,
    sourceOf: () => undefined,
  };
}

function explain(error: YAMLError, text: string): { readonly found: string; readonly wanted: string } {
  const where = text.slice(...error.pos);
  if (error.code === "DUPLICATE_KEY")
    return { found: `key ${/^[^:\s]*/.exec(text.slice(error.pos[0]))?.[0]} again`, wanted: "each key once" };
  if (error.code === "MULTIPLE_DOCS") return { found: "another document", wanted: "one document" };
  if (error.code === "TAG_RESOLVE_FAILED") return { found: `tag ${where}`, wanted: "no tag" };
  return { found: firstLine(error.message), wanted: "well-formed YAML" };
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function toValue(
  raw: unknown,
  resolve: (node: unknown) => unknown,
  counter: { values: number },
  depth: number,
): unknown {
  counter.values += 1;
  if (counter.values > valuesMax) throw new RangeError(`more than ${valuesMax} values once its aliases are unfolded`);
  if (depth > depthMax) throw new RangeError(`nested deeper than ${depthMax} levels`);
  const node = resolve(raw);
  if (isScalar(node)) return node.value ?? undefined;
  if (isSeq(node)) return node.items.map((item) => toValue(item, resolve, counter, depth + 1));
  if (!isMap(node)) return undefined;
  // No prototype: a key `__proto__` is a key like any other.
  const value = Object.create(null) as Record<string, unknown>;
  for (const pair of node.items) value[keyText(pair.key)] = toValue(pair.value, resolve, counter, depth + 1);
  return value;
}

function keyText(key: unknown): string {
  if (isScalar(key)) return key.source ?? String(key.value);
  return typeof key === "string" ? key : "?";
}

interface Child {
  readonly key: unknown;
  readonly value: unknown;
}

function childOf(node: unknown, part: string | number): Child | undefined {
  if (isSeq(node) && typeof part === "number") return { key: undefined, value: node.items[part] };
  if (!isMap(node)) return undefined;
  return node.items.findLast((pair) => keyText(pair.key) === String(part));
}

function offsetOf(root: unknown, path: Path, atKey: boolean, resolve: (node: unknown) => unknown): number {
  let offset = startOf(root) ?? 0;
  let node = resolve(root);
  for (const [index, part] of path.entries()) {
    const child = childOf(node, part);
    if (child === undefined) return offset;
    const key = startOf(child.key);
    const value = isEmpty(child.value) ? undefined : startOf(child.value);
    const isLast = index === path.length - 1;
    offset = (isLast && !atKey ? (value ?? key) : (key ?? value)) ?? offset;
    node = resolve(child.value);
  }
  return offset;
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && (node.source ?? "") === "";
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
