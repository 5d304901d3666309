import { chmod, copyFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FenceDevice } from "./fence-device.ts";
import { makeDisk } from "./host-disk.ts";
import { LabHost } from "./host.ts";
import { clientNumber, hostsMax, type LabNetwork, planNetworks, planPort, type Port } from "./network-plan.ts";
import { Shell } from "./shell.ts";
import type { Loss } from "./switch-rules.ts";
import { Switch } from "./switch.ts";

/** What a lab is made of. */
export interface LabOptions {
  /** Names of the hosts, which get the addresses .1, .2, ... */
  readonly hosts: readonly string[];
  /** Names of the networks: `eth0`, `eth1`, ... of every host. Default: front and back. */
  readonly networks?: readonly string[];
  /** Add a host `client` (.250) on the first network. Default true. */
  readonly client?: boolean;
  /** Leave the hosts off. Default false; the client is always on. */
  readonly isDark?: boolean;
  /** Started in every host (not the client) at each power-on. */
  readonly boot?: (host: string) => readonly (readonly string[])[];
  /** In the path of every host: name and absolute path of each. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Folder for the output of programs, kept at the end. Default: in the lab's own folder, gone with it. */
  readonly logs?: string;
}

/** Which wires: default, those of all networks. */
export interface OnNetwork {
  readonly network?: string;
}

const keeperScript = new URL("./keeper.sh", import.meta.url).pathname;
const fenceAgent = new URL("./fence_lab", import.meta.url).pathname;

/**
 * Real hosts on one Linux machine. Needs root, iproute2, nftables and util-linux.
 *
 * Nothing of it is visible in the machine's own namespaces, so any number of labs can exist side by side, all with the
 * same addresses. However the creating process ends, everything is gone a moment later; see `keeper.sh`.
 */
export class Lab implements AsyncDisposable {
  /** The lab's folder; gone after `close`. */
  readonly folder: string;
  /** Outside, the folder that every host has as `sharedInHost`. */
  readonly shared: string;
  readonly networks: readonly LabNetwork[];
  /** By name, in the order given; without the client. */
  readonly hosts: ReadonlyMap<string, LabHost>;
  readonly fenceDevice: FenceDevice;
  readonly #client: LabHost | undefined;
  readonly #keeper: Shell;
  readonly #wires: Switch;
  #losses: readonly Loss[] = [];

  private constructor(keeper: Shell, keeperPid: number, folder: string, options: LabOptions) {
    if (options.hosts.length > hostsMax) throw new RangeError(`Cannot make a lab: more than ${hostsMax} hosts`);
    this.folder = folder;
    this.shared = join(folder, "shared");
    this.networks = planNetworks(options.networks ?? ["front", "back"]);
    this.#keeper = keeper;
    this.#wires = new Switch(keeper);
    const logs = options.logs ?? join(folder, "logs");
    const make = (name: string, number: number, networks: readonly LabNetwork[]): LabHost => {
      const [first, ...rest] = networks.map((network) => planPort(name, number, network));
      if (first === undefined) throw new RangeError("Cannot make a host without a network");
      const disk = join(folder, "hosts", name);
      // Group 0 is where interfaces are by default.
      return new LabHost({
        name,
        group: number + 1,
        ports: [first, ...rest],
        disk,
        logs,
        keeperPid,
        wires: this.#wires,
      });
    };
    this.hosts = new Map(options.hosts.map((name, index) => [name, make(name, index + 1, this.networks)]));
    if (this.hosts.size < options.hosts.length) throw new RangeError("Cannot make a lab: two hosts of one name");
    if (options.client ?? true) {
      if (this.hosts.has("client")) throw new RangeError('Cannot make a lab: a host is called "client"');
      this.#client = make("client", clientNumber, this.networks.slice(0, 1));
    }
    this.fenceDevice = new FenceDevice(join(folder, "control"), this.hosts);
  }

  /** @throws Error when the machine does not allow it (no root, no namespaces); nothing is left behind then */
  static async create(options: LabOptions): Promise<Lab> {
    const { shell, greeting } = await Shell.start(["sh", keeperScript, tmpdir()]).catch(explainRefusal);
    let lab: Lab | undefined;
    try {
      const match = /^(\d+) (\/.+)$/.exec(greeting);
      if (match === null) throw new Error(`Cannot make a lab: the keeper said ${JSON.stringify(greeting)}`);
      lab = new Lab(shell, Number(match[1]), match[2] ?? "", options);
      await lab.#build(options);
      return lab;
    } catch (error) {
      await (lab ?? shell).close();
      return explainRefusal(error);
    }
  }

  /** @throws RangeError when there is none of that name; `client` is one */
  host(name: string): LabHost {
    const host = name === "client" ? this.#client : this.hosts.get(name);
    if (host === undefined) throw new RangeError(`Cannot find host "${name}" in the lab`);
    return host;
  }

  /** Where clients of the services live: on the first network, without a daemon. */
  get client(): LabHost {
    return this.host("client");
  }

  /** An address that no host has, for services: `index` 0 to 49 is .200 to .249. Default network: the first. */
  virtualIp(index = 0, network?: string): string {
    if (!Number.isInteger(index) || index < 0 || index > 49)
      throw new RangeError(`Cannot use address ${index}: 0 to 49`);
    return `${this.#networksOf(network)[0]?.prefix}.${200 + index}`;
  }

