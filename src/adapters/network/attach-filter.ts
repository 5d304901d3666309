import type { Libc } from "../native/libc.ts";
import { errnoName } from "./errno-name.ts";

const solSocket = 1;
const soDetachFilter = 27;
const noMemory = 12;

/** Puts a filter in force on a socket, in the place of the one before. @returns null when done, otherwise why not */
export function attachFilter(libc: Libc, fd: number, filter: Uint8Array): string | null {
  if (libc.attachFilter(fd, filter) === 0) return null;
  // The kernel has room for so many bytes of options (net.core.optmem_max, 20 KiB before Linux 6.7), and wants it for both at once.
  if (libc.errno() !== noMemory) return errnoName(libc.errno());
  libc.setsockopt(fd, solSocket, soDetachFilter, Buffer.alloc(4), 4);
  return libc.attachFilter(fd, filter) === 0 ? null : errnoName(libc.errno());
}
