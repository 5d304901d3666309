import type { ResourceConfig } from "./cluster-config.ts";
import type { NodeId, ServiceId } from "./ids.ts";
import type { DurationMs } from "./units.ts";

/** What instances of a clone are told of: OCF's `start` and `stop` of instances, `promote` and `demote` of one of them. */
export type NoticeOperation = "start" | "stop" | "promote" | "demote";

/** One instance of a clone. */
export interface NoticePlace {
  readonly node: NodeId;
  /** Of the instance, from 0. */
  readonly number: number;
}

/** What an agent that runs is told of an operation on an instance of its clone, before it is done or when it has been. */
export interface Notice {
  readonly when: "pre" | "post";
  readonly operation: NoticeOperation;
  /** Where it is done. */
  readonly on: readonly NoticePlace[];
  /** How it was before the operation, as OCF has it for both times. */
  readonly active: readonly NoticePlace[];
  readonly inactive: readonly NoticePlace[];
  readonly promoted: readonly NoticePlace[];
  readonly unpromoted: readonly NoticePlace[];
}

/** Names the operations that are announced at once: those that one entry has ordered. */
export interface NoticeId {
  readonly clone: ServiceId;
  readonly operation: NoticeOperation;
  readonly entry: number;
}

/** One call of one agent to tell it something. */
export interface Notification {
  /** Among the operations of this daemon's life: its result comes as theirs do. */
  readonly id: number;
  readonly service: ServiceId;
  readonly resource: ResourceConfig;
  readonly notice: Notice;
  readonly timeoutMs: DurationMs;
}
