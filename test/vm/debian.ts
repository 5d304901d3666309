import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CpioEntry, makeCpio } from "./cpio.ts";
import { librariesOf } from "./libraries.ts";

// Debian with systemd as its first program, in an emulated machine. A test tells it by its second serial line what to run, a shell script a line, and
// hears by the same what came of it; the first serial line is its console.

const root = join(import.meta.dirname, "../..");
/** What the first root file system needs, to mount the real one. */
const tools = {
  "bin/sh": "/bin/dash",
  "bin/mount": "/bin/mount",
  "bin/insmod": "/bin/kmod",
  "bin/switch_root": "/sbin/switch_root",
};
/** In order: who comes later needs the earlier ones. */
const modules =
  "virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk crc16 mbcache jbd2 crc32c_generic ext4";

const init = `#!/bin/sh
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
for name in ${modules}; do insmod /modules/$name.ko || echo "Cannot load $name" >/dev/ttyS0; done
mount -t ext4 /dev/vda /root && mount -t ext4 -o ro /dev/vdb /root/payload || echo "Cannot mount" >/dev/ttyS0
umount /proc 2>/dev/null
exec switch_root /root /lib/systemd/systemd 2>/dev/null
`;

/** What the machine does when it has booted: it obeys. What a script leaves running must not keep its output. */
const main = `ln -s /payload/node /usr/local/bin/node
ln -s /payload/hale /usr/lib/hale
ln -s /payload/hale/hale.js /usr/local/bin/hale
cp /payload/haled.service /run/systemd/system/
stty -F /dev/ttyS1 raw -echo
exec 3<>/dev/ttyS1
echo "0 0 " >&3
while read -r number script <&3; do
  output=$(echo "$script" | base64 -d | sh 2>&1 3>&-)
  code=$?
  printf '%s %s %s\\n' "$number" "$code" "$(printf %s "$output" | base64 -w 0)" >&3
done
`;

/** What came of a script. */
export interface Ran {
  readonly code: number;
  /** All that it said, on either stream. */
  readonly output: string;
}

/** An interface that is made with the machine and goes with it. */
export interface Tap {
  readonly name: string;
  /** The file of the network namespace that it is in. */
  readonly namespace: string;
}

function cardOf(tap: Tap | undefined): string {
  if (tap === undefined) return "";
  return ` -netdev tap,id=wire,ifname=${tap.name},script=no,downscript=no -device e1000,netdev=wire`;
}

