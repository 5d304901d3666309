import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { loadLibc } from "./libc.ts";

/** A program and its standard files, for `posix_spawn`. */
export interface SpawnCall {
  readonly path: string;
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly environment: readonly string[];
  /** null: /dev/null. */
  readonly files: { readonly input: number | null; readonly output: number; readonly errors: number | null };
}

/** Children of our own, without Node's help. */
export interface Spawning {
  /** In a thread. The child leads a session of its own, in `/`, with no signal blocked or ignored. Resolves when it has become the program. */
  readonly spawn: (call: SpawnCall) => Promise<{ readonly errno: number; readonly pid: number }>;
  /** The status of a child that has ended, once; null while it runs. */
  readonly wait: (pid: number) => number | null;
  /** A file in memory alone, empty, closed on exec; -1. */
  readonly memoryFile: () => number;
}

/** Sizes of glibc's structures and more: 80, 336 and 128 bytes. */
const structureBytes = 512;
const flagSetSignals = 0x04;
const flagSetMask = 0x08;
const flagSetSession = 0x80;
const readWrite = 2;
const noHang = 1;
const closeOnExec = 1;

let loaded: Spawning | null | undefined;

/** null where there is no koffi, or a C library that is too old. */
export function loadSpawning(): Spawning | null {
  if (loaded === undefined) loaded = loadLibc() === null ? null : openSpawning();
  return loaded;
}

function openSpawning(): Spawning | null {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const library = koffi.load("libc.so.6");
    const spawnFiles = "posix_spawn_file_actions";
    const initFiles = library.func(`int ${spawnFiles}_init(void *)`) as (files: Uint8Array) => number;
    const addOpen = library.func(`int ${spawnFiles}_addopen(void *, int, const char *, int, uint32_t)`);
    const addDup = library.func(`int ${spawnFiles}_adddup2(void *, int, int)`);
    const addFolder = library.func(`int ${spawnFiles}_addchdir_np(void *, const char *)`);
    const destroyFiles = library.func(`int ${spawnFiles}_destroy(void *)`);
    const posixSpawn = library.func(
      "int posix_spawn(_Out_ int32_t *, const char *, const void *, const void *, const char **, const char **)",
    );
    const waitpid = library.func("int waitpid(int, _Out_ int32_t *, int)");
    const memfdCreate = library.func("int memfd_create(const char *, uint32_t)");
    const attributes = Buffer.alloc(structureBytes);
    library.func("int posix_spawnattr_init(void *)")(attributes);
    library.func("int posix_spawnattr_setflags(void *, short)")(
      attributes,
      flagSetSignals | flagSetMask | flagSetSession,
    );
    library.func("int posix_spawnattr_setsigdefault(void *, const void *)")(attributes, Buffer.alloc(128, 0xff));

    const filesOf = ({ input, output, errors }: SpawnCall["files"]): Buffer => {
      const files = Buffer.alloc(structureBytes);
      initFiles(files);
      addFolder(files, "/");
      for (const [place, fd] of [input, output, errors].entries()) {
        if (fd === null) addOpen(files, place, "/dev/null", readWrite, 0);
        else addDup(files, fd, place);
      }
      return files;
    };
    return {
      spawn: async ({ path, argv, environment, files: wanted }) => {
        const pid = [0];
        const files = filesOf(wanted);
        return new Promise((resolve, reject) => {
          const call = [pid, path, files, attributes, [...argv, null], [...environment, null]];
          posixSpawn.async(...call, (error: Error | null, errno: number) => {
            destroyFiles(files);
            if (error === null) resolve({ errno, pid: pid[0] ?? 0 });
            else reject(error);
          });
        });
      },
      wait: (pid) => {
        const status = [0];
        return waitpid(pid, status, noHang) === pid ? (status[0] ?? 0) : null;
      },
      memoryFile: () => memfdCreate("hale", closeOnExec) as number,
    };
  } catch {
    // A C library without one of these calls: Node's own way is taken.
    return null;
  }
}
