import { write, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { loadLibc } from "../native/libc.ts";

/** Where lines go. */
export interface Stdout {
  /** @param line with its line end */
  write(line: string): void;
}

const stdoutFd = 1;
/** So much may wait for a reader, in UTF-16 units. */
const waitingMax = 1024 * 1024;
/** When nobody reads, it is tried so often. */
const retryMs = 100;
/** ioctl: a write that would have to wait fails instead. */
const fionbio = 0x5421;

/**
 * Standard output that never waits: a pipe whose reader hangs would stop the thread that writes to it, and a daemon that stops is a
 * dead node. Lines wait instead, up to 1 MiB; more are lost. What waits when the process ends is offered once more.
 *
 * @param onLost told how many lines are lost, when there is a reader again
 */
export function openStdout(onLost: (lines: number) => void): Stdout {
  if (!isatty(stdoutFd)) loadLibc()?.ioctl(stdoutFd, fionbio, Buffer.from([1, 0, 0, 0]));
  let waiting = "";
  /** Taken, and refused for now. */
  let held: Buffer = Buffer.alloc(0);
  let lost = 0;
  let isWriting = false;

  /** Takes what waits to the other thread. */
  const take = (): void => {
    const bytes = Buffer.from(waiting, "utf8");
    waiting = "";
    writeOn(bytes);
  };
  const writeOn = (bytes: Buffer): void => {
    held = Buffer.alloc(0);
    write(stdoutFd, bytes, (error, written) => {
      if (error?.code === "EAGAIN") {
        held = bytes;
        return void setTimeout(() => writeOn(bytes), retryMs).unref();
      }
      // Whatever else is wrong (EPIPE: nobody will ever read) is wrong for these lines, not for the daemon.
      if (error === null && written < bytes.length) return writeOn(bytes.subarray(written));
      if (waiting !== "") return take();
      isWriting = false;
      const lines = lost;
      lost = 0;
      if (lines > 0) onLost(lines);
    });
  };

  process.on("exit", () => {
    const last = Buffer.concat([held, Buffer.from(waiting, "utf8")]);
    if (last.length === 0) return;
    try {
      writeSync(stdoutFd, last);
    } catch {
      // Nobody reads.
    }
  });
  return {
    write(line) {
      if (waiting.length + line.length > waitingMax) {
        lost += 1;
        return;
      }
      waiting += line;
      if (!isWriting) setImmediate(take);
      isWriting = true;
    },
  };
}
