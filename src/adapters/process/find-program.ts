import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The first of the folders' files of that name that may be executed; null: none. */
export function findProgram(name: string, folders: readonly string[]): string | null {
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // It is not there, or not to be executed; there may be another one further on.
    return false;
  }
}
