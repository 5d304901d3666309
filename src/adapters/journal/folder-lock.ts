import { open } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { ClusterError } from "../../model/errors.ts";
import { loadLibc } from "../native/libc.ts";

const lockExclusive = 2;
const lockNonBlocking = 4;

/**
 * Keeps a second daemon off a state folder, until released or until this process ends in whatever way.
 *
 * flock(2) on the file `lock`: the kernel drops it with the process, and a child cannot inherit it, because node opens files
 * close-on-exec. Without koffi an abstract unix socket named after the folder does the same within one network namespace.
 *
 * @returns the release
 * @throws ClusterError STATE_UNUSABLE when the folder is taken
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const libc = loadLibc();
  if (libc === null) return lockBySocket(folder);
  const file = await open(join(folder, "lock"), "a", 0o600);
  if (libc.flock(file.fd, lockExclusive | lockNonBlocking) !== 0) {
    await file.close();
    throw taken(folder);
  }
  return () => file.close();
}

async function lockBySocket(folder: string): Promise<() => Promise<void>> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once("error", () => fail(taken(folder)));
    server.listen(`\0hale-state:${resolve(folder)}`.slice(0, 107), done);
  });
  server.unref();
  return () => new Promise((done) => server.close(() => done()));
}

function taken(folder: string): ClusterError {
  const what = "another haled uses it; stop that one, or set HALE_STATE to a folder of this one's own";
  return new ClusterError("STATE_UNUSABLE", `Cannot use the state folder "${folder}": ${what}`);
}
