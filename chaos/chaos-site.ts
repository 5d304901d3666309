import { chmod, copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HaleCluster, type HaleConfig } from "../lab/hale-cluster.ts";
import { HolderWatch } from "../lab/holder-watch.ts";
import { sharedInHost } from "../lab/host-disk.ts";
import { Lab } from "../lab/lab.ts";
import type { Probe } from "../lab/probe.ts";
import { Prober } from "../lab/prober.ts";
import type { Arbiter } from "./arbiter.ts";
import { greatestValue, stepsBack } from "./acknowledgements.ts";
import { makeSetup, type Setup, type SetupName } from "./setup.ts";
import { type LockEvent, overlaps, parseHistory } from "./lock-history.ts";

/** What a site is made of. */
export interface ChaosSiteOptions {
  readonly nodes: readonly string[];
  /** Default: majority. */
  readonly setup?: SetupName;
  readonly keepaliveMs: number;
  readonly deadtimeMs: number;
  readonly daemonGraceMs: number;
  /** Default: `fence_lab` for every node. */
  readonly fencing?: unknown;
  /** Folder for what the daemons write; kept. */
  readonly logs?: string;
}

const port = 7;
const probeEveryMs = 25;
const probeTimeoutMs = 500;
const watchEveryMs = 20;
const startedMs = 60_000;
const agent = new URL("counter", import.meta.url).pathname;
const agentInHost = `${sharedInHost}/counter`;

/** Each with another kind of agent. */
export const services = ["red", "green", "blue"] as const;

/**
 * A cluster of three services, each an address and a counter behind it, a client of each that counts up all the time, and a
 * watch of each address.
 */
export class ChaosSite implements AsyncDisposable {
  readonly lab: Lab;
  readonly cluster: HaleCluster;
  /** What has a vote beside the nodes; null: nothing has. */
  readonly arbiter: Arbiter | null;
  readonly #switchedOn: string[] = [];
  readonly #probers: ReadonlyMap<string, Prober>;
  readonly #watches: ReadonlyMap<string, HolderWatch>;

  private constructor(
    lab: Lab,
    cluster: HaleCluster,
    arbiter: Arbiter | null,
    probers: ReadonlyMap<string, Prober>,
    watches: ReadonlyMap<string, HolderWatch>,
  ) {
    this.lab = lab;
    this.cluster = cluster;
    this.arbiter = arbiter;
    this.#probers = probers;
    this.#watches = watches;
  }

