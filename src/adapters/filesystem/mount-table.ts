import { readFileSync } from "node:fs";

/** One line of /proc/self/mountinfo. */
export interface Mount {
  /** `8:1`; of a kind without a device, a number of its own. */
  readonly deviceNumber: string;
  /** The part of the file system that is seen there; other than `/` for bind mounts. */
  readonly root: string;
  readonly directory: string;
  readonly fstype: string;
  readonly source: string;
  /** Of this mount. */
  readonly options: readonly string[];
  /** Of the file system, which the kernel may have set read-only. */
  readonly superOptions: readonly string[];
}

/** What is mounted, in the order in which it was. Never waits for a device: the kernel has it in memory. */
export function readMounts(path = "/proc/self/mountinfo"): readonly Mount[] {
  return parseMounts(readFileSync(path, "utf8"));
}

/** @see proc_pid_mountinfo(5); lines that are not understood are left out */
export function parseMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ", 2);
    const [, , deviceNumber, root, directory, options] = before.split(" ");
    const [fstype, source, superOptions] = after.split(" ");
    if (deviceNumber === undefined || root === undefined || directory === undefined || fstype === undefined) return [];
    return [
      {
        deviceNumber,
        root: unescape(root),
        directory: unescape(directory),
        fstype,
        source: unescape(source ?? ""),
        options: (options ?? "").split(","),
        superOptions: (superOptions ?? "").split(","),
      },
    ];
  });
}

/** Blanks, tabs, line ends and backslashes are written as octal numbers. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The mounts at a directory and below it, the last first: the order in which they can be undone. */
export function mountsBelow(mounts: readonly Mount[], directory: string): readonly Mount[] {
  return mounts.filter((mount) => mount.directory === directory || isBelow(mount.directory, directory)).toReversed();
}

/** True for a path inside a folder. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
