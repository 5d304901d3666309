import { type ChildProcess, spawn } from "node:child_process";
import type { ProgramExit, ProgramStart, RunningProgram } from "./program-start.ts";
import { startNative } from "./start-native.ts";

/**
 * Starts a program.
 *
 * Node's own `spawn` holds the loop until the new process has got a processor and has become the program, which takes as long as the machine is
 * busy. So the C library's is called in a thread, where it can be; see ADR 0053.
 *
 * @throws NodeJS.ErrnoException (rejects) with the `code` of what is wrong
 */
export async function startProgram(start: ProgramStart): Promise<RunningProgram> {
  return startNative(start) ?? startByNode(start);
}

/** By Node.js itself, where there is no koffi. */
export async function startByNode({
  argv,
  environment,
  input,
  outputFd,
  errorFd,
}: ProgramStart): Promise<RunningProgram> {
  const [program, ...args] = argv;
  const stdio = [input === undefined ? "ignore" : "pipe", outputFd, errorFd ?? "ignore"] as const;
  const child = spawn(program, args, { cwd: "/", env: environment, detached: true, stdio: [...stdio] });
  const ended = exitOf(child);
  const { pid } = child;
  if (pid === undefined) throw await new Promise<Error>((resolve) => child.once("error", resolve));
  // EPIPE: the program did not read its input to the end. It says itself what it makes of that.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  // A daemon may keep it open.
  void ended.then(() => child.stdin?.destroy());
  return { pid, ended };
}

async function exitOf(child: ChildProcess): Promise<ProgramExit> {
  return new Promise((resolve) => {
    // "exit" and not "close": a daemon that kept standard input open must not hold us.
    child.once("exit", (code, signal) =>
      resolve(code === null ? { kind: "killed", signal: signal ?? "unknown" } : { kind: "exited", code }),
    );
  });
}
