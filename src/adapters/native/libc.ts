import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/**
 * The few calls of the C library that Node.js does not offer: sockets of other families than IP, options of any socket, the clock that
 * goes on in suspend, scheduling, file locks, namespaces, the ends of processes; and where in memory something is.
 *
 * All return as C does: -1 and an errno. `null` from `loadLibc` means that no prebuilt koffi exists for this machine; every user
 * of it has a slower way without.
 */
export interface Libc {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly sendto: (...call: SendtoCall) => number;
  readonly recv: (fd: number, buffer: Uint8Array, length: number, flags: number) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: number) => number;
  /**
   * The packet filter of a socket; replaces the one before. `instructions`: struct sock_filter, 8 bytes each. A call of its own, because
   * the kernel takes their address, which only koffi knows.
   */
  readonly attachFilter: (fd: number, instructions: Uint8Array) => number;
  readonly close: (fd: number) => number;
  readonly dup3: (fd: number, place: number, flags: number) => number;
  /** A file that becomes readable when the process ends, closed on exec. */
  readonly pidfdOpen: (pid: number) => number;
  /** `timespec`: 16 bytes, seconds and nanoseconds. */
  readonly clockGettime: (clock: number, timespec: Uint8Array) => number;
  /** `thread` 0: the calling one. `parameter`: a struct sched_param, 4 bytes. */
  readonly schedSetscheduler: (thread: number, policy: number, parameter: Uint8Array) => number;
  /** `argument`: what the request reads or writes. */
  readonly ioctl: (fd: number, request: number, argument: Uint8Array) => number;
  readonly flock: (fd: number, operation: number) => number;
  /** A network device's index, 0 when there is no such device. */
  readonly ifNametoindex: (device: string) => number;
  /** Moves the calling thread into namespaces of its own. For tests. */
  readonly unshare: (flags: number) => number;
  /** Where in memory `bytes` are. Good for as long as they are, when they are too many for the heap: from 4 KiB on. */
  readonly address: (bytes: Uint8Array) => bigint;
  /** The errno of the last call on this thread. */
  readonly errno: () => number;
}

/** As in sendto(2); `to` is a sockaddr, or null with length 0. */
type SendtoCall = [
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
  to: Uint8Array | null,
  toLength: number,
];

/** The same on every processor; the C library has a name for it since 2.36 only. */
const pidfdOpenNumber = 434;
const solSocket = 1;
const soAttachFilter = 26;

let loaded: Libc | null | undefined;
let problem = "";

/** The calls, or null where koffi cannot be loaded. Loaded once, on first use: 10 ms that a command line tool need not pay. */
export function loadLibc(): Libc | null {
  if (loaded === undefined) loaded = openLibc();
  return loaded;
}

/** Why `loadLibc` gave null, for the log; empty when it did not. */
export function libcProblem(): string {
  return problem;
}

function openLibc(): Libc | null {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const library = koffi.load("libc.so.6");
    const filterProgram = koffi.struct({ length: "uint16_t", instructions: "const uint8_t *" });
    const setProgram = library.func("setsockopt", "int", [
      "int",
      "int",
      "int",
      koffi.pointer(filterProgram),
      "uint32_t",
    ]);
    const syscall = library.func("int syscall(long, long, long)") as (...call: [number, number, number]) => number;
    return {
      socket: library.func("int socket(int, int, int)") as Libc["socket"],
      bind: library.func("int bind(int, const uint8_t *, uint32_t)") as Libc["bind"],
      sendto: library.func(
        "long sendto(int, const uint8_t *, size_t, int, const uint8_t *, uint32_t)",
      ) as Libc["sendto"],
      recv: library.func("long recv(int, _Out_ uint8_t *, size_t, int)") as Libc["recv"],
      setsockopt: library.func("int setsockopt(int, int, int, const uint8_t *, uint32_t)") as Libc["setsockopt"],
      attachFilter: (fd, instructions) => {
        const program = { length: instructions.length / 8, instructions };
        return setProgram(fd, solSocket, soAttachFilter, program, koffi.sizeof(filterProgram)) as number;
      },
      close: library.func("int close(int)") as Libc["close"],
      dup3: library.func("int dup3(int, int, int)") as Libc["dup3"],
      pidfdOpen: (pid) => syscall(pidfdOpenNumber, pid, 0),
      clockGettime: library.func("int clock_gettime(int, void *)") as Libc["clockGettime"],
      schedSetscheduler: library.func("int sched_setscheduler(int, int, const void *)") as Libc["schedSetscheduler"],
      ioctl: library.func("int ioctl(int, unsigned long, void *)") as Libc["ioctl"],
      flock: library.func("int flock(int, int)") as Libc["flock"],
      ifNametoindex: library.func("uint32_t if_nametoindex(const char *)") as Libc["ifNametoindex"],
      unshare: library.func("int unshare(int)") as Libc["unshare"],
      address: (bytes) => koffi.address(bytes),
      errno: () => koffi.errno(),
    };
  } catch (error) {
    // Not an error: no koffi for this processor or C library. Users fall back to programs.
    problem = (error as Error).message;
    return null;
  }
}
