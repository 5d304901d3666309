import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { HostClaim } from "../../cli/node-facts.ts";
import { hostFile } from "./host-files.ts";
import { type ResourceClaims, withoutSlash } from "./resource-claims.ts";

const folders = [
  "/etc/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];

/** systemd.mount(5), systemd.automount(5): units that are enabled for a folder that the cluster mounts. */
export async function claimsInMountUnits(
  root: string,
  { mount }: ResourceClaims,
): Promise<readonly Omit<HostClaim, "resource">[]> {
  if (mount === undefined) return [];
  const units = new Set((await Promise.all(folders.slice(0, 2).map(async (folder) => enabled(root, folder)))).flat());
  const found = await Promise.all(
    [...units].map(async (unit) => {
      const files = await Promise.all(folders.map(async (folder) => hostFile(root, join(folder, unit))));
      return files.flatMap(({ path, lines }) => {
        const index = lines.findIndex((line) => /^\s*Where\s*=/.test(line));
        const where = lines[index]?.replace(/^[^=]*=\s*/, "").trim() ?? "";
        return withoutSlash(where) === mount.directory
          ? [{ file: path, line: index + 1, what: `mounts ${where}` }]
          : [];
      });
    }),
  );
  return found.flat();
}

async function enabled(root: string, folder: string): Promise<readonly string[]> {
  const targets = (await namesIn(join(root, folder))).filter((name) => /\.(wants|requires)$/.test(name));
  const units = await Promise.all(targets.map(async (target) => namesIn(join(root, folder, target))));
  return units.flat().filter((name) => /\.(auto)?mount$/.test(name));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
