import { echoCommand, startEcho } from "../../lab/echo.ts";
import { HaleCluster, type HaleConfig } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { Prober } from "../../lab/prober.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";

/** The one service, which is nothing but an address: what is measured is hale. */
export const service = "web";

const echoPort = 7;

/** A cluster whose service is one address, with an echo behind it on every host. */
export interface AddressSite extends AsyncDisposable {
  readonly lab: Lab;
  readonly cluster: HaleCluster;
  readonly ip: string;
  /** The service's owner, in the eyes of `node`. @throws Error when it has none */
  ownerOf(node?: string): Promise<string>;
  startProber(): Promise<Prober>;
  startWatch(): HolderWatch;
  /** A whole cluster with its service started, whatever a test has left. */
  settle(): Promise<void>;
}

/** What a site has beside the address. */
export interface SiteOptions {
  readonly hosts: readonly string[];
  /** Hosts that are nodes. Default: all. */
  readonly nodes?: readonly string[];
  readonly config?: Omit<HaleConfig, "services">;
  /** What the address says beside `ip`. */
  readonly address?: Readonly<Record<string, unknown>>;
  /** What the service says beside its resources. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Before the daemons start for the first time. */
  readonly prepare?: (lab: Lab) => Promise<void>;
}

/** Found the cluster and wait until the service is started. */
export async function startAddressSite({
  hosts,
  nodes = hosts,
  config,
  address,
  policy,
  prepare,
}: SiteOptions): Promise<AddressSite> {
  const lab = await Lab.create({ hosts });
  const ip = lab.virtualIp();
  for (const host of lab.hosts.values()) {
    host.boot = [echoCommand(echoPort, [ip])];
    await startEcho(host, echoPort, [ip]);
  }
  await prepare?.(lab);
  const cluster = await HaleCluster.found(lab, {
    nodes,
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "5s", "daemon-grace": "6s" },
      ...config,
      services: { [service]: { ...policy, resources: [{ address: { ip: `${ip}/24`, ...address } }] } },
    },
  });
  const settle = async (): Promise<void> => cluster.settle(service);
  await settle();
  return {
    lab,
    cluster,
    ip,
    settle,
    ownerOf: async (node) => {
      const owner = await cluster.owner(service, node);
      if (owner === undefined) throw new Error(`Cannot find the owner of ${service}: nobody has it`);
      return owner;
    },
    startProber: async () => Prober.start(lab.client, { kind: "udp", ip, port: echoPort }),
    startWatch: () => HolderWatch.start(lab, ip),
    [Symbol.asyncDispose]: async () => lab.close(),
  };
}
