import { expect, test } from "vitest";
import { parseModule } from "./parse-module.ts";

const specifiers = (source: string) => parseModule(source).imports.map(({ specifier }) => specifier);

test.each([
  ['import a from "x";', ["x"]],
  ['import "x";', ["x"]],
  ["import { a, type B } from 'x';", ["x"]],
  ['import type { A } from "x";', ["x"]],
  ['import * as all from "x";', ["x"]],
  ['import {\n  a,\n  b as c,\n} from "x";', ["x"]],
  ['export { a } from "x";', ["x"]],
  ['export type { A } from "x";', ["x"]],
  ['export * from "x";', ["x"]],
  ['const a = await import("x");', ["x"]],
  ['type A = import("x").A;', ["x"]],
  ['const from = "x"; export { from };\nimport b from "y";', ["y"]],
  ['export const a = 1;\nconst from = { from: "x" };', []],
  ['export { a };\nconst b = a;\nimport c from "x";', ["x"]],
  ["const here = import.meta.url;", []],
  ['const o = { import: "x", export: "y" }; o.import("z");', []],
])("reads %j", (source, expected) => {
  expect(specifiers(source)).toEqual(expected);
});

test.each([
  '// import a from "x"',
  '/* import a from "x" */',
  "const text = 'import a from \"x\"';",
  'const text = `import a from "x"`;',
  'const text = `${a ? `import b from "x"` : {}} import c from "y"`;',
  'const found = /import a from "x"/.exec(text);',
  'const found = /[/"]import a from "x"/.exec(text);',
])("takes no text for an import: %j", (source) => {
  expect(specifiers(source)).toEqual([]);
});

test("goes on after what is hard to scan", () => {
  const hard = ["const ratio = a / b / c;", "const quote = /[\"'`]/;", "const t = `${`${'}'}`}`;", 'const e = "\\"";'];
  for (const line of hard) expect(specifiers(`${line}\nimport a from "x";`)).toEqual(["x"]);
});

test("gives the line of an import, and of what a module should not export", () => {
  const module = parseModule('/*\n*/ const a = `\n`;\nimport b from "x";\nexport default b;\nexport * from "y";');
  expect(module.imports).toEqual([
    { specifier: "x", line: 4 },
    { specifier: "y", line: 6 },
  ]);
  expect(module.defaultExports).toEqual([5]);
  expect(module.exportStars).toEqual([6]);
});

test("sees a default export in disguise", () => {
  expect(parseModule("const a = 1;\nexport { a as default };").defaultExports).toEqual([2]);
  expect(parseModule("export { a }; const b = c as default_;").defaultExports).toEqual([]);
});
