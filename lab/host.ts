import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fstabOf, onDisk } from "./host-disk.ts";
import { type ExecOptions, type ExecResult, HostProcess, execInHost } from "./host-process.ts";
import type { Port } from "./network-plan.ts";
import { Shell } from "./shell.ts";
import { processStates } from "./process-states.ts";
import type { Switch } from "./switch.ts";
import { waitUntil } from "./wait-until.ts";

/** What a host is made of; fixed for its life, whether it has power or not. */
export interface HostPlan {
  readonly name: string;
  /** Number of its ports in the switch, see `Switch.plug`. */
  readonly group: number;
  /** One per network; never empty. */
  readonly ports: readonly [Port, ...Port[]];
  /** Folder of what survives the loss of power. */
  readonly disk: string;
  /** Folder for the output of its programs. */
  readonly logs: string;
  /** Process id of the lab's keeper, whose pid namespace the host goes into. */
  readonly keeperPid: number;
  readonly wires: Switch;
}

/** How a program is left running on a host. */
export interface SpawnOptions {
  /** On top of a plain environment: PATH, HOME, LANG. */
  readonly env?: Readonly<Record<string, string>>;
  /** What its log is called. Default: the program. */
  readonly name?: string;
}

interface Power {
  readonly shell: Shell;
  readonly pid: number;
}

const pauseMsMax = 5_000;
/** D: in the kernel, where the stop waits for it before it comes back to its program. */
const standing = new Set(["T", "t", "Z", "X", "D"]);
const freshNamespaces = "unshare --net --mount --uts --ipc --pid --fork --kill-child --".split(" ");
const initScript = new URL("./host-init.sh", import.meta.url).pathname;

/**
 * A computer of a lab: own network, mount, uts, ipc and pid namespace, on at most once at a time.
 *
 * Invariant: `isOn` is false only while not one process of the host exists, or while it is being switched on or off.
 */
export class LabHost {
  readonly name: string;
  readonly disk: string;
  /** Programs started at each power-on, in order, without waiting for them. */
  boot: readonly (readonly string[])[] = [];
  readonly #plan: HostPlan;
  #power: Power | undefined;
  #lastStep: Promise<unknown> = Promise.resolve();
  #bootProcesses: readonly HostProcess[] = [];
  #powerOns = 0;
  #spawns = 0;
  #isPaused = false;

  /** The host has no power yet. Called by `Lab` only. */
  constructor(plan: HostPlan) {
    this.name = plan.name;
    this.disk = plan.disk;
    this.#plan = plan;
  }

