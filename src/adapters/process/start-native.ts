import { closeSync, writeSync } from "node:fs";
import { constants as systemConstants } from "node:os";
import { getSystemErrorName } from "node:util";
import { loadSpawning, type Spawning } from "../native/spawning.ts";
import { findProgram } from "./find-program.ts";
import type { ProgramExit, ProgramStart, RunningProgram } from "./program-start.ts";
import { Turns } from "./turns.ts";

/** Of the four threads that Node.js has for what may wait: the disk needs the others. */
const startsAtOnceMax = 2;
const turns = new Turns(startsAtOnceMax);

/**
 * Starts a program by the C library's posix_spawn, in a thread: the loop goes on while the new process waits for a processor, or for
 * the disk that the program lies on.
 *
 * @returns null where there is no koffi. Rejects like `startProgram`
 */
export function startNative(start: ProgramStart): Promise<RunningProgram> | null {
  const spawning = loadSpawning();
  return spawning === null ? null : turns.take(() => startIn(spawning, start));
}

async function startIn(spawning: Spawning, start: ProgramStart): Promise<RunningProgram> {
  const [program, ...args] = start.argv;
  const path = pathOf(program, start.environment["PATH"] ?? "");
  const texts = [...start.argv, ...Object.entries(start.environment).flat()];
  if (texts.some((text) => text.includes("\0")))
    throw errorOf("ERR_INVALID_ARG_VALUE", "with a zero byte in a parameter");
  const inputFd = start.input === undefined ? null : inputFile(spawning, start.input);
  try {
    const files = { input: inputFd, output: start.outputFd, errors: start.errorFd };
    const environment = Object.entries(start.environment).map(([name, value]) => `${name}=${value}`);
    const call = { path, argv: [...start.argv], environment, files };
    let result = await spawning.spawn(call);
    // A script without a first line that names its interpreter: as execvp(3) does.
    if (result.errno === systemConstants.errno.ENOEXEC)
      result = await spawning.spawn({ ...call, path: "/bin/sh", argv: ["/bin/sh", path, ...args] });
    if (result.errno !== 0) throw errorOf(getSystemErrorName(-result.errno), program);
    return { pid: result.pid, ended: exitOf(spawning, result.pid) };
  } finally {
    if (inputFd !== null) closeSync(inputFd);
  }
}

/** In memory alone: it may be a secret. Never full, as a pipe is whose reader waits for us. */
function inputFile(spawning: Spawning, input: string): number {
  const fd = spawning.memoryFile();
  if (fd < 0) throw errorOf("ENOMEM", "its input");
  const bytes = Buffer.from(input);
  // At a place: the program begins to read at the first byte.
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
  return fd;
}

function pathOf(program: string, path: string): string {
  const found = program.includes("/") ? program : findProgram(program, path.split(":"));
  if (found === null) throw errorOf("ENOENT", program);
  return found;
}

const waiting = new Map<number, (status: number) => void>();
let isListening = false;

async function exitOf(spawning: Spawning, pid: number): Promise<ProgramExit> {
  if (!isListening) {
    // Node.js waits for its own children only, one by one, and so do we.
    process.on("SIGCHLD", () => {
      for (const each of waiting.keys()) collect(spawning, each);
    });
    isListening = true;
  }
  return new Promise((resolve) => {
    waiting.set(pid, (status) => resolve(exitOfStatus(status)));
    // It may have ended before anybody listened.
    collect(spawning, pid);
  });
}

function collect(spawning: Spawning, pid: number): void {
  const status = spawning.wait(pid);
  if (status === null) return;
  waiting.get(pid)?.(status);
  waiting.delete(pid);
}

/** As the macros of wait(2) take it apart. */
function exitOfStatus(status: number): ProgramExit {
  const number = status & 0x7f;
  if (number === 0) return { kind: "exited", code: (status >> 8) & 0xff };
  const signal = Object.entries(systemConstants.signals).find(([, value]) => value === number)?.[0];
  return { kind: "killed", signal: signal ?? `signal ${number}` };
}

function errorOf(code: string, what: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`spawn ${what} ${code}`), { code });
}
