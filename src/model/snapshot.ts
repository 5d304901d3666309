import type { NodeReach } from "./group-facts.ts";
import type { DeviceId, NodeId, ResourceId, ServiceId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";
import type { GroupStatus } from "./message.ts";
import type { OperationAction, OperationOutcome } from "./operation.ts";
import type { Schedulable } from "./intent.ts";
import type { WallMs } from "./units.ts";

/** Read-only state for the API, as this node sees it. Plain JSON; the document of `hale status --json`. */
export interface Snapshot {
  readonly cluster: string;
  /** The node that tells. */
  readonly node: NodeId;
  readonly at: WallMs;
  readonly version: string;
  readonly config: { readonly digest: string; readonly fileDigest: string; readonly entry: number };
  readonly group: GroupSnapshot;
  readonly nodes: readonly NodeSnapshot[];
  readonly services: readonly ServiceSnapshot[];
  /** Fence devices, in file order; empty without any. */
  readonly devices: readonly DeviceSnapshot[];
  /** What somebody should look at, one line each; empty when all is well. */
  /** Absent from older versions, which had none. */
  readonly schedule?: ScheduleSnapshot;
  readonly warnings: readonly string[];
  /** Packets dropped since the start, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** What could not be sent or accepted since the start, by link or stream and reason. */
  readonly network: Readonly<Record<string, number>>;
}

/** The part of a snapshot that the core knows; the daemon adds its file's digest, the links and its counters. */
export interface CoreSnapshot extends Omit<Snapshot, "config" | "nodes" | "dropped" | "network"> {
  readonly config: Omit<Snapshot["config"], "fileDigest">;
  readonly nodes: readonly Omit<NodeSnapshot, "links">[];
}

/** What operators want at a time to come, in order of time, and what became of the last ones, the newest first. */
export interface ScheduleSnapshot {
  readonly waiting: readonly ScheduledSnapshot[];
  readonly past: readonly (ScheduledSnapshot & {
    readonly endedAt: WallMs;
    /** dropped: nobody was there at its time, nor soon after. refused: the rules forbade it then. */
    readonly result: "done" | "cancelled" | "dropped" | "refused";
    readonly reason: string;
  })[];
}

/** One of them. */
export interface ScheduledSnapshot {
  readonly id: number;
  readonly at: WallMs;
  readonly what: Schedulable;
  /** The words after `hale` that ask for the same now. */
  readonly words: string;
  readonly by: string;
  readonly askedAt: WallMs;
}

/** The group as this node sees it. */
export interface GroupSnapshot {
  readonly status: GroupStatus;
  readonly isQuorate: boolean;
  readonly view: string | null;
  readonly coordinator: NodeId | null;
  readonly members: readonly NodeId[];
  /** Everyone who has a vote, once. */
  readonly electorate: readonly NodeId[];
  readonly votes: VotesSnapshot;
  /** With `wait-for-all`, while this node waits for the cluster to begin: who is not there. */
  readonly awaited: readonly NodeId[];
  /** By node, hosts of the reachlist that it reaches; empty without one. */
  readonly reach: readonly NodeReach[];
  /** What it takes to be quorate. */
  readonly quorum: string;
  /** The configured witness, a machine or a disk; null without one. `silentMs` null: never heard. */
  readonly witness: {
    /** Address and port, or the disk's path. */
    readonly address: string;
    /** Absent from older versions, which had no disks. */
    readonly isDisk?: boolean;
    readonly isHeard: boolean;
    readonly silentMs: number | null;
    readonly hasVote: boolean;
  } | null;
  /** Time left in which this node may act; 0 when it may not. */
  readonly leaseMs: number;
  readonly length: number;
  readonly delivered: number;
}

/** Votes, as this node counts them. */
export interface VotesSnapshot {
  /** In the view, or without one within hearing; the witness's when it is heard. */
  readonly present: number;
  /** Of the whole electorate. */
  readonly expected: number;
  /** So many make a quorum. */
  readonly needed: number;
  /** By voter. */
  readonly of: Readonly<Record<NodeId, number>>;
}

/** What is known of one configured node. */
export interface NodeSnapshot {
  readonly node: NodeId;
  /** lost: gone, and not known to run nothing. off: known to run nothing (fenced, left, assumed). */
  readonly state: "member" | "joining" | "lost" | "fencing" | "off" | "unknown";
  readonly isStandby: boolean;
  /** An operator has frozen what runs there. Absent: no. */
  readonly isFrozen?: true;
  readonly incarnation: Incarnation | null;
  readonly since: WallMs | null;
  readonly reason: string;
  readonly links: readonly LinkSnapshot[];
  /** What it has said of its watchdog in this life, with `fencing: watchdog`. 0: it could not arm one, `detail` says why. */
  readonly watchdog?: { readonly timeoutMs: number; readonly detail: string };
  /** It was lost too often: given a service only where no other node may run it. */
  readonly quarantine?: { readonly since: WallMs; readonly until: WallMs; readonly losses: number };
}

/** One path on which the telling node hears another. */
export interface LinkSnapshot {
  /** `disk`: the other one writes to the arbiter disk. That shows that it runs, and carries nothing else. */
  readonly link: number | "disk";
  /** Of the disk, its path. */
  readonly address: string;
  readonly state: "up" | "late" | "dead" | "never";
  /** Since the last packet on this link, or the last writing that was seen, ms; null when never. */
  readonly silentMs: number | null;
  /** The longest wait for a packet within the last minute and hour, while the link was not dead; null: none came. */
  readonly longestMs?: { readonly minute: number | null; readonly hour: number | null };
}

/** One fence device. */
export interface DeviceSnapshot {
  readonly device: DeviceId;
  readonly agent: string;
  /** How the telling node last found it; null: not yet, or it is not this node's to ask. */
  readonly last: { readonly at: WallMs; readonly isWorking: boolean; readonly reason: string } | null;
  /** Nodes for whom it does not work, whoever tells. */
  readonly broken: readonly { readonly node: NodeId; readonly reason: string; readonly since: WallMs }[];
}

/** One service. */
export interface ServiceSnapshot {
  readonly service: ServiceId;
  readonly isEnabled: boolean;
  /** Stopped by an operator until it is started, or a node comes or goes. Absent: no. */
  readonly isStopped?: true;
  /** Left alone, and not looked at: by itself, with its node, or with the whole cluster. Absent: no. */
  readonly isFrozen?: true;
  readonly state: "stopped" | "starting" | "started" | "stopping" | "failed" | "blocked" | "unknown";
  readonly owner: NodeId | null;
  readonly since: WallMs | null;
  /** Why it is where it is, one line. */
  readonly reason: string;
  /** Resources that do not run while the rest goes on; their node tries again. Absent: none. */
  readonly degraded?: readonly ResourceId[];
  /** In file order. Detail beyond id and kind only on the owner. */
  readonly resources: readonly ResourceSnapshot[];
}

/** One resource as its owner last saw it. */
export interface ResourceSnapshot {
  readonly resource: ResourceId;
  readonly kind: string;
  readonly state: "running" | "stopped" | "failed" | "unknown";
  /** The resources that it stands on. Absent: the one above it. */
  readonly after?: readonly ResourceId[];
  readonly last?: { readonly action: OperationAction; readonly at: WallMs; readonly outcome: OperationOutcome };
}

/** The answer of `hale why SERVICE`. */
export interface Why {
  readonly service: ServiceId;
  readonly summary: string;
  /** The rules in the order in which they are asked. Absent: told by an older version. */
  readonly rules?: readonly WhyRule[];
  /** The entry that last gave it a node. Absent: none did. */
  readonly placed?: { readonly entry: number; readonly at: WallMs; readonly text: string };
  /** In order of preference. */
  readonly nodes: readonly NodeVerdict[];
  /** What led here, newest first: the entries that decided. */
  readonly history: readonly PastDecision[];
  /** When it ran on two nodes at once, newest first; `endedAt` null: it still does. Absent: told by an older version. */
  readonly doubles?: readonly {
    readonly nodes: readonly [NodeId, NodeId];
    readonly beganAt: WallMs;
    readonly endedAt: WallMs | null;
    readonly entry: number;
  }[];
  /** Failed operations kept, newest first. */
  readonly failures: readonly {
    readonly node: NodeId;
    readonly resource: ResourceId;
    readonly action: OperationAction;
    readonly at: WallMs;
    readonly outcome: OperationOutcome;
  }[];
  /** The last runs of its agents on the telling node, newest first. Absent: told by an older version. */
  readonly runs?: readonly PastRun[];
}

/** An entry that decided about a service. */
export interface PastDecision {
  readonly entry: number;
  readonly at: WallMs;
  readonly text: string;
  /** Each node's case then, in order of preference. Absent: the telling daemon has been started since, or has decided much since. */
  readonly nodes?: readonly NodeVerdict[];
}

/** What was decided about a service, and each node's case by then, in order of preference. */
export interface Decision {
  readonly service: ServiceId;
  readonly entry: number;
  readonly nodes: readonly NodeVerdict[];
}

/** What one node's agents were asked and said, the last times. */
export interface PastRun {
  readonly resource: ResourceId;
  readonly action: OperationAction;
  /** When it ended; of several alike, the last of them. */
  readonly at: WallMs;
  /** So many, one after another, ended alike. */
  readonly times: number;
  readonly outcome: OperationOutcome;
}

/** What one rule says of a service. */
export interface WhyRule {
  /** Id in the specification. */
  readonly rule: string;
  readonly question: string;
  /** false: this is why it does not run, or is not seen to. */
  readonly isMet: boolean;
  readonly answer: string;
}

/** One node's case for and against running a service. */
export interface NodeVerdict {
  readonly node: NodeId;
  readonly verdict: "runs it" | "may" | "may not" | "preferred";
  readonly reasons: readonly string[];
}

/** One line of `hale fence history`: what was done to make a node known to be off, newest first. */
export interface FenceReport {
  readonly target: NodeId;
  readonly by: NodeId;
  readonly result: "confirmed" | "failed" | "under way";
  /** devices: fence devices. race: the same, to go on alone. watchdog: its own. time: `assume-off-after`. operator: `confirm-off`. */
  readonly means: "devices" | "race" | "watchdog" | "time" | "operator";
  /** That confirmed. */
  readonly devices: readonly DeviceId[];
  /** Why it was wanted. */
  readonly why: string;
  /** What came of it; empty while it is under way. */
  readonly reason: string;
  /** null: not known. Of several attempts, of the first one. */
  readonly startedAt: WallMs | null;
  readonly endedAt: WallMs | null;
  /** Of the last one; 0: no entry announced it. */
  readonly attempt: number;
  /** Attempts that failed alike, one after another. */
  readonly times: number;
  /** Index of the entry that ended it; null while it is under way. */
  readonly entry: number | null;
}
