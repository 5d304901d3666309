import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Names of the fence agents that are installed, sorted. Others of this name, such as the daemon fence_virtd, do not describe themselves. */
export async function installedFenceAgents(folder = "/usr/sbin"): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /^fence_[\w.-]+$/.test(name))
      .map(async (name) => {
        const isExecutable = await access(join(folder, name), constants.X_OK).then(
          () => true,
          () => false,
        );
        return isExecutable ? [name] : [];
      }),
  );
  return found.flat().toSorted();
}
