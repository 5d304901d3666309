import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A file of the machine. What is not there, or cannot be read, has no lines. */
export interface HostFile {
  /** As seen from the root. */
  readonly path: string;
  readonly lines: readonly string[];
}

/** @param root the folder that `/` is taken for. @param path absolute */
export async function hostFile(root: string, path: string): Promise<HostFile> {
  const text = await readFile(join(root, path), "utf8").catch(() => "");
  return { path, lines: text.split(/\r?\n/) };
}

/** Those of a folder with this ending, by name. */
export async function hostFiles(root: string, folder: string, ending: string): Promise<readonly HostFile[]> {
  const names = await readdir(join(root, folder)).catch((): string[] => []);
  const wanted = names.filter((name) => name.endsWith(ending) && !name.startsWith(".")).toSorted();
  return Promise.all(wanted.map(async (name) => hostFile(root, join(folder, name))));
}
