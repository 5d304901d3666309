import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

// `npm run lock`, after `npm install` has changed package-lock.json.
//
// Some mirrors carry only the Linux builds of native packages. npm then writes a lock file that names the other builds
// as wanted but does not hold them, and `npm ci` refuses it everywhere. hale runs on Linux, so they are not wanted.

interface LockedPackage {
  readonly optionalDependencies?: Record<string, string>;
}

const path = join(import.meta.dirname, "../package-lock.json");
const text = await readFile(path, "utf8");
const lock = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };

for (const [parent, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const name of Object.keys(optionalDependencies)) {
    const isHeld = `node_modules/${name}` in lock.packages || `${parent}/node_modules/${name}` in lock.packages;
    if (!isHeld) delete optionalDependencies[name];
  }
}
const trimmed = `${JSON.stringify(lock, null, 2)}\n`;
if (trimmed !== text) await writeFile(path, trimmed);
