import type { DeviceId, NodeId, ResourceId, ServiceId } from "./ids.ts";
import { type DurationMs, durationMs } from "./units.ts";

/**
 * The whole configuration after parsing: every default filled in, every reference checked.
 *
 * Plain JSON: it travels as an entry and is the same, key for key, on every member.
 */
export interface ClusterConfig {
  /** Name of the cluster; packets of another name are dropped. */
  readonly cluster: string;
  readonly heartbeat: HeartbeatConfig;
  /** In file order, which is also the order of preference where a service has no domain. */
  readonly nodes: readonly NodeConfig[];
  readonly quorum: QuorumConfig;
  readonly fencing: FencingConfig;
  /** Default (absent): `quarantineDefault`. */
  readonly quarantine?: QuarantineConfig;
  /** In file order. */
  readonly services: readonly ServiceConfig[];
}

/** Timers of the group; all other group timers derive from them (group-protocol, section 8). */
export interface HeartbeatConfig {
  /** Period of heartbeats on each link. Default 250. */
  readonly keepaliveMs: DurationMs;
  /** Silence that is logged. Default 3 keepalives. */
  readonly warntimeMs: DurationMs;
  /** Silence that means dead. Default 6 keepalives; at least 3 keepalives. */
  readonly deadtimeMs: DurationMs;
  /** Patience with absent nodes after this node's own start, before they are fenced or assumed off. Default 30 s. */
  readonly initdeadMs: DurationMs;
  /** How long a daemon whose kernel is alive (its port answers "closed") may take to come back. Default 10 s. */
  readonly daemonGraceMs: DurationMs;
  /** UDP and TCP port. Default 6940. */
  readonly port: number;
}

/** A configured node. */
export interface NodeConfig {
  readonly id: NodeId;
  /** One per link, the same number on every node; link i joins the i-th addresses. */
  readonly addresses: readonly string[];
  /** How much its word counts: 0 is a member without a vote. Default (absent): 1. */
  readonly votes?: number;
  /** Levels in order; all steps of a level must confirm. Empty: nobody can fence this node. */
  readonly fence: readonly (readonly FenceStep[])[];
  /** After all levels: its own watchdog, of `fencing.watchdog`. Default (absent): not. */
  readonly watchdog?: true;
  /** What there is for services that say what they need, by name. Default (absent): nothing. */
  readonly offers?: Amounts;
}

/** Whole numbers by name (memory, cpu, whatever is counted). */
export type Amounts = Readonly<Record<string, number>>;

/** The votes of nodes that have another number than one, by name. */
export function unusualVotes(nodes: readonly NodeConfig[]): ReadonlyMap<NodeId, number> {
  return new Map(nodes.flatMap(({ id, votes = 1 }): [NodeId, number][] => (votes === 1 ? [] : [[id, votes]])));
}

/** One device's part in fencing one node. */
export interface FenceStep {
  readonly device: DeviceId;
  /** The device's name for the node, key `plug` of the agent. */
  readonly plug?: string;
  /** Wait before the device is asked, in each attempt. Default (absent): 0. */
  readonly delayMs?: DurationMs;
}

/** Who decides, and when a cluster that was off begins. */
export type QuorumConfig = ArbiterConfig & {
  /** After a start no view before every configured node was there at one moment. Default (absent): false. */
  readonly waitForAll?: boolean;
};

/** Who decides when votes are even. */
export type ArbiterConfig =
  | { readonly kind: "majority" }
  | {
      /** Two nodes: whoever fenced the other goes on. */
      readonly kind: "fencing";
      /** Fences at once; the other waits `delayMs`. Default: the first node. */
      readonly prefer: NodeId;
      /** Default 2 s. */
      readonly delayMs: DurationMs;
      /** Hosts outside the cluster: who reaches fewer of them waits longer. Addresses, at most 8. Default (absent): none. */
      readonly reachlist?: readonly string[];
    }
  | {
      /** An even number of nodes: a third place has a vote. */
      readonly kind: "witness";
      /** IPv4 or IPv6, no name: name service may be what is missing. */
      readonly ip: string;
      readonly port: number;
    }
  | {
      /** An even number of nodes: a disk that they share has a vote. */
      readonly kind: "disk";
      /** Absolute path of a block device or a file, the same on all nodes. */
      readonly path: string;
    };