  /** Resolved when every service is started. */
  static async start(options: ChaosSiteOptions): Promise<ChaosSite> {
    const { nodes, logs } = options;
    const setup = makeSetup(options.setup ?? "majority", nodes);
    const lab = await Lab.create({ hosts: [...nodes, ...setup.hosts], ...(logs === undefined ? {} : { logs }) });
    try {
      const program = join(lab.shared, "counter");
      await copyFile(agent, program);
      await chmod(program, 0o755);
      const script = `#!/bin/sh\nexec ${agentInHost} "$1" green ${lab.virtualIp(1)} ${port}\n`;
      for (const host of lab.hosts.values()) await host.writeFile(greenScript, script, 0o755);
      await setup.prepare(lab);
      const arbiter = setup.arbiter?.(lab) ?? null;
      await arbiter?.start();
      const config = siteConfig(lab, options, setup);
      const cluster = await HaleCluster.found(lab, { config, nodes });
      await cluster.waitForMembers(nodes, startedMs);
      await setup.complete(cluster);
      if (arbiter !== null) await cluster.waitForArbiter(startedMs);
      for (const service of services) await cluster.waitForService(service, { timeoutMs: startedMs });
      const probers = new Map<string, Prober>();
      const watches = new Map<string, HolderWatch>();
      for (const [index, service] of services.entries()) {
        const ip = lab.virtualIp(index);
        const pace = { everyMs: probeEveryMs, timeoutMs: probeTimeoutMs };
        probers.set(service, await Prober.start(lab.client, { kind: "udp", ip, port }, pace));
        watches.set(service, HolderWatch.start(lab, ip, watchEveryMs));
      }
      return new ChaosSite(lab, cluster, arbiter, probers, watches);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Hosts that were switched on by hand so far, in order. */
  get switchedOn(): readonly string[] {
    return this.#switchedOn;
  }

  /** Every host that is off gets its power, as from an operator who finds it. */
  async switchOn(): Promise<void> {
    const off = this.cluster.nodes.filter((node) => !this.lab.host(node).isOn);
    for (const node of off) await this.lab.host(node).powerOn();
    this.#switchedOn.push(...off);
  }

  /** All that the client of a service has asked so far. */
  async probes(service: string): Promise<readonly Probe[]> {
    return this.#prober(service).probes();
  }

  /** Wait until each service answers a request that was sent after `sinceMs`. @throws Error when one does not in time */
  async waitForAnswers(sinceMs: number, timeoutMs: number): Promise<void> {
    const answered = ({ outcome }: Probe): boolean => outcome === "answered";
    await Promise.all([...this.#probers.values()].map(async (prober) => prober.waitFor(answered, timeoutMs, sinceMs)));
  }

  /** Who took and gave back the lock of a service, oldest first. */
  async history(service: string): Promise<readonly LockEvent[]> {
    return parseHistory(await readFile(join(this.lab.shared, `${service}.history`), "utf8"));
  }

  /** Every broken promise so far: two owners, two holders of an address, a counter that went back. */
  async violations(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const service of services) {
      const probes = await this.probes(service);
      const stored = Number(await readFile(join(this.lab.shared, `${service}.value`), "utf8"));
      const greatest = greatestValue(probes);
      const problems = [
        ...overlaps(await this.history(service)),
        ...(this.#watches.get(service)?.doubles ?? []),
        ...stepsBack(probes),
        ...(stored < greatest ? [`${greatest} was acknowledged, and ${stored} is stored`] : []),
      ];
      found.push(...problems.map((problem) => `[SAFE-1] ${service}: ${problem}`));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.arbiter?.heal();
    for (const watch of this.#watches.values()) await watch.stop();
    for (const prober of this.#probers.values()) await prober[Symbol.asyncDispose]();
    await this.lab.close();
  }

  #prober(service: string): Prober {
    const prober = this.#probers.get(service);
    if (prober === undefined) throw new RangeError(`Cannot find service "${service}"`);
    return prober;
  }
}

const greenScript = "/etc/init.d/counter-green";

function siteConfig(lab: Lab, options: ChaosSiteOptions, { quorum, policy }: Setup): HaleConfig {
  const { keepaliveMs, deadtimeMs, daemonGraceMs, fencing } = options;
  const command = (service: string, index: number, action: string): readonly string[] => [
    agentInHost,
    action,
    service,
    lab.virtualIp(index),
    `${port}`,
  ];
  const address = (index: number) => ({ address: { ip: `${lab.virtualIp(index)}/24`, monitor: { interval: "2s" } } });
  const exec = { name: "counter", start: command("red", 0, "start"), stop: command("red", 0, "stop") };
  const monitor = { command: command("red", 0, "status"), interval: "2s" };
  const [binfile, ...words] = command("blue", 2, "serve");
  return {
    heartbeat: {
      keepalive: `${keepaliveMs}ms`,
      warntime: `${Math.min(deadtimeMs, 3 * keepaliveMs)}ms`,
      deadtime: `${deadtimeMs}ms`,
      initdead: "10s",
      "daemon-grace": `${daemonGraceMs}ms`,
    },
    ...(quorum === undefined ? {} : { quorum }),
    ...(fencing === undefined ? {} : { fencing }),
    services: {
      red: { ...policy, resources: [address(0), { exec: { ...exec, monitor } }] },
      green: { ...policy, resources: [address(1), { lsb: { script: greenScript, monitor: { interval: "2s" } } }] },
      blue: {
        ...policy,
        resources: [
          address(2),
          {
            ocf: {
              agent: "heartbeat:anything",
              binfile,
              cmdline_options: words.join(" "),
              pidfile: "/run/counter-blue.pid",
              monitor: { interval: "2s", timeout: "20s" },
            },
          },
        ],
      },
    },
  };
}