  /**
   * Cut the wires between groups: hosts of one group hear each other, and nothing of another group. Hosts that are
   * named in no group (the client) hear all. Adds to what is cut already.
   */
  async cut(groups: readonly (readonly string[])[], { network }: OnNetwork = {}): Promise<void> {
    const losses = groups.flatMap((from, i) =>
      groups.filter((_, j) => j !== i).flatMap((to) => this.#lossesBetween(from, to, network)),
    );
    await this.#setLosses([...this.#losses, ...losses]);
  }

  /** Nothing that `from` send reaches `to`; the other direction works. Adds to what is cut already. */
  async cutOneWay(from: readonly string[], to: readonly string[], { network }: OnNetwork = {}): Promise<void> {
    await this.#setLosses([...this.#losses, ...this.#lossesBetween(from, to, network)]);
  }

  /**
   * Lose each packet between any two hosts, the client included, with `probability`, in each direction. Replaces an
   * earlier loss on the same networks; 0 ends it. Cuts stay.
   */
  async lose(probability: number, { network }: OnNetwork = {}): Promise<void> {
    if (!(probability >= 0 && probability <= 1)) throw new RangeError(`Cannot lose ${probability}: wants 0 to 1`);
    const ports = this.#networksOf(network).map((n) => this.#portsOf([...this.hosts.keys(), "client"], n.name));
    const names = new Set(ports.flat());
    const kept = this.#losses.filter((l) => !(l.from === l.to && l.from.every((port) => names.has(port))));
    const added = ports.map((all) => ({ from: all, to: all, probability }));
    await this.#setLosses([...kept, ...(probability > 0 ? added : [])]);
  }

  /** All wires are whole again, nothing is lost any more. */
  async heal(): Promise<void> {
    await this.#setLosses([]);
  }

  /** Run one line of shell in the switch, where the ports are called `n1.front`; for tcpdump, `ip -s link` and such. */
  async inSwitch(command: string): Promise<string> {
    return this.#wires.run(command);
  }

  /** Everything dies and vanishes. Resolved when the folder is gone too. May be called again. */
  async close(): Promise<void> {
    await this.fenceDevice[Symbol.asyncDispose]();
    await this.#keeper.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #build({ boot, isDark, programs = {} }: LabOptions): Promise<void> {
    const all = [...this.hosts.values(), ...(this.#client === undefined ? [] : [this.#client])];
    const hostsFile = hostsText(all.flatMap((host) => host.ports.map((port) => [host.name, port] as const)));
    const agent = join(this.folder, "sbin", "fence_lab");
    await Promise.all([
      this.#wires.addNetworks(this.networks),
      copyFile(fenceAgent, agent).then(async () => chmod(agent, 0o755)),
      ...Object.entries(programs).map(async ([name, path]) => symlink(path, join(this.folder, "sbin", name))),
      ...all.map(async (host) => makeDisk(this.folder, host.disk, host.name, hostsFile)),
    ]);
    if (boot !== undefined) for (const host of this.hosts.values()) host.boot = boot(host.name);
    await Promise.all(all.filter((host) => isDark !== true || host === this.#client).map(async (h) => h.powerOn()));
  }

  #lossesBetween(from: readonly string[], to: readonly string[], network: string | undefined): readonly Loss[] {
    return this.#networksOf(network)
      .map(({ name }) => ({ from: this.#portsOf(from, name), to: this.#portsOf(to, name), probability: 1 }))
      .filter((loss) => loss.from.length > 0 && loss.to.length > 0);
  }

  /** Names of the ports of `hosts` on `network`; the client has but one. */
  #portsOf(hosts: readonly string[], network: string): readonly string[] {
    const known = hosts.filter((name) => name !== "client" || this.#client !== undefined);
    return known.flatMap((name) =>
      this.host(name)
        .ports.filter((p) => p.network.name === network)
        .map((p) => p.name),
    );
  }

  #networksOf(name: string | undefined): readonly LabNetwork[] {
    const networks = this.networks.filter((network) => name === undefined || network.name === name);
    if (networks.length === 0) throw new RangeError(`Cannot find network "${name}" in the lab`);
    return networks;
  }

  async #setLosses(losses: readonly Loss[]): Promise<void> {
    await this.#wires.setLosses(losses);
    this.#losses = losses;
  }
}

/** Names for `/etc/hosts`: the bare name is the address on the first network, `n1.back` the one on another. */
function hostsText(ports: readonly (readonly [string, Port])[]): string {
  const lines = ports.map(([host, port]) => `${port.ip}\t${port.network.index === 0 ? `${host} ` : ""}${port.name}`);
  return ["127.0.0.1\tlocalhost", ...lines, ""].join("\n");
}

/** The machine says "Operation not permitted" and nothing of what to do about it. */
function explainRefusal(error: unknown): never {
  const found = error instanceof Error ? error.message : String(error);
  if (!/unshare|Operation not permitted/.test(found)) throw error;
  throw new Error(
    `Cannot make hosts: the machine refuses namespaces or their networks (${found}); run as root with CAP_SYS_ADMIN and CAP_NET_ADMIN, in a container with --privileged`,
    { cause: error },
  );
}
