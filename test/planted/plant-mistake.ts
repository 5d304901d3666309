import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Rules } from "../../src/daemon/setup.ts";
import type { GroupRules } from "../../src/sim/group/group-rules.ts";

const root = join(import.meta.dirname, "../..");

/** A mistake: this text of this file of the core becomes that one. */
export interface Patch {
  /** Below src/core. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** In `file` below src/core, `find` becomes `replace`. */
export function patch(file: string, find: string, replace: string): Patch {
  return { file, find, replace };
}

/**
 * The group's rules with a mistake in them.
 *
 * @throws TypeError when a patch does not fit exactly once: the core has changed, so the mistake must be planted anew
 */
export async function plantMistake(patches: readonly Patch[]): Promise<GroupRules> {
  const contents = `export * from "./group.ts"; export { replayDisk } from "./replication/replay-disk.ts"; export * from "./quorum/witness.ts"; export * from "./quorum/arbiter-disk.ts";`;
  return (await bundleWith(patches, contents, "src/core")) as GroupRules;
}

/**
 * The rules of a whole daemon, group and manager, with a mistake in them.
 *
 * @throws TypeError as `plantMistake` does
 */
export async function plantRules(patches: readonly Patch[]): Promise<Rules> {
  const rules = await bundleWith(patches, `export * from "./core-rules.ts";`, "src/daemon");
  return (rules as { readonly coreRules: Rules }).coreRules;
}

/** A copy of the core is patched as text and bundled, so that the core itself needs no switch. */
async function bundleWith(patches: readonly Patch[], contents: string, folderName: string): Promise<unknown> {
  const missing = new Set(patches);
  const result = await build({
    stdin: { contents, resolveDir: join(root, folderName) },
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "error",
    plugins: [
      {
        name: "plant",
        setup: (builder) => {
          builder.onLoad({ filter: /src\/core\/.*\.ts$/ }, async ({ path }) => {
            let contents = await readFile(path, "utf8");
            for (const patch of patches) {
              if (!path.endsWith(`/src/core/${patch.file}`)) continue;
              if (contents.split(patch.find).length !== 2)
                throw new TypeError(`Cannot plant in ${patch.file}: ${patch.find}`);
              contents = contents.replace(patch.find, () => patch.replace);
              missing.delete(patch);
            }
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  for (const { file } of missing) throw new TypeError(`Cannot plant in ${file}: it is not part of these rules`);
  const folder = await mkdtemp(join(tmpdir(), "hale-planted-"));
  try {
    const file = join(folder, "rules.mjs");
    await writeFile(file, result.outputFiles[0]?.contents ?? "");
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}
