// Bundles one TypeScript file (packages stay outside) and runs it in this process.
//
// The bundle lies under node_modules/.cache, named after its content, so that packages resolve and
// two runs at once never write the same file with different content. `import.meta.url`, `.dirname`
// and `.filename` keep naming the source file.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/** Each module gets constants of its own that `define` below puts in place of `import.meta.…`. */
const keepSourceLocation = {
  name: "keep-source-location",
  setup(plugin) {
    plugin.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const [url, folder, name] = [pathToFileURL(path).href, dirname(path), path].map((text) => JSON.stringify(text));
      const constants = `const __metaUrl = ${url}, __metaDirname = ${folder}, __metaFilename = ${name};`;
      // On the first line, so that line numbers stay right.
      return { contents: `${constants} ${source}`, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};

async function bundle(file) {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    sourcesContent: false,
    absWorkingDir: root,
    outdir: join(root, "node_modules/.cache/hale"),
    logLevel: "error",
    define: {
      "import.meta.url": "__metaUrl",
      "import.meta.dirname": "__metaDirname",
      "import.meta.filename": "__metaFilename",
    },
    plugins: [keepSourceLocation],
  });
  const text = result.outputFiles[0].text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  const out = join(root, "node_modules/.cache/hale", `${basename(file, ".ts")}-${hash}.mjs`);
  await mkdir(dirname(out), { recursive: true });
  // Not named after the process: hosts of a lab have process ids of their own, and the same ones.
  const part = `${out}.${randomUUID()}`;
  await writeFile(part, text);
  await rename(part, out);
  return out;
}

const file = process.argv[2];
if (file === undefined) {
  console.error("usage: scripts/run FILE.ts [ARGUMENT...]");
  process.exit(2);
}
process.setSourceMapsEnabled(true);
try {
  const out = await bundle(resolve(file));
  process.argv.splice(1, 2, resolve(file));
  await import(pathToFileURL(out).href);
} catch (error) {
  // esbuild has already printed what does not build.
  if (Array.isArray(error?.errors)) process.exit(1);
  if (error?.code !== "EACCES" || !String(error.path).includes("node_modules/.cache")) throw error;
  console.error(`scripts/run: Cannot write ${error.path}: run it as root, or as the owner of this folder`);
  process.exit(1);
}
