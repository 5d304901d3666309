import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { watchdogCases } from "../contract/watchdog.contract.ts";
import { makeInitramfs, runVm, type VmRun } from "./machine.ts";

// The kernel's watchdog on real drivers: one that is software, and one that is a device. A reset ends the machine.

const limitMs = 110_000;
let folder = "";
let kernel = "";
let initramfs = "";

beforeAll(() => {
  kernel = execFileSync(join(import.meta.dirname, "../../scripts/setup-vm"), { encoding: "utf8" }).trim();
  folder = mkdtempSync(join(tmpdir(), "hale-vm-"));
  initramfs = join(folder, "initramfs");
  makeInitramfs(kernel, ["watchdog", "softdog", "i6300esb"], initramfs);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(words: string): Promise<VmRun> {
  return runVm(kernel, initramfs, words, limitMs);
}

function said(run: VmRun): string {
  return run.lines.map(({ text }) => text).join("\n");
}

describe("Watchdog: kernel", () => {
  for (const driver of ["softdog", "i6300esb"]) {
    test.concurrent(`${driver}: all that a machine survives`, async () => {
      const ran = await run(`hale.driver=${driver}`);
      expect(said(ran)).not.toContain("FAILED");
      expect(ran.lines.map(({ text }) => text)).toContain("DONE");
    });

    for (const [index, each] of watchdogCases.entries()) {
      if (!each.endsInReset) continue;
      test.concurrent(`${driver}: ${each.name}`, async () => {
        const ran = await run(`hale.driver=${driver} hale.case=${index}`);
        const promise = ran.lines.findLast(({ text }) => text.startsWith("RESET-BY "));
        expect(promise, said(ran)).toBeDefined();
        expect(said(ran)).not.toContain("FAILED");
        const [earliestMs = 0, latestMs = 0] = (promise?.text ?? "").split(" ").slice(1).map(Number);
        const tookMs = (ran.endedAtMs ?? Number.POSITIVE_INFINITY) - (promise?.atMs ?? 0);
        expect(tookMs).toBeGreaterThanOrEqual(earliestMs);
        expect(tookMs).toBeLessThanOrEqual(latestMs);
      });
    }
  }
});
