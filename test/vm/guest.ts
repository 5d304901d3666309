import { spawn } from "node:child_process";
import { openSync, readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { KernelWatchdog } from "../../src/adapters/watchdog/kernel-watchdog.ts";
import { durationMs } from "../../src/model/units.ts";
import { watchdogCases, type WatchdogHarness } from "../contract/watchdog.contract.ts";

// The first and only program of the virtual machine. Its orders are words of the kernel's command line; what it says goes to the
// serial line, one word in front: NOTE, RESET-BY earliest latest, FAILED, DONE.

const device = "/dev/watchdog";
const load = createRequire(import.meta.url);
const koffi = load("koffi") as typeof Koffi;
const libc = koffi.load("libc.so.6");

const pass = (spanMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, spanMs);
  });

if (process.argv[2] === "holder") await hold(process.argv.slice(3).map(Number));
else await main();

async function main(): Promise<void> {
  mount("devtmpfs", "/dev");
  mount("proc", "/proc");
  mount("sysfs", "/sys");
  const serial = openSync("/dev/ttyS0", "w");
  const say = (text: string): void => void writeSync(serial, `${text}\n`);
  try {
    const words = new Map(
      readFileSync("/proc/cmdline", "utf8")
        .trim()
        .split(/\s+/)
        .map((word): [string, string] => [word.split("=")[0] ?? "", word.split("=")[1] ?? ""]),
    );
    for (const name of ["watchdog", words.get("hale.driver") ?? "softdog"])
      insertModule(name, name === "softdog" ? (words.get("hale.options") ?? "") : "");
    const wanted = words.get("hale.case") ?? "";
    const cases = watchdogCases.filter((each, index) => (wanted === "" ? !each.endsInReset : index === Number(wanted)));
    for (const each of cases) {
      say(`NOTE ${each.name}`);
      await each.run(harness(say));
    }
    say("DONE");
  } catch (error) {
    say(`FAILED ${(error as Error).message}`);
  }
  // Power off; without ACPI it is a halt, and the host ends the machine.
  (libc.func("int reboot(int)") as (how: number) => number)(0x4321fedc);
  await pass(60_000);
}

function harness(say: (text: string) => void): WatchdogHarness {
  return {
    device,
    tooLongMs: 100_000_000,
    watchdog: new KernelWatchdog((text) => say(`NOTE ${text}`)),
    pass,
    runAndKill: ({ timeoutMs, feedEveryMs, livesMs }) =>
      new Promise((resolve) => {
        const life = [timeoutMs, feedEveryMs].map(String);
        const child = spawn(process.execPath, [import.meta.filename, "holder", ...life], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), livesMs));
        child.once("exit", () => resolve());
      }),
    mustReset: async (earliestMs, latestMs) => {
      say(`RESET-BY ${earliestMs} ${latestMs}`);
      await pass(latestMs);
      throw new Error("it was not reset");
    },
  };
}

async function hold([timeoutMs = 0, feedEveryMs = 0]: readonly number[]): Promise<void> {
  const watchdog = new KernelWatchdog(() => undefined);
  const outcome = watchdog.arm(device, durationMs(timeoutMs));
  writeSync(1, `${JSON.stringify(outcome)}\n`);
  for (;;) {
    await pass(feedEveryMs);
    watchdog.feed();
  }
}

function mount(kind: string, where: string): void {
  const call = libc.func("int mount(const char *, const char *, const char *, unsigned long, const void *)") as (
    ...words: unknown[]
  ) => number;
  if (call(kind, where, kind, 0, null) !== 0 && kind !== "devtmpfs") throw new Error(`Cannot mount ${where}`);
}

function insertModule(name: string, options: string): void {
  const initModule = 175;
  const call = libc.func("long syscall(long, const uint8_t *, unsigned long, const char *)") as (
    ...words: unknown[]
  ) => number;
  const image = readFileSync(`/modules/${name}.ko`);
  if (call(initModule, image, image.length, options) !== 0)
    throw new Error(`Cannot load the module ${name}: ${koffi.errno()}`);
}
