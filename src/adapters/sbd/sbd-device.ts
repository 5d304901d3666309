import { sbdDisks } from "../../model/sbd.ts";
import type { FenceCall, FenceOutcome } from "../../model/operation.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { FenceDevice } from "../../ports/fence-device.ts";
import { lastLine, limitLine } from "../process/limit-line.ts";
import type { ProgramEnd, ProgramRunner } from "../process/program-runner.ts";
import { type DiskReading, disksProblem, parseDisk, readable, slotsProblem } from "./disk-reading.ts";
import { findWatcher, guardProblem, ownSlotProblem, type Watcher } from "./watcher.ts";

/** What such a device is made of. */
export interface SbdDeviceOptions {
  readonly runner: ProgramRunner;
  /** Default: Debian's. */
  readonly program?: string;
  /** Where this machine's processes are seen. Default `/proc`. */
  readonly processFolder?: string;
}

/** The tool and the daemon in one. */
export const sbdProgram = "/usr/sbin/sbd";

/** sbd itself gives up on a disk after 3 s. */
const readTimeoutMs = 5_000;
/** 255 slots, which several clusters may share. */
const outputBytesMax = 64 * 1024;
/** Beside msgwait: to read the disks first, to write and to read back. */
const messageMarginMs = 10_000;

/**
 * Fences by messages on shared disks, which the daemon of Debian's `sbd` reads on each node.
 *
 * `off` and `reboot` are confirmed when `sbd` has written the message to more than half of the disks, has read it there, and msgwait has
 * passed: by then the node has obeyed, or has lost its disks for so long that its watchdog has reset it. Every attempt waits for it all.
 * A message that lies there already proves nothing: it may be a moment old, from an attempt that was cut short.
 *
 * That holds only of a node whose watcher runs. So `on` switches nothing on: each node asks it for itself before anything runs there,
 * and it is confirmed when the watcher here has all the disks, this node's slot and a watchdog. Nobody fences by disks who is not
 * guarded by them.
 */
export function createSbdDevice({
  runner,
  program = sbdProgram,
  processFolder = "/proc",
}: SbdDeviceOptions): FenceDevice {
  async function sbd(call: FenceCall, what: string, words: readonly string[], timeoutMs: number, signal: AbortSignal) {
    const outputName = `sbd-${what}-${call.id % 64}`;
    return runner.run({ argv: [program, ...words], environment: {}, timeoutMs, outputName, outputBytesMax }, signal);
  }

  async function read(call: FenceCall, path: string, index: number, signal: AbortSignal): Promise<DiskReading> {
    const [dump, list] = await Promise.all(
      ["dump", "list"].map(async (word) => sbd(call, `${word}${index}`, ["-d", path, word], readTimeoutMs, signal)),
    );
    for (const result of [dump, list]) {
      const problem = result === undefined ? "not asked" : endProblem(result.end, result.output);
      if (problem !== null) return { ok: false, path, reason: problem };
    }
    return parseDisk(path, dump?.output ?? "", list?.output ?? "");
  }

  async function send(call: FenceCall, plug: string, disks: readonly string[], leftMs: number, signal: AbortSignal) {
    const message = call.action === "reboot" ? "reset" : "off";
    const words = [...disks.flatMap((path) => ["-d", path]), "message", plug, message];
    const { end, output } = await sbd(call, "message", words, leftMs, signal);
    const problem = endProblem(end, output);
    return { confirmed: problem === null, reason: problem ?? "done", output };
  }

  async function carryOut(call: FenceCall, signal: AbortSignal): Promise<Omit<FenceOutcome, "durationMs">> {
    const startedAt = performance.now();
    const refuse = (reason: string) => ({ confirmed: false, reason, output: "" });
    const { action, plug = "" } = call;
    const paths = sbdDisks(call.parameters["devices"] ?? "");
    // What the program would take for an option, or for another word, is no name.
    if (action !== "monitor" && !/^[A-Za-z0-9][\w.-]*$/.test(plug)) return refuse(`"${plug}" is no name of a node`);
    const readings = await Promise.all(paths.map(async (path, index) => read(call, path, index, signal)));
    const watcher = await findWatcher(processFolder, program);
    const problem =
      disksProblem(readings) ?? guardProblem(watcher, { readings, watchdog: call.parameters["watchdog"] });
    if (problem !== null) return refuse(problem);
    if (action === "monitor") return { confirmed: true, reason: "works", output: "" };
    const known = timeoutProblem(call, readings) ?? slotsProblem(readings, plug) ?? ownProblem(call, watcher, readings);
    if (known !== null) return refuse(known);
    if (action === "on") return { confirmed: true, reason: "its watcher guards it", output: "" };
    // Whether the node has power cannot be seen on a disk.
    if (action === "status") return { confirmed: true, reason: "can be sent a message", output: "" };
    return send(call, plug, paths, call.timeoutMs - Math.ceil(performance.now() - startedAt), signal);
  }

  return {
    async run(call, signal) {
      const startedAt = performance.now();
      const { confirmed, reason, output } = await carryOut(call, signal);
      const what = `sbd ${call.action}${call.plug === undefined ? "" : ` ${call.plug}`}`;
      const durationMs = Math.round(performance.now() - startedAt);
      return { confirmed, reason: limitLine(`${what}: ${reason}`), output, durationMs };
    },
  };
}

function ownProblem(
  { action, plug = "" }: FenceCall,
  watcher: Watcher | null | undefined,
  readings: readonly DiskReading[],
): string | null {
  if (action !== "on" || watcher === null || watcher === undefined) return null;
  return ownSlotProblem(watcher, readings, plug);
}

/** Known before anything runs, not when the first fence is cut short. */
function timeoutProblem({ timeoutMs }: FenceCall, readings: readonly DiskReading[]): string | null {
  const neededMs = (readable(readings)[0]?.msgwaitMs ?? 0) + messageMarginMs;
  if (timeoutMs >= neededMs) return null;
  return `timeout (${timeoutMs / 1_000} s) is too short for these disks: at least ${neededMs / 1_000} s`;
}

function endProblem(end: ProgramEnd, output: string): string | null {
  switch (end.kind) {
    case "exited":
      return end.code === 0
        ? null
        : lastLine(output.replace(/^sbd failed; please check the logs\.\n?/m, "")) || "failed";
    case "killed":
      return `killed by ${end.signal}`;
    case "timed-out":
      return `no answer, ${end.detail}`;
    case "aborted":
      return `cancelled, ${end.detail}`;
    case "not-started":
      return `${end.reason}${end.isMissing ? ": apt install sbd" : ""}`;
    default:
      return unreachable(end);
  }
}
