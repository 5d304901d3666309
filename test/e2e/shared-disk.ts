import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Lab } from "../../lab/lab.ts";

/** A loop device with an empty ext4 on a file that all hosts share, as they would share a disk. To be detached when the lab is closed. */
export function makeSharedDisk(lab: Lab): string {
  const image = join(lab.folder, "shared", "disk");
  execFileSync("truncate", ["-s", "64M", image]);
  execFileSync("mkfs.ext4", ["-q", image]);
  return execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
}

/** The machine has it no more. */
export function detachDisk(device: string): void {
  execFileSync("losetup", ["--detach", device]);
}
