import { copyFile, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Puts `text` in place of a configuration file. Cut at any step, there is the old file or the new one. The old one is kept as `FILE.before`.
 *
 * @param path may be a link: what it leads to is replaced
 */
export async function keepConfigFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (old) => old.mode & 0o777,
    () => 0o644,
  );
  const beside = `${target}.new`;
  try {
    // What an earlier try has left may have another mode.
    await rm(beside, { force: true });
    await writeThrough(beside, text, mode);
    await copyFile(target, `${target}.before`).catch(ifThere);
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

async function writeThrough(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
