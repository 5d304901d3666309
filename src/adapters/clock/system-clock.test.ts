import { expect, test, vi } from "vitest";
import { after, instantMs } from "../../model/units.ts";
import { makeClock, openClock } from "./system-clock.ts";

test("this machine has CLOCK_BOOTTIME, and all clocks agree", () => {
  const first = openClock();
  const second = openClock();
  expect(first.note).toBeNull();
  expect(second.clock.now() - first.clock.now()).toBeLessThan(1_000);
});

test("a timer that comes early, or was cut to node's longest span, is armed again", () => {
  vi.useFakeTimers();
  try {
    let now = 0;
    const clock = makeClock(() => instantMs(now));
    let woken = 0;
    const month = 30 * 24 * 3_600_000;
    clock.wakeAt(after(clock.now(), month), () => (woken += 1));
    now = 2 ** 31 - 1;
    vi.advanceTimersByTime(now);
    expect(woken).toBe(0);
    vi.advanceTimersByTime(month - now - 1);
    now = month - 1;
    expect(woken).toBe(0);
    vi.advanceTimersByTime(1);
    expect(woken).toBe(0);
    now = month;
    vi.advanceTimersByTime(1);
    expect(woken).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
