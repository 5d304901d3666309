import { createRequire } from "node:module";
import type * as Koffi from "koffi";

/** Calls about this thread, its clock and its files that Node.js does not offer. All return -1 and an errno like C. */
export interface KernelCalls {
  /** `timespec`: 16 bytes, seconds and nanoseconds. */
  readonly clockGettime: (clock: number, timespec: Uint8Array) => number;
  /** `pid` 0: the calling thread. `parameter`: a struct sched_param, 4 bytes. */
  readonly schedSetscheduler: (pid: number, policy: number, parameter: Uint8Array) => number;
  readonly flock: (fd: number, operation: number) => number;
  /** A network device's index, 0 when there is no such device. */
  readonly ifNametoindex: (device: string) => number;
  /** The errno of the last call on this thread. */
  readonly errno: () => number;
}

let loaded: KernelCalls | null | undefined;
let problem = "";

/** The calls, or null where koffi has no build for this machine; `kernelCallsProblem` then says why. */
export function loadKernelCalls(): KernelCalls | null {
  if (loaded === undefined) loaded = openKernelCalls();
  return loaded;
}

/** Why `loadKernelCalls` gave null, for the log; empty when it did not. */
export function kernelCallsProblem(): string {
  return problem;
}

function openKernelCalls(): KernelCalls | null {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const library = koffi.load("libc.so.6");
    return {
      clockGettime: library.func("int clock_gettime(int, void *)") as KernelCalls["clockGettime"],
      schedSetscheduler: library.func(
        "int sched_setscheduler(int, int, const void *)",
      ) as KernelCalls["schedSetscheduler"],
      flock: library.func("int flock(int, int)") as KernelCalls["flock"],
      ifNametoindex: library.func("uint32_t if_nametoindex(const char *)") as KernelCalls["ifNametoindex"],
      errno: () => koffi.errno(),
    };
  } catch (error) {
    // Not an error: no koffi for this processor or C library. Users fall back.
    problem = (error as Error).message;
    return null;
  }
}
