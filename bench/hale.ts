import { echoCommand, startEcho } from "../lab/echo.ts";
import { HaleCluster, type HaleConfig } from "../lab/hale-cluster.ts";
import { soleHolder } from "../lab/holders.ts";
import { Lab } from "../lab/lab.ts";
import { waitUntil } from "../lab/wait-until.ts";
import { type Contender, echoPort, heartbeatMs, lossesTolerated } from "./contender.ts";

const service = "bench";
const settleMs = 60_000;
const port = 6940;

/** The timings that keepalived gets too. */
export const fastHeartbeat = {
  keepalive: `${heartbeatMs}ms`,
  warntime: `${2 * heartbeatMs}ms`,
  deadtime: `${lossesTolerated * heartbeatMs}ms`,
};

/** As unsafe as keepalived: a lost node counts as off at once. */
export const unfenced = { none: { "assume-off-after": 0 } };

/** hale with one service of nothing but an address. */
export class Hale implements Contender {
  readonly name = "hale";
  readonly lab: Lab;
  readonly ip: string;
  readonly cluster: HaleCluster;

  private constructor(lab: Lab, cluster: HaleCluster) {
    this.lab = lab;
    this.ip = lab.virtualIp();
    this.cluster = cluster;
  }

  /**
   * @param config without the service; `fencing` left out means `fence_lab` for every node
   * @param strangers hosts that are no nodes
   */
  static async start(
    nodes: readonly string[],
    config: Omit<HaleConfig, "services">,
    strangers: readonly string[] = [],
  ): Promise<Hale> {
    const lab = await Lab.create({ hosts: [...nodes, ...strangers] });
    const ip = lab.virtualIp();
    for (const host of lab.hosts.values()) {
      await startEcho(host, echoPort, [ip]);
      host.boot = [echoCommand(echoPort, [ip])];
    }
    const services = { [service]: { resources: [{ address: { ip: `${ip}/24` } }] } };
    return new Hale(lab, await HaleCluster.found(lab, { nodes, config: { ...config, services } }));
  }

  heartbeatsOf(owner: string): string {
    return `udp and src host ${this.lab.host(owner).ip()} and dst port ${port}`;
  }

  async settle(): Promise<string> {
    await this.lab.heal();
    for (const host of this.lab.hosts.values()) await host.powerOn();
    for (const node of this.cluster.nodes) {
      if (!this.cluster.isDaemonRunning(node)) await this.cluster.startDaemon(node);
    }
    await this.cluster.waitForMembers(this.cluster.nodes, settleMs);
    await this.cluster.waitForService(service, { timeoutMs: settleMs });
    return waitUntil("one holder of the address", settleMs, () => soleHolder(this.lab, this.ip));
  }

  async switchOver(owner: string, to: string): Promise<void> {
    await this.cluster.must(owner, ["service", "relocate", service, "--to", to]);
  }

  async killDaemon(host: string): Promise<void> {
    await this.cluster.killDaemon(host);
  }

  async startDaemon(host: string): Promise<void> {
    await this.cluster.startDaemon(host);
  }

  async daemonPids(host: string): Promise<readonly number[]> {
    const { stdout } = await this.lab.host(host).exec(["pgrep", "-f", "haled.js"]);
    return stdout.trim().split("\n").map(Number);
  }

  /** The view and who is in it, as `node` sees it. */
  async view(node: string): Promise<string> {
    const status = await this.cluster.status(node);
    return status === undefined ? "silent" : `${status.group.view} ${status.group.members.join(" ")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}
