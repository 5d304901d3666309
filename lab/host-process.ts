import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { waitUntil } from "./wait-until.ts";

/** How a program is run to its end on a host. */
export interface ExecOptions {
  /** On top of a plain environment: PATH, HOME, LANG. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Default 30 s; then the whole process group is killed. */
  readonly timeoutMs?: number;
}

/** How it ended. */
export interface ExecResult {
  /** Exit code; 128 + n after signal n. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const stopGraceMs = 2_000;

/**
 * The way into a host. The outer `sh` stays in the machine's pid namespace and waits for the real program, which is
 * inside. nsenter's own waiting will not do: it stops itself when the program is stopped (`pause`), and a program
 * whose waiter sleeps cannot be reaped, so the host would never be dead. The traps keep the outer `sh` alive, to
 * report the exit code, when the whole group is signalled; the program itself has its default handlers.
 */
const way = 'trap : HUP INT QUIT TERM USR1 USR2; "$@"; exit $?';

function wayInto(pid: number, argv: readonly string[]): [string, string[]] {
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  return ["nsenter", ["--no-fork", "--target", `${pid}`, ...namespaces, "--", "/bin/sh", "-c", way, "sh", ...argv]];
}

function environment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const path = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return { PATH: path, HOME: "/root", LANG: "C.UTF-8", ...env };
}

/** Run `argv` in the host whose process 1 is `pid` and wait for its end. */
export async function execInHost(pid: number, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const child = spawn(...wayInto(pid, argv), {
    detached: true,
    env: environment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let timedOut = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // EPIPE: a program need not read what it is given.
  child.stdin.end(options.stdin ?? "");
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child.pid, "SIGKILL");
    // A grandchild in a session of its own may hold the pipes open.
    child.stdout.destroy();
    child.stderr.destroy();
  }, options.timeoutMs ?? 30_000);
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve(status ?? 128 + 9));
    });
    return { code, stdout, stderr, timedOut };
  } finally {
    clearTimeout(timer);
  }
}

/** A program that runs in a host until it is stopped or the host loses power. */
export class HostProcess {
  readonly argv: readonly string[];
  /** File with all it has written to stdout and stderr; outside of the host. */
  readonly log: string;
  /** Resolves with the exit code (128 + n after signal n) when it is gone; never rejects. */
  readonly exited: Promise<number>;
  readonly #group: number;
  #isRunning = true;

  private constructor(argv: readonly string[], log: string, group: number, exited: Promise<number>) {
    this.argv = argv;
    this.log = log;
    this.#group = group;
    this.exited = exited;
    void exited.then(() => {
      this.#isRunning = false;
    });
  }

  /** Start `argv` in the host whose process 1 is `pid`; output is appended to `log`. */
  static async start(
    pid: number,
    argv: readonly string[],
    log: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<HostProcess> {
    const file = openSync(log, "a");
    try {
      const stdio = ["ignore", file, file] as const;
      const child = spawn(...wayInto(pid, argv), { detached: true, env: environment(env), stdio: [...stdio] });
      const exited = new Promise<number>((resolve) => child.once("exit", (status) => resolve(status ?? 128 + 9)));
      await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return new HostProcess(argv, log, child.pid ?? 0, exited);
    } finally {
      closeSync(file);
    }
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Signal the program and what it has started in its own process group. */
  kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) killGroup(this.#group, signal);
  }

  /** Ask, wait two seconds, kill. @returns the exit code */
  async stop(): Promise<number> {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), stopGraceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  async output(): Promise<string> {
    return readFile(this.log, "utf8");
  }

  /** @throws Error when `pattern` has not come within `timeoutMs`, or the program has ended without it */
  async waitForOutput(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    const what = `"${this.argv.join(" ")}" to write ${pattern}`;
    return waitUntil(what, timeoutMs, async () => {
      const isOver = !this.#isRunning;
      const text = await this.output();
      const match = pattern.exec(text);
      if (match === null && isOver) throw new Error(`Cannot wait for ${what}: it has ended:\n${text}`);
      return match ?? undefined;
    });
  }
}

function killGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined || group === 0) return;
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: it has just ended, which is what was wanted.
  }
}
