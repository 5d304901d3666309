import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { clockContract } from "./clock.contract.ts";

clockContract("CLOCK_BOOTTIME", () => {
  const { clock } = openClock();
  return { clock, pass: (until) => new Promise((resolve) => clock.wakeAt(until, resolve)) };
});
