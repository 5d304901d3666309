import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { runScenario } from "../../src/sim/scenario/run-scenario.ts";
import { testedMistakes, toldMistakes } from "./manager-mistakes.ts";
import { testedPlacementMistakes, toldPlacementMistakes } from "./placement-mistakes.ts";
import { plantRules } from "./plant-mistake.ts";

// Goal: the stories and the tests of the manager are trusted because each of these mistakes, planted in a copy of the core, is found by one.

const root = join(import.meta.dirname, "../..");
const vitest = join(root, "node_modules/.bin/vitest");

describe("found by a story", () => {
  test.each([...toldMistakes, ...toldPlacementMistakes])("$name", async ({ story, patches }) => {
    const rules = await plantRules(patches);
    const folder = join(root, "scenarios", story);
    const { result } = runScenario(readFileSync(join(folder, "scenario.yaml"), "utf8"), {
      fileName: story,
      readFile: (path) => readFileSync(join(folder, path), "utf8"),
      rules: () => rules,
    });
    expect(result.violations).not.toEqual([]);
  });
});

describe("found by a test of the core", () => {
  test.each([...testedMistakes, ...testedPlacementMistakes])("$name", async ({ tests, patches }) => {
    const args = ["run", "--config", "test/planted/planted.config.ts", "--reporter=json", `src/core/${tests}.test.ts`];
    const env = { ...process.env, PLANTED: JSON.stringify(patches) };
    const report = await promisify(execFile)(vitest, args, { cwd: root, env }).then(
      () => "nothing is wrong",
      (error: { readonly stdout: string }) => error.stdout,
    );
    expect(JSON.parse(report)).toMatchObject({ numFailedTests: 1 });
  });
});
