import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those above it for everybody to look into, as others look for their sockets there. Not mkdir's own `recursive`:
 * where the kernel says ENOENT for good, as in /proc, that loops for ever, and of a file in the way it says EEXIST.
 *
 * @param mode of the folder when it is made now
 * @throws Error with a `code`: ENOTDIR for a file in the way, ENOENT where nothing can be made, or what else the system says
 */
export function makeFolder(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode });
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return mustBeFolder(folder);
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
  }
  makeFolder(dirname(folder), 0o755);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Two programs may make it at once.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    mustBeFolder(folder);
  }
}

function mustBeFolder(path: string): void {
  if (statSync(path).isDirectory()) return;
  throw Object.assign(new Error(`"${path}" is not a folder`), { code: "ENOTDIR" });
}
