import { durationMs } from "../../src/model/units.ts";
import type { Watchdog } from "../../src/ports/watchdog.ts";

/**
 * What a case needs of a machine with a watchdog. Not bound to a test runner, because the real one runs where there is none: in a
 * virtual machine that is reset at the end.
 */
export interface WatchdogHarness {
  readonly device: string;
  /** A time-out that the device does not take, in ms. */
  readonly tooLongMs: number;
  /** Starts a process of its own that arms, feeds every `feedEveryMs` for `livesMs`, and is killed. Resolves at its death. */
  readonly runAndKill: (life: {
    readonly timeoutMs: number;
    readonly feedEveryMs: number;
    readonly livesMs: number;
  }) => Promise<void>;
  /** The watchdog as this process has it. */
  readonly watchdog: Watchdog;
  readonly pass: (spanMs: number) => Promise<void>;
  /** Ends the case: the machine must be reset so long after now. */
  readonly mustReset: (earliestMs: number, latestMs: number) => Promise<void>;
}

/** A promise of the port. */
export interface WatchdogCase {
  readonly name: string;
  /** The machine does not survive it. */
  readonly endsInReset: boolean;
  run(harness: WatchdogHarness): Promise<void>;
}

const timeoutMs = durationMs(3_000);
/** Devices count seconds, and tell them in seconds. */
const slackMs = 1_200;

/** Every promise of the port `Watchdog`, on the fake and in a virtual machine with the kernel's own. */
export const watchdogCases: readonly WatchdogCase[] = [
  {
    name: "a device that is not there is told, and nothing is armed",
    endsInReset: false,
    async run({ watchdog }) {
      const outcome = watchdog.arm("/dev/no-watchdog", timeoutMs);
      demand(!outcome.ok && outcome.reason !== "", "it was armed");
      demand(watchdog.feed() === null && watchdog.disarm() === null, "feeding nothing is a problem");
    },
  },
  {
    name: "the machine lives while it is fed, and after it was disarmed",
    endsInReset: false,
    async run({ watchdog, device, pass }) {
      const outcome = watchdog.arm(device, timeoutMs);
      demand(outcome.ok && outcome.timeoutMs === timeoutMs, `not as asked: ${JSON.stringify(outcome)}`);
      for (let turn = 0; turn < 5; turn += 1) {
        await pass(1_000);
        demand(watchdog.feed() === null, "it does not take its food");
      }
      demand(watchdog.disarm() === null, "it does not let itself be stopped");
      await pass(timeoutMs + slackMs);
    },
  },
  {
    name: "a time-out that it does not take is told; the one it had stays",
    endsInReset: false,
    async run({ watchdog, device, tooLongMs }) {
      demand(!watchdog.arm(device, durationMs(tooLongMs)).ok, "took a time-out that it cannot have");
      demand(watchdog.arm(device, timeoutMs).ok, "not armed");
      demand(!watchdog.arm(device, durationMs(tooLongMs)).ok, "took a time-out that it cannot have, when armed");
      demand(watchdog.feed() === null, "not armed any more");
      demand(watchdog.disarm() === null, "not to be stopped");
    },
  },
  {
    name: "a new time-out takes the place of the old one",
    endsInReset: false,
    async run({ watchdog, device, pass }) {
      demand(watchdog.arm(device, timeoutMs).ok, "not armed");
      const outcome = watchdog.arm(device, durationMs(6_000));
      demand(outcome.ok && outcome.timeoutMs === 6_000, "did not take the new time-out");
      await pass(timeoutMs + slackMs);
      demand(watchdog.disarm() === null, "not to be stopped");
    },
  },
  {
    name: "who feeds it no more is reset after the time-out",
    endsInReset: true,
    async run({ watchdog, device, pass, mustReset }) {
      demand(watchdog.arm(device, timeoutMs).ok, "not armed");
      await pass(1_000);
      demand(watchdog.feed() === null, "it does not take its food");
      await mustReset(timeoutMs - slackMs, timeoutMs + slackMs);
    },
  },
  {
    name: "it goes on when its process is killed, which feeds it once more",
    endsInReset: true,
    async run({ runAndKill, mustReset }) {
      await runAndKill({ timeoutMs, feedEveryMs: 10_000, livesMs: 2_000 });
      // A time-out from its death, not from its last feeding 2 s before.
      await mustReset(timeoutMs - slackMs, timeoutMs + slackMs);
    },
  },
];

function demand(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