/** Makes Debian machines, and what they share once. */
export class DebianMachines implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "hale-vm-"));
  readonly #kernel: string;
  readonly #image: string;
  readonly #payload: string;
  readonly #children: ChildProcessWithoutNullStreams[] = [];
  #count = 0;

  constructor() {
    this.#image = execFileSync(join(root, "scripts/setup-vm-root"), { encoding: "utf8" }).trim();
    this.#kernel = execFileSync(join(root, "scripts/setup-vm"), { encoding: "utf8" }).trim();
    writeFileSync(join(this.#folder, "initramfs"), makeCpio(firstRoot(this.#kernel)));
    this.#payload = makePayload(join(this.#folder, "payload"));
  }

  /** An empty disk for a machine. @returns its path */
  disk(name: string, sizeMib: number): string {
    const path = join(this.#folder, name);
    writeFileSync(path, "");
    truncateSync(path, sizeMib << 20);
    return path;
  }

  /**
   * A machine that has booted, with the cluster's programs, and none of its daemons running.
   *
   * @param disks files or devices that are its disks: /dev/vdc, /dev/vdd, ...
   * @param tap the other end of its network card, module e1000; none by default
   */
  async boot(disks: readonly string[] = [], tap?: Tap): Promise<DebianMachine> {
    this.#count += 1;
    const console = join(this.#folder, `console-${this.#count}`);
    const drive = (path: string, more: string): string => `-drive file=${path},format=raw,if=virtio,${more}`;
    const image = readdirSync(join(this.#kernel, "boot")).find((name) => name.startsWith("vmlinuz-")) ?? "";
    const machine = `-accel tcg,thread=multi -smp 2 -m 1024 -nodefaults -display none -no-reboot -device i6300esb -action watchdog=reset`;
    const lines = `-serial file:${console} -serial stdio`;
    const own = [drive(this.#image, "snapshot=on"), drive(this.#payload, "readonly=on")];
    const drives = [...own, ...disks.map((path) => drive(path, "cache=none"))].join(" ");
    const boot = `-kernel ${join(this.#kernel, "boot", image)} -initrd ${join(this.#folder, "initramfs")} -append`;
    // A busy host is late with the timer that the kernel tests at its start, and panics without `no_timer_check`.
    const words =
      "console=ttyS0 quiet nokaslr no_timer_check panic=1 systemd.unit=hale-test.target systemd.show_status=no";
    const argv = [...`qemu-system-x86_64 ${machine} ${lines} ${drives}${cardOf(tap)} ${boot}`.split(" "), words];
    const child = spawn("nsenter", [`--net=${tap?.namespace ?? "/proc/self/ns/net"}`, ...argv]);
    this.#children.push(child);
    const started = new DebianMachine(child, console);
    await started.booted();
    return started;
  }

  /** Ends the machines, too: a test that was given up has not. */
  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A machine that runs, until it is reset, switched off or disposed of. */
export class DebianMachine implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #console: string;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, (ran: Ran | null) => void>();
  #asked = 0;
  #rest = "";
  #errors = "";
  #isOff = false;

  constructor(child: ChildProcessWithoutNullStreams, console: string) {
    this.#child = child;
    this.#console = console;
    child.stdout.on("data", (bytes: Buffer) => this.#hear(bytes.toString("latin1")));
    child.stderr.on("data", (bytes: Buffer) => {
      this.#errors += bytes.toString();
    });
    // A machine that is off takes no word.
    child.stdin.on("error", () => undefined);
    this.#exited = new Promise((resolve) => {
      const end = (): void => {
        this.#isOff = true;
        for (const tell of this.#waiting.values()) tell(null);
        resolve();
      };
      child.once("exit", end);
      child.once("error", end);
    });
  }

  async booted(): Promise<void> {
    await this.#answer(0, bootMs, "its boot");
  }

  get isOff(): boolean {
    return this.#isOff;
  }

  /** Runs a shell script as root. Whatever it leaves running must have its output elsewhere. One at a time, in the order asked for. */
  async exec(script: string, limitMs = scriptMs): Promise<Ran> {
    this.#asked += 1;
    const answer = this.#answer(this.#asked, limitMs, script);
    this.#child.stdin.write(`${this.#asked} ${Buffer.from(script).toString("base64")}\n`);
    return answer;
  }

  /** What it said, without the last newline. @throws Error when its exit code is not 0 */
  async run(script: string, limitMs?: number): Promise<string> {
    const { code, output } = await this.exec(script, limitMs);
    if (code !== 0) throw new Error(`Exit code ${code} of ${script}:\n${output}`);
    return output.trim();
  }

  /** Until a script says something that is wanted. @returns what it said */
  async until(what: string, script: string, wanted: Pick<RegExp, "test">): Promise<string> {
    const deadline = performance.now() + scriptMs;
    for (;;) {
      const { output } = await this.exec(script);
      if (wanted.test(output)) return output;
      if (performance.now() > deadline)
        throw new Error(`Waited in the machine for ${what}: not within ${scriptMs} ms: ${output}`);
      // Each look costs the emulated processor the start of a program.
      await sleep(pollMs);
    }
  }

  /** Until it is reset or switched off. */
  async ended(limitMs: number): Promise<void> {
    await Promise.race([this.#exited, this.#tooLong(limitMs, "its end")]);
  }

  /** What it would show on a screen. */
  console(): string {
    return existsSync(this.#console) ? readFileSync(this.#console, "utf8").replaceAll("\r", "") : "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [number, code, output = ""] = line.split(" ");
      this.#waiting.get(Number(number))?.({ code: Number(code), output: Buffer.from(output, "base64").toString() });
    }
  }

  async #answer(number: number, limitMs: number, what: string): Promise<Ran> {
    const heard = new Promise<Ran | null>((resolve) => {
      this.#waiting.set(number, resolve);
      if (this.#isOff) resolve(null);
    });
    const ran = await Promise.race([heard, this.#tooLong(limitMs, what)]);
    this.#waiting.delete(number);
    if (ran === null) throw new Error(`The machine went off during ${what}:\n${this.#errors}${this.console()}`);
    return ran;
  }

  /** Never resolves. */
  async #tooLong(limitMs: number, what: string): Promise<never> {
    return new Promise((_, reject) => {
      const fail = (): void =>
        reject(new Error(`The machine: not within ${limitMs} ms: ${what}\n${this.#errors}${this.console()}`));
      setTimeout(fail, limitMs).unref();
    });
  }
}

/** It takes 14 s on a quiet machine. */
const bootMs = 180_000;
const scriptMs = 180_000;
const pollMs = 500;

/** Node.js and hale, as a disk. */
function makePayload(folder: string): string {
  mkdirSync(folder);
  cpSync(join(root, "dist"), join(folder, "hale"), { recursive: true });
  cpSync(process.execPath, join(folder, "node"));
  cpSync(join(root, "packaging/haled.service"), join(folder, "haled.service"));
  for (const name of ["koffi", "@koromix"]) {
    const from = join(root, "node_modules", name);
    if (existsSync(from)) cpSync(from, join(folder, "node_modules", name), { recursive: true });
  }
  writeFileSync(join(folder, "main"), main);
  execFileSync("mkfs.ext4", ["-q", "-d", folder, `${folder}.ext4`, "260M"]);
  rmSync(folder, { recursive: true });
  return `${folder}.ext4`;
}

function firstRoot(kernel: string): readonly CpioEntry[] {
  const files = new Map<string, Uint8Array>([["init", Buffer.from(init)]]);
  for (const [path, program] of Object.entries(tools)) {
    files.set(path, readFileSync(program));
    for (const library of librariesOf(program)) files.set(library.slice(1), readFileSync(library));
  }
  const found = execFileSync("find", [join(kernel, "lib/modules"), "-name", "*.ko"], { encoding: "utf8" }).split("\n");
  for (const name of modules.split(" ")) {
    const path = found.find((each) => basename(each) === `${name}.ko`);
    if (path === undefined) throw new Error(`Cannot find the module ${name} in ${kernel}`);
    files.set(`modules/${name}.ko`, readFileSync(path));
  }
  const folders = new Set(["dev", "proc", "root"]);
  for (const path of files.keys()) for (let up = dirname(path); up !== "."; up = dirname(up)) folders.add(up);
  const made = [...folders].toSorted((a, b) => a.length - b.length);
  return [
    ...made.map((path) => ({ path, mode: 0o40755, content: null })),
    ...[...files].map(([path, content]) => ({ path, mode: 0o100755, content })),
  ];
}
