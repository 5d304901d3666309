import { realpath } from "node:fs/promises";
import { join } from "node:path";
import type { HostClaim } from "../../cli/node-facts.ts";
import { hostFile } from "./host-files.ts";
import { type ResourceClaims, withoutSlash } from "./resource-claims.ts";

type Claim = Omit<HostClaim, "resource">;

/** fstab(5): what is mounted at boot, or on the first use, where the cluster mounts it. */
export async function claimsInFstab(root: string, { mount }: ResourceClaims): Promise<readonly Claim[]> {
  if (mount === undefined) return [];
  const { path, lines } = await hostFile(root, "/etc/fstab");
  const device = await deviceAt(root, mount.device);
  const found = await Promise.all(
    lines.map(async (line, index): Promise<readonly Claim[]> => {
      const [source = "", directory = "", , options = ""] = line.trim().split(/\s+/).map(unescape);
      if (source === "" || source.startsWith("#")) return [];
      const isIts = withoutSlash(directory) === mount.directory || (await deviceAt(root, source)) === device;
      const words = options.split(",");
      const isLeft = words.includes("noauto") && !words.includes("x-systemd.automount");
      return isIts && !isLeft ? [{ file: path, line: index + 1, what: `mounts ${source} at ${directory}` }] : [];
    }),
  );
  return found.flat();
}

/** A blank is written as `\040`. */
function unescape(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}

const tags: Readonly<Record<string, string>> = {
  LABEL: "by-label",
  UUID: "by-uuid",
  PARTLABEL: "by-partlabel",
  PARTUUID: "by-partuuid",
};

/** The same device has several names; one that is not here is known by its name alone. */
async function deviceAt(root: string, device: string): Promise<string> {
  const [, tag = "", value = ""] = /^([A-Z]+)="?([^"]*)"?$/.exec(device) ?? [];
  const folder = tags[tag];
  const path = folder === undefined ? device : join("/dev/disk", folder, value);
  return path.startsWith("/dev/") ? realpath(join(root, path)).catch(() => path) : device;
}
