import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FenceAction, FenceCall, FenceOutcome } from "../../src/model/operation.ts";
import { durationMs } from "../../src/model/units.ts";
import type { FenceDevice } from "../../src/ports/fence-device.ts";

/** What the suite needs of a fence device under test. A new one per test, whose plug is on. */
export interface FenceDeviceHarness {
  readonly device: FenceDevice;
  /** Agent, parameters and plug of a device that works. */
  readonly works: Pick<FenceCall, "agent" | "parameters" | "plug">;
  /** Of one that says no. */
  readonly refuses: Pick<FenceCall, "agent" | "parameters" | "plug">;
  /** Of one that never answers. */
  readonly hangs: Pick<FenceCall, "agent" | "parameters" | "plug">;
  /** Of an agent that does not exist. */
  readonly missing: Pick<FenceCall, "agent" | "parameters" | "plug">;
  /** Where time does not pass by itself: lets it, until the promise has settled. */
  readonly settle?: (promise: Promise<FenceOutcome>) => Promise<FenceOutcome>;
  /** Looked at from outside. */
  isOn(): boolean | Promise<boolean>;
  close(): void | Promise<void>;
}

let calls = 0;

/** Holds an adapter, real or fake, to the port `FenceDevice`. */
export function fenceDeviceContract(name: string, open: () => FenceDeviceHarness | Promise<FenceDeviceHarness>): void {
  describe(`FenceDevice: ${name}`, () => {
    let harness: FenceDeviceHarness;

    beforeEach(async () => {
      harness = await open();
    });

    afterEach(async () => {
      await harness.close();
    });

    async function run(
      which: "works" | "refuses" | "hangs" | "missing",
      action: FenceAction,
      signal = new AbortController().signal,
      timeoutMs = 20_000,
    ): Promise<FenceOutcome> {
      calls += 1;
      const call = { ...harness[which], id: calls, action, timeoutMs: durationMs(timeoutMs) };
      const running = harness.device.run(call, signal);
      const outcome = await (harness.settle?.(running) ?? running);
      expect(outcome.reason).not.toBe("");
      expect(outcome.reason).not.toMatch(/\n/);
      return outcome;
    }

    test("off is confirmed and the plug is off; on brings it back", async () => {
      expect((await run("works", "off")).confirmed).toBe(true);
      expect(await harness.isOn()).toBe(false);
      expect((await run("works", "on")).confirmed).toBe(true);
      expect(await harness.isOn()).toBe(true);
    });

    test("off of what is off is confirmed", async () => {
      await run("works", "off");
      expect((await run("works", "off")).confirmed).toBe(true);
    });

    test("status tells on from off", async () => {
      expect(await run("works", "status")).toMatchObject({ confirmed: true, reason: "on" });
      await run("works", "off");
      expect(await run("works", "status")).toMatchObject({ confirmed: true, reason: "off" });
    });

    test("monitor is confirmed and changes nothing", async () => {
      expect((await run("works", "monitor")).confirmed).toBe(true);
      expect(await harness.isOn()).toBe(true);
    });

    test("a device that says no has confirmed nothing", async () => {
      expect((await run("refuses", "off")).confirmed).toBe(false);
    });

    test("a device that does not answer has confirmed nothing, in bounded time", async () => {
      const outcome = await run("hangs", "off", undefined, 200);
      expect(outcome.confirmed).toBe(false);
      expect(outcome.durationMs).toBeLessThan(5000);
    });

    test("an aborted call has confirmed nothing", async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      expect((await run("hangs", "off", controller.signal)).confirmed).toBe(false);
      expect((await run("works", "off", AbortSignal.abort())).confirmed).toBe(false);
      expect(await harness.isOn()).toBe(true);
    });

    test("an agent that does not exist has confirmed nothing", async () => {
      expect((await run("missing", "off")).confirmed).toBe(false);
    });
  });
}
