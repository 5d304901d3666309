import type { ClusterConfig } from "./cluster-config.ts";
import type { NoticeId } from "./notice.ts";
import type { DeviceId, NodeId, ResourceId, ServiceId } from "./ids.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Intent } from "./intent.ts";
import type { OperationAction, OperationOutcome } from "./operation.ts";
import type { WallMs } from "./units.ts";
import type { Member, ViewId } from "./view.ts";

/** Names a submission for ever, so that resending it is harmless. `sequence` grows by 1 within an incarnation. */
export interface SubmitId {
  readonly origin: NodeId;
  readonly incarnation: Incarnation;
  readonly sequence: number;
}

/** One thing that happened, at its place in the one order. */
export interface Entry {
  /** From 1, without gaps. */
  readonly index: number;
  /** The view that ordered it. */
  readonly view: ViewId;
  readonly id: SubmitId;
  /** The coordinator's wall clock when it ordered the entry; never before the entry before. */
  readonly at: WallMs;
  readonly body: EntryBody;
}

/** What entries say. `view`, `electorate`, `left` and `halted` are the group's; the manager reads them too. */
export type EntryBody =
  /** First entry of a view, written with its installation, so that the log alone tells the whole history. */
  | {
      readonly kind: "view";
      readonly members: readonly Member[];
      readonly coordinator: NodeId;
      /** Its coordinator had no lease when it made this: who stays in the view may have stopped what it ran. */
      readonly withoutLease?: true;
    }
  /** Who may vote from here on, a name for each vote. The votes of one node change at a time. */
  | { readonly kind: "electorate"; readonly voters: readonly NodeId[]; readonly reason: string }
  /** A clean leave: services stopped, vote withdrawn. The proof that the node runs nothing. */
  | {
      readonly kind: "left";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      readonly voters: readonly NodeId[];
    }
  /** The whole cluster ends: these run nothing, and leave at once and together. Nobody's vote is withdrawn. */
  | { readonly kind: "halted"; readonly members: readonly Member[] }
  | { readonly kind: "config"; readonly config: ClusterConfig; readonly digest: string; readonly author: string }
  | { readonly kind: "intent"; readonly intent: Intent; readonly author: string }
  /** What a node found running when it probed, at its start or after it had lost its lease. */
  | {
      readonly kind: "observed";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      /** Index of the view entry that brought the node (back) into the group: a report of an earlier stay is ignored. */
      readonly since: number;
      /** Only services named here are reported on; the others stay as they were. */
      readonly services: readonly Observation[];
      /** How long it acts on alone. Absent in what an earlier version wrote. */
      readonly leaseMs?: number;
      /** Index of the view entry after which the others were no longer sure of what it runs: by now they know it. Absent: they were sure. */
      readonly sureOf?: number;
    }
  /** A node carried out (or could not) what the plan asked of it. */
  | {
      readonly kind: "service-result";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      readonly service: ServiceId;
      /** The attempt it answers; results of older attempts are ignored. */
      readonly attempt: number;
      readonly result: ServiceResult;
    }
  /** What of a started service does not run, while the rest goes on; nothing: it is whole again. */
  | {
      readonly kind: "degraded";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      readonly service: ServiceId;
      /** The order under which it is kept; a word about an older one counts for nothing. */
      readonly attempt: number;
      /** In start order. */
      readonly resources: readonly ResourceId[];
      readonly reason: string;
    }
  /** What an instance of a promotable clone says of its data. `attempt`: the order under which it is kept. `round`: for which choice it was asked; -1: none. */
  | {
      readonly kind: "score";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      readonly service: ServiceId;
      readonly attempt: number;
      readonly round: number;
      readonly value: number;
    }
  /** The agent of an instance here has been told what is about to be done, or there is none to tell; see `ServiceRecord.notice`. */
  | ({ readonly kind: "notified"; readonly node: NodeId; readonly incarnation: Incarnation } & NoticeId)
  /** The time of a scheduled wish has come by the clock of who says so, `wall`. `id`: of `Scheduled`. */
  | { readonly kind: "due"; readonly id: number; readonly wall: WallMs }
  /** A failed service may be tried again everywhere: its back-off has passed. `attempt`: the service's at that time. */
  | { readonly kind: "retry"; readonly service: ServiceId; readonly attempt: number }
  /** The time of day has come at which a service may return to a better node. `attempt`: the service's order at that time. */
  | { readonly kind: "failback"; readonly service: ServiceId; readonly attempt: number }
  /** A clean stop has begun: the others take over the services of the node, then it leaves. */
  | { readonly kind: "leaving"; readonly node: NodeId; readonly incarnation: Incarnation }
  /** A fence request begins: it is said before it is done, so that everyone knows whom it may hit. */
  | {
      readonly kind: "fence-begun";
      readonly target: NodeId;
      /** The life that is meant, the newest known; null when the node was never seen. */
      readonly incarnation: Incarnation | null;
      readonly by: NodeId;
      readonly attempt: number;
      readonly reason: string;
    }
  | {
      readonly kind: "fence-result";
      readonly target: NodeId;
      /** As in `fence-begun`: a confirmed fence says nothing about a later life. */
      readonly incarnation: Incarnation | null;
      readonly by: NodeId;
      /** As in `fence-begun`; 0 for the group's own fence (`arbiter: fencing`), which no entry could announce. */
      readonly attempt: number;
      readonly confirmed: boolean;
      readonly devices: readonly DeviceId[];
      readonly reason: string;
    }
  /** A node that was switched off is on again, or was not to be: whoever was to see to it is done. `incarnation`: the life that was fenced. */
  | {
      readonly kind: "switched-on";
      readonly target: NodeId;
      readonly incarnation: Incarnation | null;
      readonly by: NodeId;
    }
  /** The node is taken to run nothing since `assume-off-after` ran out. */
  | {
      readonly kind: "assumed-off";
      readonly target: NodeId;
      readonly incarnation: Incarnation | null;
      readonly by: NodeId;
      readonly reason: string;
    }
  /** The quarantine of a node that was to last until then is over. */
  | { readonly kind: "quarantine-over"; readonly node: NodeId; readonly until: WallMs }
  /** What a node says of its watchdog in this life. Nothing is believed of a watchdog without it. */
  | {
      readonly kind: "watchdog";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      /** Index of the configuration entry that it follows; a word about an earlier one counts for nothing. */
      readonly config: number;
      /** 0: it has none that could be armed. */
      readonly timeoutMs: number;
      /** Which one it is, or why there is none. */
      readonly detail: string;
      /** How long it acts on alone. Absent in what an earlier version wrote. */
      readonly leaseMs?: number;
    }
  /** A node tells that a fence device stopped working for it, or works again. Nothing is told of a device that always worked. */
  | {
      readonly kind: "device";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      readonly device: DeviceId;
      readonly isWorking: boolean;
      readonly reason: string;
    }
  /** A node has been switched on, in this stay, by the devices that cut off instead of switching off. Without it nothing starts there. */
  | {
      readonly kind: "unfenced";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      /** Index of the view entry that began the stay. */
      readonly since: number;
      readonly devices: readonly DeviceId[];
    }
  /** A member tells that it lives, though an entry that it has read says that a device confirmed its fence. */
  | {
      readonly kind: "lives-on";
      readonly node: NodeId;
      readonly incarnation: Incarnation;
      /** Index of that entry: a word from before it says nothing. */
      readonly since: number;
    }
  /** A lost node has reset itself: its lease and the time of its watchdog have surely run out. */
  | {
      readonly kind: "self-fenced";
      readonly target: NodeId;
      readonly incarnation: Incarnation | null;
      readonly by: NodeId;
      /** Index of the view entry that began the stay which it was lost from: if it was back since, this says nothing. */
      readonly since: number;
      readonly reason: string;
    };

