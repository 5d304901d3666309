import { expect, test } from "vitest";
import { formatResult, runStep } from "./run-step.ts";

test("a step that passes says one line", async () => {
  const result = await runStep({ name: "types", command: ["sh", "-c", "echo fine"] }, ".");
  expect(result).toMatchObject({ passed: true, output: "fine\n" });
  expect(formatResult({ ...result, tookMs: 1234 })).toBe("ok    types         1.2 s");
});

test.each<[string, [string, ...string[]], string]>([
  ["exits with 3", ["sh", "-c", "echo out; echo err >&2; exit 3"], "out\nerr"],
  ["dies of a signal", ["sh", "-c", "echo going; kill -9 $$"], "going"],
  ["does not exist", ["/no/such/program"], "ENOENT"],
])("a step that %s fails and shows its output", async (_, command, output) => {
  const result = await runStep({ name: "lint", command }, ".");
  expect(result.passed).toBe(false);
  expect(formatResult(result)).toMatch(/^FAIL {2}lint /);
  expect(formatResult(result)).toContain(output);
});