/** How a lost node is made known to run nothing. */
export type FencingConfig =
  | {
      readonly kind: "devices";
      readonly devices: readonly FenceDeviceConfig[];
      /** The last level of the nodes that say so. */
      readonly watchdog?: WatchdogConfig;
    }
  | {
      /** Written out by who wants it: a node counts as off this long after it was lost. */
      readonly kind: "none";
      readonly assumeOffAfterMs: DurationMs;
    }
  | ({
      /** Every node resets itself: its watchdog is fed only while it holds a lease, or runs nothing. */
      readonly kind: "watchdog";
    } & WatchdogConfig);

/** A watchdog that every node has, or every node that says so. */
export interface WatchdogConfig {
  /** Absolute path, the same on every node. Default /dev/watchdog. */
  readonly device: string;
  /** Whole seconds, at least 4 deadtimes and daemon-grace. Default 10 s. */
  readonly timeoutMs: DurationMs;
}

/** When a node that is lost again and again is kept from services, and for how long. */
export type QuarantineConfig =
  | { readonly kind: "none" }
  | {
      readonly kind: "timed";
      /** Lost this often ... */
      readonly losses: number;
      /** ... within this time ... */
      readonly withinMs: DurationMs;
      /** ... it is in quarantine until this long after its last loss, or until an operator releases it. */
      readonly forMs: DurationMs;
    };

/** Of a configuration that says nothing of it. */
export const quarantineDefault: Extract<QuarantineConfig, { kind: "timed" }> = {
  kind: "timed",
  losses: 3,
  withinMs: durationMs(3_600_000),
  forMs: durationMs(3_600_000),
};

/** A fence device: an agent and its parameters. */
export interface FenceDeviceConfig {
  readonly id: DeviceId;
  /** Name (looked up in the fence agents' folder) or absolute path. */
  readonly agent: string;
  /** Passed on stdin as `key=value`, sorted by key. */
  readonly parameters: Readonly<Record<string, string>>;
  /** A longer action has failed. Default 60 s. */
  readonly timeoutMs: DurationMs;
  /**
   * off: the node stays off. reboot: by one action of the agent, which must have seen the node off in between.
   * Default (absent): off, and on again once the fence is confirmed, so that the node can come back.
   */
  readonly action?: "off" | "reboot";
  /**
   * Before anything runs on a node, in each stay, that asks the device itself to be switched on; nobody does it for another. So with what cuts off
   * from storage or the network instead of switching off, whose `action` is off then, and with shared disks (`sbd`), which reach only a node that
   * watches them. Default (absent): false.
   */
  readonly unfence?: true;
  /** How often each node asks it whether it works. Default (absent): `deviceMonitorDefault`. */
  readonly monitor?: DeviceMonitorConfig;
}

/** How a fence device is watched. */
export interface DeviceMonitorConfig {
  /** 0: not at all. Default 60 s. */
  readonly intervalMs: DurationMs;
  /** A longer look has failed. Default 20 s. */
  readonly timeoutMs: DurationMs;
}

/** Where nothing is written. */
export const deviceMonitorDefault: DeviceMonitorConfig = {
  intervalMs: durationMs(60_000),
  timeoutMs: durationMs(20_000),
};

/** A service: an ordered group of resources that fails over as one. */
export interface ServiceConfig {
  readonly id: ServiceId;
  readonly domain: FailoverDomain;
  readonly recovery: RecoveryConfig;
  /** Each started after those that it stands on, stopped before them: the one above it, unless it names others. At least one. */
  readonly resources: readonly ResourceConfig[];
  /** The wish before any operator spoke. Default true. */
  readonly enabled: boolean;
  /**
   * What its node does with it when its lease has run out. Default (absent): stop it. freeze: keep what runs, untouched, and start
   * nothing; then only a fence device keeps the others from starting it beside.
   */
  readonly withoutQuorum?: "freeze";
  /** Started after these, stopped before them. Default (absent): none. */
  readonly after?: readonly Relation[];
  /** On one node with these. Default (absent): none. */
  readonly with?: readonly Relation[];
  /** On no node with these. Default (absent): none. */
  readonly apart?: readonly Relation[];
  /** No other service on its node. Default (absent): false. */
  readonly exclusive?: true;
  /** What it takes of what its node offers. Default (absent): nothing. */
  readonly needs?: Amounts;
  /** Only where these clones have an instance that is started. Default (absent): anywhere. */
  readonly beside?: readonly ServiceId[];
  /** It is the promoted role of this clone: its owner is promoted, start is promote, stop is demote. Default (absent): it is a service by itself. */
  readonly promotes?: ServiceId;
  /** It is an instance of a clone, and nothing to any other node. Default (absent): it is no clone. */
  readonly instance?: CloneInstance;
}

