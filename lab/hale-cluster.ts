import { existsSync } from "node:fs";
import { stringify } from "yaml";
import type { Snapshot } from "../src/model/snapshot.ts";
import type { ExecResult, HostProcess } from "./host-process.ts";
import type { LabHost } from "./host.ts";
import type { Lab } from "./lab.ts";
import { waitUntil } from "./wait-until.ts";

/** What `cluster.yaml` holds beside `nodes:`, as plain data; the daemon checks it. */
export interface HaleConfig {
  readonly heartbeat?: Readonly<Record<string, unknown>>;
  readonly quorum?: unknown;
  /** By node. Default: 1 each. */
  readonly votes?: Readonly<Record<string, number>>;
  /** Default: `fence_lab` for every node. */
  readonly fencing?: unknown;
  readonly quarantine?: unknown;
  readonly services?: Readonly<Record<string, unknown>>;
}

/** What a cluster on the hosts of a lab is made of. */
export interface HaleClusterOptions {
  /** Text of `cluster.yaml`, or what `haleConfig` is to make it of. */
  readonly config: string | HaleConfig;
  /** Text of `authkeys`. Default: one key, the same for all. */
  readonly authkeys?: string;
  /** Hosts of the lab that are nodes. Default: all, in its order. The first one founds the cluster. */
  readonly nodes?: readonly string[];
  /** For the daemons, such as `HALE_LOG`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What to wait for; a field left out may be anything. */
export interface ServiceWish {
  readonly owner?: string;
  /** Default: started. */
  readonly state?: Snapshot["services"][number]["state"];
  /** Nodes that must all see it so. Default: every node that is on and whose daemon runs. */
  readonly seenBy?: readonly string[];
  readonly timeoutMs?: number;
}

const dist = new URL("../dist/", import.meta.url).pathname;
const daemonProgram = `${dist}haled.js`;
const commandProgram = `${dist}hale.js`;
/** For the hosts' path, so that somebody who plays on them types what an administrator types. */
export const halePrograms = { hale: commandProgram, haled: daemonProgram };
/** Text of `authkeys` where nothing else is wished for. */
export const labKeys = "auth 1\n1 hmac-sha256 a-secret-that-only-this-lab-knows\n";
/** Where a daemon, or a witness, keeps what must survive it. */
export const stateFolder = "/var/lib/hale";
const waitMs = 20_000;

/**
 * The text of `cluster.yaml` for hosts of a lab: their addresses on every network, and `fence_lab` for each unless
 * `fencing` says something else.
 */
export function haleConfig(lab: Lab, config: HaleConfig, nodes: readonly string[] = [...lab.hosts.keys()]): string {
  const isFenced = config.fencing === undefined;
  const node = (host: LabHost) => ({
    addresses: host.ports.map((port) => port.ip),
    votes: config.votes?.[host.name] ?? 1,
    ...(isFenced ? { fence: [{ device: "power", plug: host.name }] } : {}),
  });
  return stringify({
    cluster: "lab",
    ...(config.heartbeat === undefined ? {} : { heartbeat: config.heartbeat }),
    nodes: Object.fromEntries(nodes.map((name) => [name, node(lab.host(name))])),
    ...(config.quorum === undefined ? {} : { quorum: config.quorum }),
    fencing: config.fencing ?? { devices: { power: { agent: "fence_lab" } } },
    ...(config.quarantine === undefined ? {} : { quarantine: config.quarantine }),
    services: config.services ?? {},
  });
}

/**
 * A real hale cluster on the hosts of a lab: the built daemon and the built command, a configuration and keys on each
 * host's disk. The daemons belong to the hosts: they start with the power and die with it.
 *
 * It owns nothing that the lab does not clean up, so it needs no closing.
 */
export class HaleCluster {
  readonly lab: Lab;
  /** Names of the nodes; the first one has founded the cluster. */
  readonly nodes: readonly string[];
  readonly #env: Readonly<Record<string, string>> | undefined;
  /** The last daemon of each node that was started by hand, and after which power-on. */
  readonly #byHand = new Map<string, { readonly daemon: HostProcess; readonly powerOns: number }>();

  private constructor(lab: Lab, nodes: readonly string[], env: Readonly<Record<string, string>> | undefined) {
    this.lab = lab;
    this.nodes = nodes;
    this.#env = env;
  }

