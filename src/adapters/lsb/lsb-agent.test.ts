import { expect, test } from "vitest";
import { lsbVerdict } from "./lsb-agent.ts";

test.each([
  ["start", 0, "ok", "none"],
  ["start", 1, "failed", "soft"],
  ["start", 2, "failed", "hard"],
  ["start", 5, "failed", "hard"],
  ["start", 6, "failed", "hard"],
  ["start", 7, "failed", "soft"],
  ["stop", 0, "ok", "none"],
  ["stop", 7, "ok", "none"],
  ["stop", 1, "failed", "soft"],
  ["monitor", 0, "ok", "none"],
  ["monitor", 1, "not-running", "none"],
  ["monitor", 2, "not-running", "none"],
  ["monitor", 3, "not-running", "none"],
  ["monitor", 4, "failed", "soft"],
  ["monitor", 150, "failed", "hard"],
  ["monitor", 151, "failed", "hard"],
  ["monitor", 200, "failed", "soft"],
] as const)("%s with exit code %d is %s, %s", (action, code, status, severity) => {
  expect(lsbVerdict(action, code, "")).toMatchObject({ status, severity });
});