/** What a probe found of one service on one node. */
export interface Observation {
  readonly service: ServiceId;
  /** Resources found running, in start order. All of them: the service is started. */
  readonly running: readonly ResourceId[];
  /** Resources whose probe failed: they may run. */
  readonly unclear: readonly ResourceId[];
  /** The service's attempt known to the node when it reported: what was asked of it later is not answered by this. */
  readonly attempt: number;
  /** How long before this report it ran here for the last time, when its daemon has stopped it since; absent otherwise. */
  readonly ranMsAgo?: number;
  /** Why this node cannot run it at all (its agent says: not installed); absent when it can. */
  readonly unable?: string;
}

/** How long the operation of each resource took, ms. */
export type StepTimes = Readonly<Record<ResourceId, number>>;

/** The end of an attempt. `parts`: of the resources that it was the operation of; absent where there is one, and from older versions. */
export type ServiceResult =
  | { readonly kind: "started"; readonly durationMs: number; readonly parts?: StepTimes }
  | { readonly kind: "stopped"; readonly durationMs: number; readonly parts?: StepTimes }
  | {
      /** A start, stop or monitor failed. After a failed stop the resource may still run. */
      readonly kind: "failed";
      readonly resource: ResourceId;
      readonly action: OperationAction;
      readonly outcome: OperationOutcome;
    };
