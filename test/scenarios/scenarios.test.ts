import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderTimeline } from "../../src/sim/scenario/render-run.ts";
import { runScenario } from "../../src/sim/scenario/run-scenario.ts";

const root = join(import.meta.dirname, "../../scenarios");
const stories = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe("scenarios", () => {
  for (const { name } of stories) {
    // Goal: the story ends as it must, breaks no rule on the way, and is told in the same words as before.
    test(name, () => {
      const folder = join(root, name);
      const file = join(folder, "scenario.yaml");
      const run = runScenario(readFileSync(file, "utf8"), {
        fileName: `scenarios/${name}/scenario.yaml`,
        readFile: (path) => readFileSync(join(dirname(file), path), "utf8"),
      });
      const log = renderTimeline(run);
      const logFile = join(folder, "expected.log");
      if (process.env["REWRITE"] === "1") writeFileSync(logFile, log);
      expect(run.result.violations).toEqual([]);
      expect(run.result.ok).toBe(true);
      expect(log).toBe(existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
    });
  }

  test("there is a README for each story", () => {
    const silent = stories.filter(({ name }) => !existsSync(join(root, name, "README.md"))).map(({ name }) => name);
    expect(silent).toEqual([]);
  });
});
