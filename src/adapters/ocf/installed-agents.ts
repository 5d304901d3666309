import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

/** `provider:type` of the OCF agents that are installed, sorted. Hidden ones are parts of others. */
export async function installedOcfAgents(root = "/usr/lib/ocf"): Promise<readonly string[]> {
  const folder = join(root, "resource.d");
  const found = await Promise.all(
    (await visibleIn(folder)).map(async (provider) => {
      const types = await visibleIn(join(folder, provider));
      const usable = await Promise.all(types.map(async (type) => isProgram(join(folder, provider, type))));
      return types.filter((_, index) => usable[index]).map((type) => `${provider}:${type}`);
    }),
  );
  return found.flat().toSorted();
}

async function visibleIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => !name.startsWith("."));
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