/**
 * One instance of a clone: of the services that are written as one and run on several nodes at once. Each instance is a service by itself whose
 * domain is one node, so that what holds for an owner holds for each (service, node).
 */
export interface CloneInstance {
  /** The clone's name in the file. */
  readonly of: ServiceId;
  readonly node: NodeId;
  /** From 0, in the order in which nodes are preferred. */
  readonly number: number;
  /** How many instances there are. */
  readonly count: number;
  /** So many of them may run at once. Default (absent): all. */
  readonly limit?: number;
}

/** What a service has to do with another one. soft: where it can be had; nothing is stopped or kept from starting for it. */
export interface Relation {
  readonly service: ServiceId;
  readonly soft?: true;
}

/** The nodes that may or should run a service. */
export interface FailoverDomain {
  readonly nodes: readonly NodeId[];
  /** The earlier node is preferred. Otherwise the one with the fewest services, then file order. */
  readonly ordered: boolean;
  /** Only these nodes may run it. Otherwise they are preferred to all others. */
  readonly restricted: boolean;
  /** Return to a better node when it comes back. */
  readonly failback: boolean;
  /** By node, from 1; lower is better, and several may be equal. Takes the place of `ordered`. Default (absent): the list says it. */
  readonly priorities?: Readonly<Record<NodeId, number>>;
  /** With failback: a better node must be so many places better. Default (absent): 0. */
  readonly stickiness?: number;
  /** With failback: only at this time of day. Default (absent): at once. */
  readonly failbackBetween?: DayWindow;
}

/** Minutes from midnight, in the local time of the node that looks; the end is the first minute outside. It may lie before the beginning. */
export interface DayWindow {
  readonly from: number;
  readonly until: number;
}

/** What follows a failed monitor or start. */
export interface RecoveryConfig {
  /** restart: on the node, at most `maxRestarts` within `withinMs`, then relocate. disable: stop and stay so. */
  readonly policy: "restart" | "relocate" | "disable";
  readonly maxRestarts: number;
  readonly withinMs: DurationMs;
}

/** What every kind of resource has. */
export interface ResourceBase {
  readonly id: ResourceId;
  /** Unique in its service. */
  readonly name: string;
  readonly startTimeoutMs: DurationMs;
  readonly stopTimeoutMs: DurationMs;
  readonly monitorTimeoutMs: DurationMs;
  /** 0: no monitor. */
  readonly monitorIntervalMs: DurationMs;
  /** So many monitors in a row must fail or time out before that counts; "not running" counts at once. Default (absent): 1. */
  readonly failuresToAct?: number;
  /** Started after these of its service, and stopped before them; they stand above it. Default (absent): the one above it. */
  readonly after?: readonly ResourceId[];
  /** When something of its subtree fails, that is restarted before the service is recovered. Default (absent): false. */
  readonly independent?: true;
  /** The service goes on when its subtree cannot be started; as with `independent`, only that is restarted. Default (absent): true. */
  readonly critical?: false;
}

/** A virtual address, set and announced by hale itself. */
export interface AddressResource extends ResourceBase {
  readonly kind: "address";
  readonly ip: string;
  readonly prefix: number;
  /** Default: the interface that has an address in the same subnet. */
  readonly interface?: string;
  /** IPv4: `ip address` shows it after the interface's name. Default (absent): none. */
  readonly label?: string;
  /** Hardware address that goes where the address goes, `02:00:c0:a8:01:64`: it is on an interface of its own then. Default (absent): the interface's. */
  readonly mac?: string;
  /** IPv6: a start waits until the kernel has asked whether somebody else has it, a second or two. Default (absent): false. */
  readonly detectsDuplicates?: true;
  /** How neighbours are told where it is. Default (absent): five times within five seconds, and not again. */
  readonly announce?: AnnouncePolicy;
}

