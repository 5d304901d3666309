import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { ClusterError } from "../../model/errors.ts";
import { makeFolder } from "../process/make-folder.ts";

/** What is served: a hono app, or anything else that answers requests. */
export interface WebApp {
  fetch(request: Request): Response | Promise<Response>;
}

/** A server that listens. */
export interface SocketServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Removes the socket and ends all connections, streams too. */
  close(): Promise<void>;
}

/** The kernel cuts longer names off. */
const pathBytesMax = 107;
/** One that listens accepts at once; this is for a machine under heavy load. */
const answerMs = 2_000;

/**
 * Listens on a unix socket, mode 0660.
 *
 * @throws ClusterError STATE_UNUSABLE when a live daemon has the socket or the folder cannot be used; the text says what to do
 */
export async function serveSocket(app: WebApp, socketPath: string): Promise<SocketServer> {
  if (Buffer.byteLength(socketPath) > pathBytesMax) {
    throw unusable(socketPath, `the path is longer than ${pathBytesMax} bytes; choose a shorter HALE_RUN`);
  }
  await makeRoom(socketPath);
  const answer = getRequestListener((request) => app.fetch(request), { overrideGlobalObjects: false });
  const server = createServer((request, response) => void answer(request, response));
  // A stream may be silent for longer than any of Node's own limits on a request.
  server.requestTimeout = 0;
  await listen(server, socketPath);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close(); // Removes the socket, too.
    server.closeAllConnections();
    await closed;
  };
  return { socketPath, close, [Symbol.asyncDispose]: close };
}

/** Makes the folder and removes a socket that nobody listens on. */
async function makeRoom(socketPath: string): Promise<void> {
  try {
    makeFolder(dirname(socketPath), 0o755);
    const found = await lstat(socketPath).catch(ignoreMissing);
    if (found === undefined) return;
    if (!found.isSocket()) throw unusable(socketPath, "something that is not a socket is there; remove it");
    if (await isAnswered(socketPath)) {
      throw unusable(
        socketPath,
        "a daemon already runs and answers there; stop it first, or set HALE_RUN for a second one",
      );
    }
    await unlink(socketPath).catch(ignoreMissing);
  } catch (error) {
    throw error instanceof ClusterError ? error : unusable(socketPath, whatToDo(error), error);
  }
}

async function listen(server: Server, socketPath: string): Promise<void> {
  // The mode holds from the first moment on: with chmod alone, anybody could connect in between. Binding happens inside of
  // listen(), so that nothing else of this process runs under the narrow mask.
  const before = process.umask(0o117);
  try {
    server.listen(socketPath);
  } finally {
    process.umask(before);
  }
  try {
    await once(server, "listening");
  } catch (error) {
    throw unusable(socketPath, whatToDo(error), error);
  }
  await chmod(socketPath, 0o660);
}

/** True when somebody accepts a connection; a busy daemon counts as alive. */
async function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const socket = connect(socketPath);
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(answerMs, () => settle(true));
    socket.on("connect", () => settle(true));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(error.code === "EAGAIN"));
  });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

function whatToDo(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return advice[code] ?? message;
}

const advice: Readonly<Record<string, string>> = {
  EACCES: "no permission; run as root, or set HALE_RUN to a folder of your own",
  EPERM: "no permission; run as root, or set HALE_RUN to a folder of your own",
  EROFS: "the file system is read-only; set HALE_RUN to a folder that can be written",
  ENOSPC: "the file system is full; make room",
  ENOTDIR: "something that is not a folder is where its folder should be; is HALE_RUN right?",
  ENOENT: "its folder cannot be made there; is HALE_RUN right?",
  ELOOP: "the links on the way to it lead in a circle; is HALE_RUN right?",
  EADDRINUSE: "another daemon has just taken it",
};

function unusable(socketPath: string, reason: string, cause?: unknown): ClusterError {
  return new ClusterError("STATE_UNUSABLE", `Cannot listen on "${socketPath}": ${reason}`, { cause });
}
