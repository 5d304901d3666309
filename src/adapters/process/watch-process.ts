import { Socket } from "node:net";
import { loadLibc } from "../native/libc.ts";

const afUnix = 1;
const sockStream = 1;
const closeOnExec = 0o2000000;

/**
 * Tells when a process ends, whoever its parent is, without a thread and without looking again and again.
 *
 * The kernel gives a file for a process (a pidfd, Linux 5.3) that becomes readable with its end, and Node.js watches files of a few kinds
 * only. So a socket is made for Node.js, and the process's file is put in its place before the loop looks at it for the first time. What
 * Node.js reads then is an error, at the moment of the end.
 *
 * @param onEnd called once, never from within this call
 * @returns ends the watch; null where the kernel cannot tell, or there is no such process
 */
export function watchProcess(pid: number, onEnd: () => void): (() => void) | null {
  const libc = loadLibc();
  if (libc === null) return null;
  const process = libc.pidfdOpen(pid);
  if (process < 0) return null;
  const place = libc.socket(afUnix, sockStream | closeOnExec, 0);
  if (place < 0) {
    libc.close(process);
    return null;
  }
  const socket = new Socket({ fd: place, readable: true, writable: false });
  // In the same turn of the loop: the kernel is asked to watch the file at its end.
  const isPlaced = libc.dup3(process, place, closeOnExec) === place;
  libc.close(process);
  socket.unref();
  const close = (): void => {
    socket.removeAllListeners();
    // The last word of a destroyed socket may still come.
    socket.on("error", () => undefined);
    socket.destroy();
  };
  if (!isPlaced) {
    close();
    return null;
  }
  const end = (): void => {
    close();
    onEnd();
  };
  socket.once("error", end);
  socket.once("end", end);
  socket.resume();
  return close;
}