  /**
   * Write the files of every node, found the cluster on the first and start the daemons of all that are on. Hosts that
   * are off start theirs when they get power.
   *
   * @throws Error when nothing is built, or the founding fails
   */
  static async found(lab: Lab, options: HaleClusterOptions): Promise<HaleCluster> {
    if (!existsSync(daemonProgram)) throw new Error(`Cannot find ${daemonProgram}: run "npm run build" first`);
    const nodes = options.nodes ?? [...lab.hosts.keys()];
    const cluster = new HaleCluster(lab, nodes, options.env);
    const text = typeof options.config === "string" ? options.config : haleConfig(lab, options.config, nodes);
    await Promise.all(nodes.map(async (name) => cluster.writeFiles(name, text, options.authkeys ?? labKeys)));
    const [founder] = nodes;
    if (founder === undefined) throw new RangeError("Cannot found a cluster of no nodes");
    await cluster.must(founder, ["init"]);
    const argv = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`);
    const boot = argv.length === 0 ? [daemonProgram] : ["env", ...argv, daemonProgram];
    for (const name of nodes) lab.host(name).boot = [...lab.host(name).boot, boot];
    await Promise.all(nodes.filter((name) => lab.host(name).isOn).map(async (name) => cluster.startDaemon(name)));
    return cluster;
  }

  /** Put configuration and keys on one node's disk; the host may be off. */
  async writeFiles(node: string, config: string, authkeys: string): Promise<void> {
    const host = this.lab.host(node);
    await host.writeFile("/etc/hale/cluster.yaml", config, 0o644);
    await host.writeFile("/etc/hale/authkeys", authkeys, 0o600);
  }

  /** Run `hale ARGUMENTS` on a node to its end, whatever its exit code. */
  async hale(node: string, argv: readonly string[], timeoutMs = 30_000): Promise<ExecResult> {
    return this.lab.host(node).exec([commandProgram, ...argv], { timeoutMs, env: this.#env ?? {} });
  }

  /** Like `hale`, for what has to work. @returns stdout @throws Error with the output when the exit code is not 0 */
  async must(node: string, argv: readonly string[], timeoutMs?: number): Promise<string> {
    const { code, stdout, stderr } = await this.hale(node, argv, timeoutMs);
    if (code === 0) return stdout;
    throw new Error(`Cannot run "hale ${argv.join(" ")}" on ${node}: exit ${code}: ${stdout}${stderr}`);
  }

  /** `hale status --json` of a node; undefined while its daemon does not answer. */
  async status(node: string): Promise<Snapshot | undefined> {
    if (!this.lab.host(node).isOn) return undefined;
    const { code, stdout } = await this.hale(node, ["status", "--json"]);
    // Exit code 3, no quorum, comes with a document too.
    if (code !== 0 && code !== 3) return undefined;
    try {
      // The product's own document: what is wrong in it fails the test that reads it.
      return JSON.parse(stdout) as Snapshot;
    } catch {
      return undefined; // Half a document of a daemon that has just died.
    }
  }

  /** Start the daemon of a node whose daemon has ended; at power-on that happens by itself. @param env on top of the cluster's */
  async startDaemon(node: string, env: Readonly<Record<string, string>> = {}): Promise<HostProcess> {
    const host = this.lab.host(node);
    const daemon = await host.spawn([daemonProgram], { env: { ...this.#env, ...env }, name: "haled" });
    this.#byHand.set(node, { daemon, powerOns: host.powerOns });
    return daemon;
  }

  /** The node's latest daemon, running or not. @throws Error when it never had one */
  daemon(node: string): HostProcess {
    const host = this.lab.host(node);
    const started = this.#byHand.get(node);
    const daemon = started?.powerOns === host.powerOns ? started.daemon : host.bootProcesses.at(-1);
    if (daemon === undefined) throw new Error(`Cannot find the daemon of ${node}: it was never on`);
    return daemon;
  }

  isDaemonRunning(node: string): boolean {
    return this.lab.host(node).isOn && this.daemon(node).isRunning;
  }

  /** Kill every process of a node's daemon, and nothing else on the node; resolved when they are dead. */
  async killDaemon(node: string): Promise<void> {
    const daemon = this.daemon(node);
    daemon.kill("SIGKILL");
    await daemon.exited;
  }

  /** Stop the daemon as `systemctl stop` does. @returns its exit code */
  async stopDaemon(node: string, timeoutMs = waitMs): Promise<number> {
    const daemon = this.daemon(node);
    daemon.kill("SIGTERM");
    await waitUntil(`the daemon of ${node} to stop`, timeoutMs, () => !daemon.isRunning);
    return daemon.exited;
  }

  /** Every node that is on and runs its daemon. */
  get running(): readonly string[] {
    return this.nodes.filter((name) => this.isDaemonRunning(name));
  }

  /** Until `nodes` see a quorate view of exactly themselves. @throws Error with the last status of each */
  async waitForMembers(nodes: readonly string[] = this.nodes, timeoutMs = waitMs): Promise<void> {
    const wanted = [...nodes].sort().join(" ");
    await this.#waitForAll(`one view of ${wanted}`, nodes, timeoutMs, ({ group }) => {
      return group.isQuorate && [...group.members].sort().join(" ") === wanted;
    });
  }

  /** Until `service` is as wished, in the eyes of all. @throws Error with why it is not, and the last status of each */
  async waitForService(service: string, wish: ServiceWish = {}): Promise<void> {
    const { owner, state = "started", seenBy = this.running, timeoutMs = waitMs } = wish;
    const what = `service ${service} ${state}${owner === undefined ? "" : ` on ${owner}`}`;
    await this.#waitForAll(what, seenBy, timeoutMs, ({ services }) => {
      const seen = services.find((s) => s.service === service);
      return seen?.state === state && (owner === undefined || seen.owner === owner);
    }).catch(async (error: unknown) => {
      const [node] = this.running;
      const why = node === undefined ? "no node runs" : (await this.hale(node, ["why", service])).stdout;
      throw new Error(`Waited for ${what} in vain:\n${why}`, { cause: error });
    });
  }

  /** Until every node hears the configured arbiter, a witness or a disk, and it has a vote. @throws Error with the last status of each */
  async waitForArbiter(timeoutMs = waitMs): Promise<void> {
    await this.#waitForAll("an arbiter that votes", this.nodes, timeoutMs, ({ group: { witness } }) => {
      return witness !== null && witness.isHeard && witness.hasVote;
    });
  }

  /** Until every node is a member and all see `service` started. */
  async settle(service: string): Promise<void> {
    await this.waitForMembers();
    await this.waitForService(service);
  }

  /** Until one node is quorate without any other. @returns which */
  async waitForLone(timeoutMs = waitMs): Promise<string> {
    return waitUntil("one node to go on alone", timeoutMs, async () => {
      for (const node of this.nodes) {
        const group = (await this.status(node))?.group;
        if (group?.isQuorate === true && group.members.length === 1 && group.leaseMs > 0) return node;
      }
      return undefined;
    });
  }

  /** Until `node` has no quorum and no lease left, so that it may run nothing. */
  async waitUntilHelpless(node: string, timeoutMs = waitMs): Promise<void> {
    await this.#waitForAll("no quorum and no lease", [node], timeoutMs, ({ group }) => {
      return !group.isQuorate && group.leaseMs === 0;
    });
  }

  /** Until the events of `node` have a line like `pattern`. @throws Error with all lines */
  async waitForEvent(node: string, pattern: RegExp, timeoutMs = waitMs): Promise<void> {
    let seen = "";
    await waitUntil(`an event ${pattern} on ${node}`, timeoutMs, async () => {
      seen = (await this.hale(node, ["events"])).stdout;
      return pattern.test(seen);
    }).catch((error: unknown) => {
      throw new Error(`Waited for an event ${pattern} in vain; ${node} has:\n${seen}`, { cause: error });
    });
  }

  /** Who runs `service`, in the eyes of `node`. */
  async owner(service: string, node = this.running[0]): Promise<string | undefined> {
    if (node === undefined) return undefined;
    const seen = (await this.status(node))?.services.find((s) => s.service === service);
    return seen?.owner ?? undefined;
  }

  /** What the latest daemon of a node has written. */
  async log(node: string): Promise<string> {
    return this.daemon(node).output();
  }

  /** Asks one node after the other: a command is a program start, and each would slow down all others. */
  async #waitForAll(
    what: string,
    nodes: readonly string[],
    timeoutMs: number,
    isRight: (status: Snapshot) => boolean,
  ): Promise<void> {
    const waiting = new Set(nodes);
    const seen = new Map<string, Snapshot | undefined>();
    try {
      await waitUntil(what, timeoutMs, async () => {
        for (const node of waiting) {
          const status = await this.status(node);
          seen.set(node, status);
          if (status === undefined || !isRight(status)) return undefined;
          waiting.delete(node);
        }
        return true;
      });
    } catch (error) {
      const told = [...seen].map(([node, status]) => `${node}: ${status === undefined ? "silent" : brief(status)}`);
      throw new Error(`Waited for ${what} in vain:\n${told.join("\n")}`, { cause: error });
    }
  }
}

function brief({ group, services, warnings }: Snapshot): string {
  const view = `${group.status}, view ${group.view} of ${group.members.join(" ")}`;
  return [view, ...services.map((s) => `${s.service} ${s.state} on ${s.owner}`), ...warnings].join("; ");
}
