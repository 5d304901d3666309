import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findViolations } from "./deps/find-violations.ts";
import { parseRules } from "./deps/rules.ts";

// `npm run deps`: hold every import against DEPS. Exit code 1 when one is not allowed.

const root = join(import.meta.dirname, "..");
const tops = ["src", "lab", "test", "bench", "scripts"];

const rules = parseRules(await readFile(join(root, "DEPS"), "utf8"));
const sources = new Map<string, string>();
for (const top of tops) {
  for (const path of await typescriptFiles(top)) sources.set(path, await readFile(join(root, path), "utf8"));
}
const violations = findViolations(sources, rules);
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(`\n${violations.length} imports or exports against DEPS`);
  process.exitCode = 1;
}

/** Paths from the root, with "/" between; none when `top` does not exist. */
async function typescriptFiles(top: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, top), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => /\.tsx?$/.test(entry) && !entry.includes("node_modules"))
    .map((entry) => `${top}/${entry}`);
}
