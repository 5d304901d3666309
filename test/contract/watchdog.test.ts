import { describe, expect, test } from "vitest";
import { durationMs } from "../../src/model/units.ts";
import { KernelWatchdog } from "../../src/adapters/watchdog/kernel-watchdog.ts";
import { FakeWatchdog } from "../../src/sim/fake-watchdog.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { VirtualTime } from "../../src/sim/virtual-time.ts";
import { watchdogCases, type WatchdogHarness } from "./watchdog.contract.ts";

// The kernel's own is held to the same cases in a virtual machine: `npm run watchdog`.

const startAtMs = 1_000;

function fakeHarness(): WatchdogHarness & { readonly resets: readonly number[] } {
  const time = new VirtualTime();
  time.runUntil(startAtMs);
  const resets: number[] = [];
  const fake = new FakeWatchdog(time, () => {
    resets.push(time.now);
    fake.cutOff();
  });
  fake.driver.timeoutMsMax = 60_000;
  const newProcess = (): SimProcess =>
    new SimProcess(time, (error) => {
      throw error;
    });
  const device = "/dev/watchdog";
  const pass = async (spanMs: number): Promise<void> => time.runUntil(time.now + spanMs);
  return {
    resets,
    device,
    tooLongMs: 61_000,
    watchdog: fake.forProcess(newProcess()),
    pass,
    runAndKill: async ({ timeoutMs, feedEveryMs, livesMs }) => {
      const process = newProcess();
      const watchdog = fake.forProcess(process);
      watchdog.arm(device, durationMs(timeoutMs));
      const diesAtMs = time.now + livesMs;
      while (time.now + feedEveryMs < diesAtMs) {
        await pass(feedEveryMs);
        watchdog.feed();
      }
      await pass(diesAtMs - time.now);
      process.kill();
      fake.died(process);
    },
    mustReset: async (earliestMs, latestMs) => {
      const beganAt = time.now;
      await pass(latestMs);
      expect(resets).toHaveLength(1);
      expect((resets[0] ?? 0) - beganAt).toBeGreaterThanOrEqual(earliestMs);
    },
  };
}

describe("Watchdog: fake", () => {
  for (const each of watchdogCases) {
    test(each.name, async () => {
      const harness = fakeHarness();
      await each.run(harness);
      expect(harness.resets).toHaveLength(each.endsInReset ? 1 : 0);
    });
  }
});

describe("Watchdog: kernel, where there is none", () => {
  test("a missing device, and a file that is none, are told in one line", () => {
    const watchdog = new KernelWatchdog(() => undefined);
    const missing = watchdog.arm("/dev/no-watchdog", durationMs(5_000));
    expect(missing.ok ? "" : missing.reason).toContain("there is no /dev/no-watchdog");
    const wrong = watchdog.arm("/dev/null", durationMs(5_000));
    expect(wrong.ok ? "" : wrong.reason).toContain("/dev/null is no watchdog");
    expect(watchdog.feed()).toBeNull();
    expect(watchdog.disarm()).toBeNull();
  });
});