  get isOn(): boolean {
    return this.#power !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** How often it has been switched on, including resets. */
  get powerOns(): number {
    return this.#powerOns;
  }

  /** What `boot` has started at the last power-on, in its order. */
  get bootProcesses(): readonly HostProcess[] {
    return this.#bootProcesses;
  }

  /** Process 1 of the host as the machine sees it, for tools such as nsenter. @throws Error when it is off */
  get pid(): number {
    return this.#powered().pid;
  }

  /** Its own address. @param network default: the first one @throws RangeError when it is not on that network */
  ip(network?: string): string {
    const port = network === undefined ? this.#plan.ports[0] : this.ports.find((p) => p.network.name === network);
    if (port === undefined) throw new RangeError(`Cannot find "${this.name}" on network "${network}"`);
    return port.ip;
  }

  get ports(): readonly Port[] {
    return this.#plan.ports;
  }

  /** Fresh namespaces, same disk, then `boot`. Does nothing when it is on. */
  async powerOn(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#power !== undefined) return;
      this.#power = await this.#start();
      this.#powerOns += 1;
      this.#isPaused = false;
      this.#bootProcesses = await Promise.all(this.boot.map(async (argv) => this.spawn(argv)));
    });
  }

  /**
   * The plug is pulled: first no packet leaves or enters any more, then every process dies; resolved when all are
   * dead. Does nothing when it is off. What programs had written without fsync is not lost: the machine still has it.
   */
  async powerOff(): Promise<void> {
    return this.#inOrder(async () => {
      const power = this.#power;
      if (power === undefined) return;
      this.#power = undefined;
      await this.#plan.wires.silence(this.#plan.group);
      kill(power.pid);
      await power.shell.exited;
    });
  }

  /**
   * Every program stops and does not notice; resolved when all stand still. Programs started later do run. The kernel
   * goes on: it answers ARP, pings and TCP handshakes, as with a machine that swaps; for a paused virtual machine
   * `lab.cut` it as well.
   */
  async pause(): Promise<void> {
    const { shell, pid } = this.#powered();
    this.#isPaused = true;
    // A process that runs on another processor takes the signal a moment later.
    await waitUntil(`all of ${this.name} to stand still`, pauseMsMax, async () => {
      await shell.run("kill -s STOP -- -1 || :");
      return (await processStates(pid)).every((state) => standing.has(state));
    });
  }

  async resume(): Promise<void> {
    await this.#powered().shell.run("kill -s CONT -- -1 || :");
    this.#isPaused = false;
  }

  /** Run a program to its end. @throws Error when the host is off */
  async exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execInHost(this.pid, argv, options);
  }

  /** Run a program to its end. @returns its stdout @throws Error with its output when it does not exit with 0 */
  async run(argv: readonly string[], options?: ExecOptions): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code === 0) return stdout;
    throw new Error(`Cannot run "${argv.join(" ")}" on ${this.name}: exit ${code}: ${stdout}${stderr}`);
  }

  /**
   * Start a program that stays. Its output goes to a file in the lab's `logs` of its own: `n1-1-haled.log` for the
   * first program started on n1.
   */
  async spawn(argv: readonly string[], { env, name }: SpawnOptions = {}): Promise<HostProcess> {
    this.#spawns += 1;
    const log = join(this.#plan.logs, `${this.name}-${this.#spawns}-${name ?? basename(argv[0] ?? "")}.log`);
    return HostProcess.start(this.pid, argv, log, env);
  }

  /** Read a file of the host; when it is off, one that the host itself has written. */
  async readFile(path: string): Promise<string> {
    return readFile(this.#outside(path), "utf8");
  }

  /** Write a file of the host, with its folders; when it is off, onto its disk. */
  async writeFile(path: string, text: string, mode?: number): Promise<void> {
    await mkdir(dirname(this.#outside(path)), { recursive: true });
    await writeFile(this.#outside(path), text, mode === undefined ? {} : { mode });
  }

  #outside(path: string): string {
    if (this.#power !== undefined) return join(`/proc/${this.#power.pid}/root`, path);
    const file = onDisk(this.disk, path);
    if (file === undefined)
      throw new Error(`Cannot reach ${path} of ${this.name}: it is off, and that is not on its disk`);
    return file;
  }

  async #start(): Promise<Power> {
    const { name, group, ports, keeperPid, wires, disk } = this.#plan;
    // A host that went off a moment ago may still have its ports, until the kernel gets round to it.
    if (this.#powerOns > 0) await wires.unplug(group);
    const intoLab = ["--target", `${keeperPid}`, "--pid", "--"];
    const init = ["bash", initScript, name, fstabOf(disk)];
    const { shell, greeting } = await Shell.start(["nsenter", ...intoLab, ...freshNamespaces, ...init]);
    const [pid = 0, keeperView = 0] = greeting.split(" ").map(Number);
    try {
      await wires.plug(ports, group, keeperView);
      const lines = [
        "link set lo up",
        ...ports.flatMap((port) => [
          `addr add ${port.ip}/24 brd + dev ${port.interface}`,
          `link set ${port.interface} up`,
        ]),
      ];
      const configure = `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} | ip -batch -`;
      await shell.run(`${configure}`);
    } catch (error) {
      kill(pid);
      await shell.exited;
      throw new Error(`Cannot power on ${name}: ${shell.complaints || "see cause"}`, { cause: error });
    }
    void shell.exited.then(async ({ signal }) => this.#onExit(shell, signal));
    return { shell, pid };
  }

  /** Ended without being told: a program of the host called reboot(2), which the kernel turns into SIGHUP or SIGINT. */
  async #onExit(shell: Shell, signal: NodeJS.Signals | null): Promise<void> {
    if (this.#power?.shell !== shell) return;
    this.#power = undefined;
    if (signal === "SIGHUP") await this.powerOn();
  }

  #powered(): Power {
    if (this.#power === undefined) throw new Error(`Cannot use ${this.name}: it is off`);
    return this.#power;
  }

  /** Power steps of one host never overlap. */
  async #inOrder(step: () => Promise<void>): Promise<void> {
    const result = this.#lastStep.then(step);
    this.#lastStep = result.catch(() => {});
    return result;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ESRCH: it is off already, which is what was wanted.
  }
}
