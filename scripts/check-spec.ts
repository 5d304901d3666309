import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { disagreements, repeatedRules, shownRules, statedRules } from "./spec/compare.ts";

// `npm run spec`: every rule of docs/SPEC.md and docs/spec/ has a test that names it, no two rules share an id, and no test
// names another one. Exit code 1 otherwise.

const root = join(import.meta.dirname, "..");

const documents = await texts(["docs/SPEC.md", ...(await filesBelow("docs/spec", /\.md$/))]);
const tests = await texts([...(await filesBelow("src", /\.test\.ts$/)), ...(await filesBelow("test", /\.ts$/))]);
const problems = [...repeatedRules(documents), ...disagreements(statedRules(documents), shownRules(tests))];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

async function texts(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const pairs = paths.map(async (path): Promise<[string, string]> => [path, await readFile(join(root, path), "utf8")]);
  return new Map(await Promise.all(pairs));
}

async function filesBelow(folder: string, pattern: RegExp): Promise<readonly string[]> {
  const found = await readdir(join(root, folder), { recursive: true });
  return found.filter((path) => pattern.test(path)).map((path) => `${folder}/${path}`);
}
