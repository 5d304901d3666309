import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { roleVerdict } from "./ocf-codes.ts";
import { PromotionScores } from "./promotion-scores.ts";

function run(scores: PromotionScores, program: string, ...words: readonly string[]): void {
  const environment = scores.environmentOf("db__pgsql");
  const file = join(environment["HA_SBIN_DIR"] ?? "", program);
  execFileSync(file, words, { env: environment, stdio: "pipe" });
}

describe("promotion scores", () => {
  it.each<readonly [string, readonly string[], number]>([
    ["crm_attribute", ["-p", "-v", "1000"], 1000],
    ["crm_attribute", ["-p", "--update=-5"], -5],
    ["crm_master", ["-l", "reboot", "-v", "7"], 7],
    ["crm_master", ["-l", "reboot", "-D"], -1],
  ])("[PRO-4] %s %j", (program, words, score) => {
    const scores = new PromotionScores(mkdtempSync(join(tmpdir(), "hale-scores-")));
    expect(scores.told("db__pgsql")).toBeNull();
    run(scores, program, ...words);
    expect(scores.told("db__pgsql")).toBe(score);
    scores.forget("db__pgsql");
    expect(scores.told("db__pgsql")).toBeNull();
  });

  it("[PRO-4] what is no score, and what Pacemaker alone could answer, is refused", () => {
    const scores = new PromotionScores(mkdtempSync(join(tmpdir(), "hale-scores-")));
    expect(() => run(scores, "crm_attribute", "-n", "pgsql-status", "-v", "x")).toThrow("hale has no -n");
    expect(() => run(scores, "crm_attribute", "-p", "-G")).toThrow("does not tell them");
    run(scores, "crm_attribute", "-p", "-v", "INFINITY");
    expect(scores.told("db__pgsql")).toBeNull();
  });
});

describe("the promoted role", () => {
  it.each<readonly ["start" | "stop" | "monitor", number, string]>([
    ["monitor", 8, "ok"],
    ["monitor", 191, "ok"],
    ["monitor", 0, "not-running"],
    ["monitor", 190, "not-running"],
    ["monitor", 7, "not-running"],
    ["monitor", 9, "failed"],
    ["monitor", 1, "failed"],
    ["start", 0, "ok"],
    ["start", 1, "failed"],
    ["stop", 0, "ok"],
    ["stop", 7, "ok"],
    ["stop", 1, "failed"],
  ])("[PRO-1] %s that ends with %i is %s", (action, code, status) => {
    expect(roleVerdict(action, code).status).toBe(status);
  });
});
