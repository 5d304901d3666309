import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";

/** Why a program could not be started, in one line that says what to do. */
export interface SpawnProblem {
  readonly reason: string;
  readonly isMissing: boolean;
  /** The node lacks something at the moment; the program itself may be all right. */
  readonly isPassing: boolean;
}

/** Explains an error of `spawn`. ENOENT may mean the program or the interpreter in its first line; only a look at the file tells. */
export function explainSpawnError(program: string, error: NodeJS.ErrnoException): SpawnProblem {
  const cannot = `Cannot run "${program}": `;
  switch (error.code ?? "") {
    case "ENOENT": {
      const interpreter = interpreterOf(program);
      if (interpreter === null) return { reason: `${cannot}no such file`, isMissing: true, isPassing: false };
      return {
        reason: `${cannot}its interpreter "${interpreter}" is missing: install it`,
        isMissing: true,
        isPassing: false,
      };
    }
    case "EACCES":
    case "EPERM":
      return { reason: `${cannot}${whyNotAllowed(program)}`, isMissing: false, isPassing: false };
    case "E2BIG":
      return {
        reason: `${cannot}its parameters are too long for the kernel: shorten them`,
        isMissing: false,
        isPassing: false,
      };
    case "EAGAIN":
    case "ENOMEM":
      return {
        reason: `${cannot}the kernel has no process or memory to spare (${error.code})`,
        isMissing: false,
        isPassing: true,
      };
    case "EMFILE":
    case "ENFILE":
      return {
        reason: `${cannot}too many open files (${error.code}): raise LimitNOFILE`,
        isMissing: false,
        isPassing: true,
      };
    default:
      return { reason: `${cannot}${error.message.replaceAll(/\s+/g, " ")}`, isMissing: false, isPassing: true };
  }
}

/** Of an existing file: what its first line names, or "/lib/ld.so" for a program file. null when there is no file. */
function interpreterOf(program: string): string | null {
  try {
    const fd = openSync(program, "r");
    try {
      const buffer = Buffer.alloc(256);
      const line = buffer.subarray(0, readSync(fd, buffer)).toString("latin1").split("\n", 1)[0] ?? "";
      return line.startsWith("#!") ? (line.slice(2).trim().split(/\s/, 1)[0] ?? "") : "its dynamic linker";
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function whyNotAllowed(program: string): string {
  try {
    const status = statSync(program);
    if (status.isDirectory()) return "it is a directory";
    if ((status.mode & 0o111) === 0) return `it is not executable: chmod +x ${program}`;
    accessSync(program, constants.X_OK);
    return "not allowed: its interpreter is not executable, or its file system is mounted noexec";
  } catch {
    return "not allowed: may this user read and execute it?";
  }
}
