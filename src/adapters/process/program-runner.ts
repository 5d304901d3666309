import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DeathWatch } from "./death-watch.ts";
import { endGroup } from "./end-group.ts";
import { explainSpawnError } from "./explain-spawn-error.ts";
import { endRecordedPrograms, ProgramRecords } from "./leftovers.ts";
import { makeFolder } from "./make-folder.ts";
import { OutputFile } from "./output-file.ts";
import type { ProgramExit, RunningProgram } from "./program-start.ts";
import { startProgram } from "./start-program.ts";

/**
 * Runs programs that may start daemons, and is never held up or endangered by what they leave behind.
 *
 * A program gets files, not pipes, as standard output and error. A pipe that a daemon inherits has two ends: we would wait on ours
 * until the daemon dies (time-outs of execFile do), and the daemon dies of SIGPIPE at its next line when haled is gone or has closed it
 * (Pacemaker closes it, and asks agents to redirect their daemons). Node's pipes are sockets on top, and `echo > /dev/stderr` fails on a
 * socket. A file has none of this. Its price, unbounded growth, is paid by keeping one named file per resource and action in a folder
 * on tmpfs and cutting each back to nothing when it passes `fileBytesMax`, also by the next haled after a crash.
 *
 * Each program leads a session and process group of its own, so that a time-out ends its children too and a signal to haled's group
 * does not reach services. Whatever left the group (a daemon) is the service, and is never touched.
 */
export interface ProgramCall {
  /** argv[0] is an absolute path, or looked up in `path`. Never a shell string. */
  readonly argv: readonly string[];
  /** Beyond PATH, LC_ALL, HOME and SHELL nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Given on standard input, which is empty otherwise. Not written to disk. */
  readonly input?: string;
  readonly timeoutMs: number;
  /** File name of the output, from letters, digits and `._-+`; two running programs must not share one. */
  readonly outputName: string;
  /** How much of the end of the output is kept. Default 4 KiB. */
  readonly outputBytesMax?: number;
  /** Standard error: in one file with standard output, in order (default), or thrown away. */
  readonly errors?: "together" | "discard";
}

/** How a program ended. */
export type ProgramEnd =
  | ProgramExit
  | { readonly kind: "timed-out"; readonly detail: string }
  | { readonly kind: "aborted"; readonly detail: string }
  /** Never ran; `reason` says what to do. `isMissing`: no such file. `isPassing`: not the program's fault, it may run the next time. */
  | {
      readonly kind: "not-started";
      readonly reason: string;
      readonly isMissing: boolean;
      readonly isPassing: boolean;
    };

/** What came of a program. */
export interface ProgramResult {
  readonly end: ProgramEnd;
  /** The end of the output, whole characters, at most `outputBytesMax` bytes. */
  readonly output: string;
  readonly durationMs: number;
}

/** Where output goes and what programs find. */
export interface ProgramRunnerOptions {
  /** A folder of this daemon alone, on tmpfs where possible, e.g. `/run/hale/output`. Made when missing. */
  readonly outputFolder: string;
  /** Value of PATH. Default: Debian's for root. */
  readonly path?: string;
  /** Among which a start may have left some. Default: those of haled's control group. */
  readonly listProcesses?: () => readonly number[];
  /** How programs are started. Default: in a thread. For who has moved this thread alone into another namespace: by Node.js. */
  readonly start?: typeof startProgram;
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const outputBytesMaxDefault = 4096;
const fileBytesMax = 256 * 1024;
/** While a program runs: 100 ms at the speed of tmpfs is some 100 MB. */
const watchPeriodMs = 100;
const sweepPeriodMs = 30_000;
/** A start that was given up is waited for this much longer, so that what it was is known. */
const startGraceMs = 500;

/** Runs programs; one per daemon. @see ProgramCall for the idea */
export class ProgramRunner {
  /** Of what was started by programs that it has run. */
  readonly deaths: DeathWatch;
  readonly #folder: string;
  readonly #path: string;
  readonly #start: typeof startProgram;
  readonly #records: ProgramRecords;
  readonly #sweep: NodeJS.Timeout;
  readonly #resetsOomScore = ownOomScore() !== "0";

  constructor({ outputFolder, path = defaultPath, listProcesses, start = startProgram }: ProgramRunnerOptions) {
    this.#start = start;
    this.#folder = outputFolder;
    this.#path = path;
    this.deaths = new DeathWatch(outputFolder, listProcesses);
    this.#records = new ProgramRecords(outputFolder);
    this.#sweep = setInterval(() => sweepFolder(outputFolder), sweepPeriodMs).unref();
  }

