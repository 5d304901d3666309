import { type Token, tokenize } from "./tokenize.ts";

/** What one file takes from others and how it gives. */
export interface Module {
  /** Every static, dynamic, re-exported and type-only import, in order of appearance. */
  readonly imports: readonly { readonly specifier: string; readonly line: number }[];
  /** Lines of `export *`. */
  readonly exportStars: readonly number[];
  /** Lines of default exports. */
  readonly defaultExports: readonly number[];
}

/** Find imports and exports in TypeScript source; `import type` counts like any other. */
export function parseModule(source: string): Module {
  const tokens = tokenize(source);
  const imports: { specifier: string; line: number }[] = [];
  const exportStars: number[] = [];
  const defaultExports: number[] = [];

  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "word" || tokens[index - 1]?.text === ".") continue;
    if (token.text !== "import" && token.text !== "export") continue;
    const specifier = token.text === "import" ? importedBy(tokens, index) : reexportedBy(tokens, index);
    if (specifier !== undefined) imports.push({ specifier, line: token.line });
    if (token.text !== "export") continue;
    if (isStar(tokens, index)) exportStars.push(token.line);
    if (isDefault(tokens, index)) defaultExports.push(token.line);
  }
  return { imports, exportStars, defaultExports };
}

/** `import "x"`, `import("x")`, `import ... from "x"`; `import.meta` and a key named import give nothing. */
function importedBy(tokens: readonly Token[], index: number): string | undefined {
  const next = tokens[index + 1];
  if (next?.kind === "string") return next.text;
  if (next?.text === "(") {
    const argument = tokens[index + 2];
    return argument?.kind === "string" ? argument.text : undefined;
  }
  if (next?.kind !== "word" && next?.text !== "{" && next?.text !== "*") return undefined;
  return afterFrom(tokens, index + 1);
}

/** `export { a } from "x"`, `export * from "x"`, with or without `type`. */
function reexportedBy(tokens: readonly Token[], index: number): string | undefined {
  const first = tokens[index + 1]?.text === "type" ? index + 2 : index + 1;
  const opening = tokens[first]?.text;
  return opening === "{" || opening === "*" ? afterFrom(tokens, first) : undefined;
}

/** The string after the `from` that ends the clause starting at `index`; undefined when the clause has none. */
function afterFrom(tokens: readonly Token[], index: number): string | undefined {
  for (let at = index; at < tokens.length; at++) {
    const token = tokens[at];
    const next = tokens[at + 1];
    if (token?.text === "from" && next?.kind === "string") return next.text;
    const belongsToClause = token?.kind === "word" || (token?.kind === "mark" && "{},*".includes(token.text));
    const closed = token?.text === "}" && next?.text !== "from";
    if (!belongsToClause || closed) return undefined;
  }
  return undefined;
}

function isStar(tokens: readonly Token[], index: number): boolean {
  const first = tokens[index + 1]?.text === "type" ? index + 2 : index + 1;
  return tokens[first]?.text === "*";
}

/** `export default x` and `export { x as default }`. */
function isDefault(tokens: readonly Token[], index: number): boolean {
  if (tokens[index + 1]?.text === "default") return true;
  if (tokens[index + 1]?.text !== "{") return false;
  const end = tokens.findIndex((token, at) => at > index && token.text === "}");
  return tokens
    .slice(index, end)
    .some((token, at) => token.text === "as" && tokens[index + at + 1]?.text === "default");
}
