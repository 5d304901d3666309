import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { getSystemErrorName } from "node:util";
import type { DurationMs } from "../../model/units.ts";
import { durationMs } from "../../model/units.ts";
import type { WatchdogOutcome } from "../../model/watchdog.ts";
import type { Watchdog } from "../../ports/watchdog.ts";
import { libcProblem, loadLibc } from "../native/libc.ts";

/*
 * Requests of linux/watchdog.h, as _IOR and _IOWR are made on x86, ARM, RISC-V and s390. Others (MIPS, POWER) number them otherwise.
 */
const getSupport = 0x80285700;
const setTimeout = 0xc0045706;
const getTimeout = 0x80045707;
const knownProcessors: readonly string[] = ["x64", "arm64", "arm", "ia32", "riscv64", "s390x", "loong64"];

/** Flags of struct watchdog_info: it takes a time-out; it goes on when it is closed without the magic word. */
const takesTimeout = 0x0080;
const wantsMagic = 0x0100;

interface Held {
  readonly device: string;
  readonly fd: number;
  readonly identity: string;
}

/**
 * The kernel's watchdog, as linux/Documentation/watchdog has it.
 *
 * It starts when it is opened. A process that dies closes it without the magic word: the kernel feeds it once more and lets it go on.
 * Only one process can have it open.
 */
export class KernelWatchdog implements Watchdog {
  readonly #note: (text: string) => void;
  #held: Held | null = null;

  /** @param note a line for the log that no outcome holds */
  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  arm(device: string, timeoutMs: DurationMs): WatchdogOutcome {
    const libc = loadLibc();
    if (libc === null) return failed(`no library calls: ${libcProblem()}`);
    if (!knownProcessors.includes(process.arch)) return failed(`not known how to speak to one on ${process.arch}`);
    const before = this.#held;
    if (before?.device === device) return this.#setTimeout(before, timeoutMs);
    const opened = openDevice(device);
    if (typeof opened === "string") return failed(opened);
    const outcome = this.#setTimeout(opened, timeoutMs);
    if (!outcome.ok) {
      release(opened.fd);
      return outcome;
    }
    // Only now, so that there is one at every moment.
    if (before !== null) release(before.fd);
    this.#held = opened;
    if (isWithoutWayOut(device)) {
      const span = outcome.timeoutMs / 1_000;
      this.#note(`watchdog ${device} cannot be stopped (nowayout): without haled the machine is reset after ${span} s`);
    }
    return outcome;
  }

  feed(): string | null {
    if (this.#held === null) return null;
    try {
      writeSync(this.#held.fd, "\0");
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  }

  disarm(): string | null {
    const held = this.#held;
    if (held === null) return null;
    this.#held = null;
    const problem = release(held.fd);
    if (problem !== null) return problem;
    return isWithoutWayOut(held.device) ? `${held.device} cannot be stopped (nowayout)` : null;
  }

  /** The kernel may round a time-out, or keep the one it had: what counts is what it says afterwards. */
  #setTimeout({ device, fd, identity }: Held, timeoutMs: DurationMs): WatchdogOutcome {
    const before = callWithNumber(fd, getTimeout, 0);
    if (typeof before === "string") return failed(`${device} does not say its time-out: ${before}`);
    const wanted = timeoutMs / 1_000;
    const set = callWithNumber(fd, setTimeout, wanted);
    if (typeof set === "string") return failed(`${device} does not take a time-out of ${wanted} s: ${set}`);
    const taken = callWithNumber(fd, getTimeout, 0);
    if (typeof taken === "number" && taken > 0 && taken <= wanted)
      return { ok: true, timeoutMs: durationMs(taken * 1_000), identity };
    callWithNumber(fd, setTimeout, before);
    return failed(`${device} took ${taken} s instead of ${wanted} s`);
  }
}

function openDevice(device: string): Held | string {
  let fd: number;
  try {
    // Not "w", which would make a file where no device is.
    fd = openSync(device, constants.O_WRONLY);
  } catch (error) {
    return explainOpening(device, error as NodeJS.ErrnoException);
  }
  const info = Buffer.alloc(40);
  const problem = call(fd, getSupport, info);
  if (problem !== null) {
    // Whatever it is, it is not ours to write to.
    closeSync(fd);
    return `${device} is no watchdog: ${problem}`;
  }
  const options = info.readUInt32LE(0);
  const identity = info.subarray(8).toString("latin1").replace(/\0.*$/s, "").trim() || "no name";
  const lacks =
    (options & takesTimeout) === 0
      ? "takes no time-out"
      : (options & wantsMagic) === 0
        ? "would stop when the daemon dies"
        : null;
  if (lacks === null) return { device, fd, identity };
  release(fd);
  return `${device} (${identity}) ${lacks}`;
}

function explainOpening(device: string, error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT")
    return `there is no ${device}; load the module of the machine's watchdog, or softdog where it has none`;
  if (error.code === "EBUSY")
    return `${device} is in use by another program, such as systemd (RuntimeWatchdogSec) or watchdogd`;
  return `cannot open ${device}: ${error.message}`;
}

/** Magic close. @returns why it may still run, or null */
function release(fd: number): string | null {
  let problem: string | null = null;
  try {
    writeSync(fd, "V");
  } catch (error) {
    problem = (error as Error).message;
  }
  closeSync(fd);
  return problem;
}

/** Said by the driver in sysfs, where the kernel has that; `/dev/watchdog` is the first one. */
function isWithoutWayOut(device: string): boolean {
  const name = basename(device) === "watchdog" ? "watchdog0" : basename(device);
  const file = `/sys/class/watchdog/${name}/nowayout`;
  return existsSync(file) && readFileSync(file, "latin1").trim() === "1";
}

/** @returns the number that came back, or why none did */
function callWithNumber(fd: number, request: number, value: number): number | string {
  const argument = Buffer.alloc(4);
  argument.writeInt32LE(value);
  return call(fd, request, argument) ?? argument.readInt32LE(0);
}

function call(fd: number, request: number, argument: Uint8Array): string | null {
  const libc = loadLibc();
  if (libc === null) return libcProblem();
  if (libc.ioctl(fd, request, argument) >= 0) return null;
  return getSystemErrorName(-libc.errno());
}

function failed(reason: string): WatchdogOutcome {
  return { ok: false, reason };
}
