import type { AgentMetadata } from "../model/agent-metadata.ts";

/** Seconds that the operations of a resource may take. */
export interface Timeouts {
  readonly start: number;
  readonly stop: number;
  readonly monitor: number;
}

/** Where nobody says more, ms. */
export const timeoutDefaults: Timeouts = { start: 60_000, stop: 60_000, monitor: 20_000 };

/** How long an agent of a clone may take to hear what becomes of the others, where the file does not say, ms. */
export const notifyTimeoutDefault = 60_000;

/**
 * Agents of Debian's resource-agents (provider heartbeat) that advise more than hale's own defaults: start, stop and monitor in seconds. What an
 * agent advises is a minimum by the standard. By name, because the same file must mean the same on every node, whatever is
 * installed there; `hale config check` tells of agents that are not here (ADR 0044).
 */
const advised: readonly (readonly [readonly [number, number, number], string])[] = [
  [
    [60, 60, 30],
    "asterisk awseip awsvip Delay dnsupdate gcp-ilb kamailio LVM named nginx ocivip oraasm rabbitmq-server-ha Xen ZFS",
  ],
  [[60, 60, 40], "Filesystem"],
  [[60, 60, 60], "ethmonitor fio ovsmonitor"],
  [[60, 60, 240], "azure-events azure-events-az"],
  [[60, 120, 20], "exportfs"],
  [[60, 120, 30], "jboss Squid tomcat"],
  [[60, 120, 60], "syslog-ng"],
  [[60, 120, 120], "storage-mon"],
  [[75, 75, 20], "ManageRAID ManageVE"],
  [[90, 90, 30], "docker podman rkt VirtualDomain"],
  [[90, 90, 90], "clvm LVM-activate lvmlockd nfsnotify"],
  [[90, 100, 20], "CTDB NodeUtilization"],
  [[100, 90, 40], "rabbitmq-cluster"],
  [[120, 60, 20], "sfex"],
  [[120, 120, 30], "galera ids iscsi mariadb mysql oracle oralsnr pgsql"],
  [[120, 120, 60], "db2 redis"],
  [[180, 180, 30], "aliyun-vpc-move-ip aws-vpc-move-ip gcp-vpc-move-ip gcp-vpc-move-route"],
  [
    [180, 180, 180],
    "aws-vpc-route53 openstack-cinder-volume openstack-floating-ip openstack-info openstack-virtual-ip",
  ],
  [[180, 240, 60], "SAPInstance"],
  [[240, 60, 20], "docker-compose"],
  [[300, 60, 20], "gcp-pd-move gcp-vpc-move-vip"],
  [[300, 100, 20], "scsi2reservation"],
  [[300, 300, 30], "jira WAS WAS6"],
  [[300, 300, 100], "sybaseASE"],
  [[600, 600, 30], "vmware"],
  [[600, 600, 60], "eDir88"],
  [[1800, 1800, 60], "SAPDatabase"],
];

const byAgent: ReadonlyMap<string, Timeouts> = new Map(
  advised.flatMap(([[start, stop, monitor], names]) =>
    names
      .split(" ")
      .map((name) => [`heartbeat:${name}`, { start: start * 1000, stop: stop * 1000, monitor: monitor * 1000 }]),
  ),
);

/** The time-outs of an OCF resource whose file says none, ms. @param agent `provider:type` */
export function advisedTimeouts(agent: string): Timeouts {
  return byAgent.get(agent) ?? timeoutDefaults;
}

/** What the agent itself asks for at least, ms; 0 where it names nothing. Of several monitors, the shallowest. */
export function timeoutsAskedBy({ actions }: AgentMetadata): Timeouts {
  const timeoutOf = (name: string): number => actions.find((action) => action.name === name)?.timeoutMs ?? 0;
  const [monitor] = actions.filter(({ name }) => name === "monitor").toSorted((a, b) => a.depth - b.depth);
  return { start: timeoutOf("start"), stop: timeoutOf("stop"), monitor: monitor?.timeoutMs ?? 0 };
}
