import type { HostProcess } from "../lab/host-process.ts";
import { startEcho } from "../lab/echo.ts";
import { soleHolder } from "../lab/holders.ts";
import { Lab } from "../lab/lab.ts";
import { waitUntil } from "../lab/wait-until.ts";
import { type Contender, echoPort, heartbeatMs, lossesTolerated } from "./contender.ts";

const settleMs = 20_000;
/** A sole owner for this long: beyond several intervals nobody is about to become master as well. */
const calmMs = 1_000;
/**
 * By host. A backup waits 1/256 of the interval more for each step below 256, so the second host is as fast as can be.
 * The third is far below: two that wait nearly as long both announce themselves, and the client may believe the one
 * that steps back a moment later.
 */
const priorities = [254, 253, 150];

/** Debian's keepalived: a VRRP instance with one address over the front network. */
export class Keepalived implements Contender {
  readonly name = "keepalived";
  readonly lab: Lab;
  readonly ip: string;
  readonly #daemons = new Map<string, HostProcess>();

  private constructor(lab: Lab) {
    this.lab = lab;
    this.ip = lab.virtualIp();
  }

  static async start(hosts: readonly string[], advertMs = heartbeatMs): Promise<Keepalived> {
    const lab = await Lab.create({ hosts });
    const keepalived = new Keepalived(lab);
    await Promise.all(
      [...lab.hosts.values()].map(async (host, index) => {
        await host.writeFile(
          "/etc/keepalived/keepalived.conf",
          keepalivedConfig({ index, ip: keepalived.ip, advertMs }),
          0o644,
        );
        await startEcho(host, echoPort, [keepalived.ip]);
      }),
    );
    for (const host of hosts) await keepalived.startDaemon(host);
    return keepalived;
  }

  heartbeatsOf(owner: string): string {
    return `ip proto 112 and src host ${this.lab.host(owner).ip()}`;
  }

  async settle(): Promise<string> {
    await this.lab.heal();
    for (const host of this.lab.hosts.keys()) {
      if (this.#daemons.get(host)?.isRunning !== true) await this.startDaemon(host);
    }
    let since = performance.now();
    let last: string | undefined;
    return waitUntil("a calm keepalived", settleMs, () => {
      const owner = soleHolder(this.lab, this.ip);
      if (owner === undefined || owner !== last) since = performance.now();
      last = owner;
      return performance.now() - since > calmMs ? owner : undefined;
    });
  }

  /** The documented way: the master is stopped, says so (priority 0), and the next one takes over. */
  async switchOver(owner: string): Promise<void> {
    this.#daemons.get(owner)?.kill("SIGTERM");
  }

  async killDaemon(host: string): Promise<void> {
    const daemon = this.#daemons.get(host);
    // Its children are in the same process group, so this is all of it.
    daemon?.kill("SIGKILL");
    await daemon?.exited;
  }

  async startDaemon(host: string): Promise<void> {
    // Its pid files would be taken for those of a running one.
    await this.lab.host(host).run(["sh", "-c", "rm -f /run/keepalived*.pid /run/vrrp*.pid"]);
    const argv = ["keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp"];
    this.#daemons.set(host, await this.lab.host(host).spawn(argv));
  }

  async daemonPids(host: string): Promise<readonly number[]> {
    const { stdout } = await this.lab.host(host).exec(["pgrep", "-x", "keepalived"]);
    return stdout.trim().split("\n").map(Number);
  }

  /** What the daemon of a host has said. */
  async log(host: string): Promise<string> {
    return (await this.#daemons.get(host)?.output()) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** What one host of `Keepalived` is told. */
export interface KeepalivedPlan {
  /** Of the host: the first is preferred. */
  readonly index: number;
  readonly ip: string;
  /** Default: as often as all contenders. */
  readonly advertMs?: number;
  /** What must run with exit code 0, each second, on who has the address. */
  readonly script?: string;
}

/** VRRP 3 is the version with intervals below a second; `down_timer_adverts` is how many may be lost. */
export function keepalivedConfig({ index, ip, advertMs = heartbeatMs, script }: KeepalivedPlan): string {
  const check = [
    "vrrp_script check {",
    `  script "${script}"`,
    "  interval 1",
    "  fall 1",
    "  rise 1",
    "  user root",
    "}",
  ];
  return [
    "global_defs {",
    "  vrrp_version 3",
    "  enable_script_security",
    "}",
    ...(script === undefined ? [] : check),
    "vrrp_instance bench {",
    "  state BACKUP",
    "  interface eth0",
    "  virtual_router_id 77",
    `  priority ${priorities[index] ?? 1}`,
    `  advert_int ${advertMs / 1000}`,
    `  down_timer_adverts ${lossesTolerated}`,
    "  virtual_ipaddress {",
    `    ${ip}/24 dev eth0`,
    "  }",
    ...(script === undefined ? [] : ["  track_script {", "    check", "  }"]),
    "}",
    "",
  ].join("\n");
}