/** Gratuitous ARP, or unsolicited neighbour advertisements. */
export interface AnnouncePolicy {
  /** After a start, and after each change of the view: at 0, 50, 200 ms, 1 s, 5 s, and then every 5 s. */
  readonly times: number;
  /** Time between announcements for as long as it is here; 0: none. */
  readonly refreshMs: DurationMs;
}

/** An OCF resource agent, `provider:type`. */
export interface OcfResource extends ResourceBase {
  readonly kind: "ocf";
  readonly provider: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The kind that it is written as, where a file has a shorter way to say it. Default (absent): `ocf`. */
  readonly front?: OcfFront;
  /** Deeper monitors, and how often each takes the place of a plain one; by level. Default (absent): none. */
  readonly levels?: readonly MonitorLevel[];
  /** What its agent is told when it is part of a clone. Default (absent): it is not. */
  readonly clone?: {
    readonly number: number;
    readonly max: number;
    readonly isPromotable?: true;
    /** Its agent is told of what is done with the other instances, and may take so long to hear it. Default (absent): it is told nothing. */
    readonly notifyTimeoutMs?: DurationMs;
  };
  /** It stands for the promoted role of an instance, not for the instance. Default (absent): it is what it is. */
  readonly role?: "promoted";
}

/** Kinds of the file that are an OCF agent underneath. */
export type OcfFront = "lvm" | "nfs-export";

/** How often a monitor looks deeper than usual. */
export interface MonitorLevel {
  /** `OCF_CHECK_LEVEL`, above 0: 10 and 20 by custom. */
  readonly level: number;
  readonly intervalMs: DurationMs;
}

/** An init script, absolute path. */
export interface LsbResource extends ResourceBase {
  readonly kind: "lsb";
  readonly script: string;
}

/** Three commands of the administrator: argument vectors, never a shell string. Exit 0 of monitor: runs; 7: does not; other: failed. */
export interface ExecResource extends ResourceBase {
  readonly kind: "exec";
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly monitor: readonly string[];
}

/** A file system, mounted by hale itself. */
export interface FilesystemResource extends ResourceBase {
  readonly kind: "filesystem";
  /** A path, LABEL=, UUID=, PARTLABEL=, PARTUUID=, host:/path, //host/share, or the name of a kind without a device. */
  readonly device: string;
  /** Absolute, without a slash at its end. */
  readonly directory: string;
  /** Default (absent): mount finds out. */
  readonly fstype?: string;
  /** As for mount -o. Default (absent): none. */
  readonly options?: string;
  /** Before it is mounted. auto: what fsck repairs unasked, where the type has such a program; force: even when it looks clean. */
  readonly fsck: "auto" | "force" | "no";
}

/** A unit of systemd. */
export interface SystemdResource extends ResourceBase {
  readonly kind: "systemd";
  /** With its suffix: `nginx.service`. */
  readonly unit: string;
}

/** A file server of a service's own: smbd, and nmbd where it is asked for. */
export interface SambaResource extends ResourceBase {
  readonly kind: "samba";
  /** Absolute path of what is shared, and how, in the words of smb.conf(5). */
  readonly config: string;
  /** Absolute path of what goes along with the service: passwords, secrets, logs. */
  readonly folder: string;
  /** At most 15 characters. Default: the service's name. */
  readonly netbiosName: string;
  /** Where it listens. Default: the addresses of its service. */
  readonly addresses: readonly string[];
  /** Default (absent): false. */
  readonly nmbd?: true;
}

/** Waits, and does nothing else. */
export interface DelayResource extends ResourceBase {
  readonly kind: "delay";
  readonly waitStartMs: DurationMs;
  readonly waitStopMs: DurationMs;
}

/** An agent in the call style of Red Hat's cluster manager, `/usr/share/cluster`. */
export interface RhcsResource extends ResourceBase {
  readonly kind: "rhcs";
  /** A name there, with or without `.sh`, or an absolute path. */
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A resource of a service. */
export type ResourceConfig =
  | AddressResource
  | OcfResource
  | LsbResource
  | ExecResource
  | FilesystemResource
  | SystemdResource
  | DelayResource
  | SambaResource
  | RhcsResource;
