import { type DurationMs, durationMs } from "../model/units.ts";
import type { WatchdogOutcome } from "../model/watchdog.ts";
import type { Watchdog } from "../ports/watchdog.ts";
import type { SimProcess } from "./sim-process.ts";
import type { TimedEvent, VirtualTime } from "./virtual-time.ts";

/** How the driver of a simulated watchdog behaves. */
export interface WatchdogDriver {
  /** There is a device, and it can be opened. */
  isThere: boolean;
  /** It takes no longer time-out than this. */
  timeoutMsMax: number;
  /** It takes multiples of this, and rounds down. */
  stepMs: number;
  /** It cannot be stopped once it was started, as with the module's parameter of that name. */
  isNoWayOut: boolean;
  /** Its milliseconds in one of true time. */
  rate: number;
  /** From the end of the time-out until the machine is really off. */
  resetMs: number;
}

/**
 * The watchdog of a simulated machine, as Linux has it: it ticks whatever becomes of processes, and is fed once more when the process
 * that holds it dies. It stands outside the machine: one that stands still is reset, too.
 */
export class FakeWatchdog {
  readonly driver: WatchdogDriver = {
    isThere: true,
    timeoutMsMax: 3_600_000,
    stepMs: 1_000,
    isNoWayOut: false,
    rate: 1,
    resetMs: 0,
  };
  readonly #time: VirtualTime;
  readonly #reset: () => void;
  #holder: SimProcess | null = null;
  #timeoutMs = 0;
  #bite: TimedEvent | null = null;
  /** The time-out is over: nothing but a loss of power can change what follows. */
  #hasRung = false;

  constructor(time: VirtualTime, reset: () => void) {
    this.#time = time;
    this.#reset = reset;
  }

  /** It will reset the machine when nobody feeds it. */
  get isRunning(): boolean {
    return this.#bite !== null;
  }

  /** The port as one process has it. */
  forProcess(process: SimProcess): Watchdog {
    return {
      arm: (device, timeoutMs) => this.#arm(process, device, timeoutMs),
      feed: () => {
        if (this.#holder === process) this.feed();
        return null;
      },
      disarm: () => {
        if (this.#holder !== process) return null;
        this.#holder = null;
        if (this.driver.isNoWayOut) {
          this.feed();
          return "its driver does not let it be stopped";
        }
        this.stop();
        return null;
      },
    };
  }

  /** A process has died: the kernel closes what it held. */
  died(process: SimProcess): void {
    if (this.#holder !== process) return;
    this.#holder = null;
    this.feed();
  }

  feed(): void {
    if (this.#bite === null || this.#hasRung) return;
    this.#bite.run = null;
    const atMs = Math.ceil(this.#time.now + this.#timeoutMs / this.driver.rate);
    this.#bite = this.#time.schedule(atMs, null, () => {
      this.#hasRung = true;
      this.#bite = this.#time.schedule(this.#time.now + this.driver.resetMs, null, this.#reset);
    });
  }

  /** By the magic word. */
  stop(): void {
    if (!this.#hasRung) this.#forget();
  }

  #forget(): void {
    this.#hasRung = false;
    if (this.#bite !== null) this.#bite.run = null;
    this.#bite = null;
  }

  /** The machine is off. */
  cutOff(): void {
    this.#holder = null;
    this.#forget();
  }

  #arm(process: SimProcess, device: string, timeoutMs: DurationMs): WatchdogOutcome {
    const { isThere, timeoutMsMax } = this.driver;
    if (!isThere || device !== "/dev/watchdog") return { ok: false, reason: `there is no ${device}` };
    if (timeoutMs > timeoutMsMax) return { ok: false, reason: `${device} does not take ${timeoutMs} ms` };
    this.#holder = process;
    this.#timeoutMs = timeoutMs - (timeoutMs % this.driver.stepMs);
    this.#bite ??= this.#time.schedule(this.#time.now, null, this.#reset);
    this.feed();
    return { ok: true, timeoutMs: durationMs(this.#timeoutMs), identity: "simulated" };
  }
}
