import { describe, expect, test } from "vitest";
import { after, never, type InstantMs } from "../../src/model/units.ts";
import type { Clock } from "../../src/ports/clock.ts";

/** A clock and how its time passes. */
export interface ClockHarness {
  readonly clock: Clock;
  /** Lets time pass until `at` or later; for a fake, turns it. */
  readonly pass: (until: InstantMs) => Promise<void>;
}

/** What every clock promises. */
export function clockContract(name: string, make: () => ClockHarness): void {
  describe(`clock: ${name}`, () => {
    test("readings are whole milliseconds and never go back", async () => {
      const { clock, pass } = make();
      const first = clock.now();
      await pass(after(first, 5));
      const second = clock.now();
      expect(Number.isInteger(first)).toBe(true);
      expect(Number.isInteger(clock.wall())).toBe(true);
      expect(second).toBeGreaterThanOrEqual(first + 5);
    });

    test("a wake-up comes once, never early", async () => {
      const { clock, pass } = make();
      const wanted = [1, 2, 3, 7, 20].map((span) => after(clock.now(), span));
      const woken: { readonly at: InstantMs; readonly now: InstantMs }[] = [];
      for (const at of wanted) clock.wakeAt(at, () => woken.push({ at, now: clock.now() }));
      await pass(after(clock.now(), 60));
      expect(woken.map((one) => one.at)).toEqual(wanted);
      for (const { at, now } of woken) expect(now).toBeGreaterThanOrEqual(at);
    });

    test("a wake-up in the past comes soon, but not inside the call", async () => {
      const { clock, pass } = make();
      let woken = 0;
      clock.wakeAt(after(clock.now(), -5), () => (woken += 1));
      expect(woken).toBe(0);
      await pass(after(clock.now(), 20));
      expect(woken).toBe(1);
    });

    test("a cancelled one does not come; cancelling again, or too late, is nothing", async () => {
      const { clock, pass } = make();
      let woken = 0;
      const cancel = clock.wakeAt(after(clock.now(), 5), () => (woken += 1));
      const late = clock.wakeAt(after(clock.now(), 1), () => (woken += 10));
      cancel();
      cancel();
      await pass(after(clock.now(), 30));
      late();
      expect(woken).toBe(10);
    });

    test("`never` does not come, and not at once", async () => {
      const { clock, pass } = make();
      let woken = 0;
      const cancel = clock.wakeAt(never, () => (woken += 1));
      await pass(after(clock.now(), 20));
      cancel();
      expect(woken).toBe(0);
    });
  });
}