  /** Never rejects. Resolves when the program has exited, whoever holds its output open, or soon after time-out or abort. */
  async run(call: ProgramCall, signal: AbortSignal): Promise<ProgramResult> {
    const startedAt = performance.now();
    const finish = (end: ProgramEnd, output = ""): ProgramResult => ({
      end,
      output,
      durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
    });
    if (signal.aborted) return finish({ kind: "aborted", detail: "before it ran" });
    let kept: { readonly file: OutputFile; readonly note: string };
    try {
      kept = this.#openOutput(call);
    } catch (error) {
      const reason = `Cannot run "${call.argv[0] ?? ""}": no room for its output: ${(error as Error).message}`;
      return finish({ kind: "not-started", reason, isMissing: false, isPassing: true });
    }
    const { file, note } = kept;
    const watch = setInterval(() => file.bound(fileBytesMax), watchPeriodMs);
    try {
      const end = await this.#runInto(call, file, signal);
      return finish(end, note + file.finish());
    } finally {
      clearInterval(watch);
      file.close();
    }
  }

  /** Where there is no room, output is thrown away and the program runs: a stop that cannot run would fence its node. */
  #openOutput({ outputName, outputBytesMax = outputBytesMaxDefault }: ProgramCall): { file: OutputFile; note: string } {
    try {
      return { file: this.#makeOutput(outputName, outputBytesMax), note: "" };
    } catch (error) {
      const file = new OutputFile("/dev/null", outputBytesMax);
      return { file, note: `output was not kept: ${(error as Error).message}\n` };
    }
  }

  #makeOutput(outputName: string, bytesMax: number): OutputFile {
    const path = join(this.#folder, outputName);
    try {
      return new OutputFile(path, bytesMax);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      makeFolder(this.#folder, 0o700);
      return new OutputFile(path, bytesMax);
    }
  }

  async #runInto(call: ProgramCall, file: OutputFile, signal: AbortSignal): Promise<ProgramEnd> {
    const [program = "", ...args] = call.argv;
    const stopped = stopSign(call.timeoutMs, signal);
    const starting = this.#start({
      argv: [program, ...args],
      environment: { PATH: this.#path, LC_ALL: "C", HOME: "/root", SHELL: "/bin/sh", ...call.environment },
      input: call.input,
      outputFd: file.fd,
      errorFd: call.errors === "discard" ? null : file.fd,
    });
    const notStarted = (error: unknown): ProgramEnd => ({
      kind: "not-started",
      ...explainSpawnError(program, error as NodeJS.ErrnoException),
    });
    try {
      const started = await Promise.race([starting.catch(notStarted), stopped.sign]);
      if (typeof started === "string") return { kind: started, detail: await endUnstarted(starting) };
      return "kind" in started ? started : await this.#follow(call, started, stopped.sign);
    } finally {
      stopped.clear();
    }
  }

  async #follow(
    { outputName }: ProgramCall,
    { pid, ended }: RunningProgram,
    stopped: StopSign["sign"],
  ): Promise<ProgramEnd> {
    if (this.#resetsOomScore) resetOomScore(pid);
    const strike = this.#records.add(outputName, pid);
    try {
      const first = await Promise.race([ended, stopped]);
      return typeof first === "string" ? { kind: first, detail: await endGroup(pid, ended) } : first;
    } finally {
      strike();
    }
  }

  /**
   * Ends operations of a daemon that died, which used the same folder. For haled, once, before it runs or probes anything; never for a
   * command beside a running haled. Returns what was ended, one line each.
   */
  async endLeftovers(): Promise<readonly string[]> {
    return endRecordedPrograms(this.#folder);
  }

  /** Ends the upkeep of output files. Programs that run go on. */
  close(): void {
    clearInterval(this.#sweep);
    this.deaths.close();
    this.#records.close();
  }
}

/** Its file does not come from the disk, or too many are being started: when it does come, it is ended at once. */
async function endUnstarted(starting: Promise<RunningProgram>): Promise<string> {
  const late = starting.then(
    async ({ pid, ended }) => endGroup(pid, ended),
    () => "it could not be started",
  );
  const waited = sleep(startGraceMs, "it is not started yet: its disk does not answer, or too much is being started");
  return Promise.race([late, waited]);
}

interface StopSign {
  readonly sign: Promise<"timed-out" | "aborted">;
  readonly clear: () => void;
}

function stopSign(timeoutMs: number, signal: AbortSignal): StopSign {
  let clear = (): void => undefined;
  const sign = new Promise<"timed-out" | "aborted">((resolve) => {
    const onAbort = (): void => resolve("aborted");
    const timer = setTimeout(() => resolve("timed-out"), timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    clear = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  return { sign, clear };
}

/** Cuts back what daemons went on writing after their start; the files keep their writers (O_APPEND). */
function sweepFolder(folder: string): void {
  try {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).size > fileBytesMax) truncateSync(path, 0);
    }
  } catch {
    // The folder is gone, or a file went between two lines: nothing to bound.
  }
}

/** haled may be unkillable for the kernel (OOMScoreAdjust=-1000); a service that leaks memory must not inherit that. */
function ownOomScore(): string {
  try {
    return readFileSync("/proc/self/oom_score_adj", "utf8").trim();
  } catch {
    return "0";
  }
}

function resetOomScore(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "0");
  } catch {
    // It is gone already, or /proc belongs to somebody else: the program works either way.
  }
}
