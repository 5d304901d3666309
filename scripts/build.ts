import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { ownCollector } from "../src/adapters/native/real-time.ts";

// `npm run build`: one self-contained file per entry in dist/, but for the command: what only some of its subcommands need lies
// in dist/parts/, because reading all of it costs every `hale status` 25 ms. Only koffi stays outside: it loads a native file.

interface Entry {
  readonly file: string;
  /** Programs are started by name and get a #! line; workers are started by a program with `new Worker`. */
  readonly kind: "program" | "worker";
  /** What node must be started with, by the #! line. */
  readonly nodeOptions?: string;
  /** And in which environment. */
  readonly environment?: string;
  /** Its dynamic imports become files of their own in dist/parts/. */
  readonly isSplit?: boolean;
}

/** Or the compiled code of takeovers would be thrown away while it is not used, and be made again when it is. */
const keptCode = "--no-flush-bytecode";

/** Each thread would allocate from a region of its own, and none gives back what it once had: 12 MiB in all. */
const oneHeap = "MALLOC_ARENA_MAX=1";

const entries: readonly Entry[] = [
  { file: "src/main/hale.ts", kind: "program", isSplit: true },
  {
    file: "src/main/haled.ts",
    kind: "program",
    nodeOptions: `${ownCollector} ${keptCode}`,
    environment: oneHeap,
  },
  { file: "src/main/heartbeat-worker.ts", kind: "worker" },
];

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

// Bundled CommonJS packages call require and read __dirname; an ESM file has neither.
const commonJsNames = [
  'import { createRequire as makeRequire } from "node:module";',
  "const require = makeRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;",
].join("\n");

await mkdir(dist, { recursive: true });
const results = await Promise.allSettled(entries.map((entry) => buildEntry(entry)));
for (const result of results) {
  if (result.status === "rejected") {
    console.error(result.reason instanceof Error ? result.reason.message : result.reason);
    process.exitCode = 1;
  }
}

async function buildEntry({ file, kind, nodeOptions, environment, isSplit }: Entry): Promise<void> {
  const out = join(dist, `${basename(file, ".ts")}.js`);
  const words = [environment, "node", nodeOptions].filter((word) => word !== undefined);
  const interpreter = words.length === 1 ? "node" : `-S ${words.join(" ")}`;
  const shebang = kind === "program" ? `#!/usr/bin/env ${interpreter}\n` : "";
  await build({
    entryPoints: [file],
    absWorkingDir: root,
    ...(isSplit === true ? { outdir: dist, splitting: true, chunkNames: "parts/[name]-[hash]" } : { outfile: out }),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["koffi"],
    sourcemap: true,
    banner: { js: `${shebang}${commonJsNames}` },
    logLevel: "silent",
  });
  if (kind === "program") await chmod(out, 0o755);
  if (isSplit === true) await removeOldParts(join(dist, "parts"));
}

/** Parts are named after their content. Those of the builds before may still be loaded by a command that runs right now. */
async function removeOldParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another build may be cleaning up, too.
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > 3_600_000) await rm(path, { force: true });
  }
}
