import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { type CpioEntry, makeCpio } from "./cpio.ts";
import { librariesOf } from "./libraries.ts";

/** What a virtual machine said and when, in ms since its start. */
export interface VmRun {
  readonly lines: readonly { readonly atMs: number; readonly text: string }[];
  /** When the machine was reset or switched off; null: it had to be ended. */
  readonly endedAtMs: number | null;
}

const root = join(import.meta.dirname, "../..");
const nodeMode = 0o100755;

/** A first root file system with Node.js, the guest's program and some modules of a Debian kernel that was unpacked to `kernel`. */
export function makeInitramfs(kernel: string, modules: readonly string[], to: string): void {
  const guest = buildSync({
    entryPoints: [join(import.meta.dirname, "guest.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["koffi"],
    write: false,
  }).outputFiles[0];
  if (guest === undefined) throw new Error("Cannot build the guest's program");
  const koffi = join(root, "node_modules/koffi");
  const native = join(root, "node_modules/@koromix");
  const files = new Map<string, Uint8Array>([
    ["init", Buffer.from("#!/bin/node /guest.mjs\n")],
    ["guest.mjs", guest.contents],
    ["bin/node", readFileSync(process.execPath)],
  ]);
  for (const library of librariesOf(process.execPath)) files.set(library.slice(1), readFileSync(library));
  addFolder(files, koffi, "node_modules/koffi");
  for (const name of listOf(native)) addFolder(files, join(native, name), `node_modules/@koromix/${name}`);
  const found = execFileSync("find", [join(kernel, "lib/modules"), "-name", "*.ko"], { encoding: "utf8" }).split("\n");
  for (const name of modules) {
    const path = found.find((each) => basename(each) === `${name}.ko`);
    if (path === undefined) throw new Error(`Cannot find the module ${name} in ${kernel}`);
    files.set(`modules/${name}.ko`, readFileSync(path));
  }
  const folders = new Set(["dev", "proc", "sys"]);
  for (const path of files.keys()) {
    for (let up = dirname(path); up !== "."; up = dirname(up)) folders.add(up);
  }
  const entries: CpioEntry[] = [...folders]
    .toSorted((a, b) => a.length - b.length)
    .map((path) => ({ path, mode: 0o40755, content: null }));
  for (const [path, content] of files) entries.push({ path, mode: nodeMode, content });
  writeFileSync(to, makeCpio(entries));
}

/**
 * Runs a machine until it is reset, switched off, or time is up.
 *
 * A busy host is late with the timer that the kernel tests at its start, and panics without (`no_timer_check`). By software alone: where this machine is a virtual one itself, what it says of KVM may not work.
 */
export function runVm(kernel: string, initramfs: string, words: string, limitMs: number): Promise<VmRun> {
  const image = readdirSync(join(kernel, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (image === undefined) throw new Error(`Cannot find a kernel in ${kernel}/boot`);
  const startedAt = performance.now();
  const at = (): number => Math.round(performance.now() - startedAt);
  const child = spawn(
    "qemu-system-x86_64",
    `-accel tcg -m 1024 -nodefaults -display none -serial stdio -no-reboot -device i6300esb -action watchdog=reset`
      .split(" ")
      .concat(["-kernel", join(kernel, "boot", image), "-initrd", initramfs])
      .concat(["-append", `console=ttyS0 quiet nokaslr no_timer_check panic=1 ${words}`]),
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const lines: { atMs: number; text: string }[] = [];
  let rest = "";
  const take = (bytes: Buffer): void => {
    const parts = (rest + bytes.toString("latin1")).split(/\r?\n/);
    rest = parts.pop() ?? "";
    for (const text of parts) if (text.trim() !== "") lines.push({ atMs: at(), text: text.trim() });
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      child.kill("SIGKILL");
    }, limitMs);
    child.once("error", reject);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve({ lines, endedAtMs: isOver ? null : at() });
    });
  });
}

function listOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // koffi brings its library in its own folder then.
  }
}

function addFolder(files: Map<string, Uint8Array>, from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!/\.(node|js|cjs|mjs|json)$/.test(entry.name)) continue;
    files.set(`${to}/${path.slice(from.length + 1)}`, readFileSync(path));
  }
}
