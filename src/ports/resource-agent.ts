import type { ResourceConfig } from "../model/cluster-config.ts";
import type { Notification } from "../model/notice.ts";
import type { DeathHint, Operation, OperationOutcome } from "../model/operation.ts";

/** Starts, stops and monitors resources of one kind on this node. */
export interface ResourceAgent {
  readonly kind: ResourceConfig["kind"];
  /**
   * Never rejects: everything that can go wrong is an outcome. Aborting kills the whole process group, then resolves.
   * The time-out is the agent's to enforce, so that it covers the group.
   */
  run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome>;
  /** Tells the agent of an operation on another instance of its clone. Never rejects; aborting and the time-out are as with `run`. Absent: it cannot be told. */
  notify?(notification: Notification, signal: AbortSignal): Promise<OperationOutcome>;
  /**
   * From now on `tell` hears at once when something of what this agent has running ends by itself, where the system can say so; the listener
   * before hears no more. What a daemon before this one has started is watched from the first operation that finds it running. Absent: only
   * monitors find a death.
   */
  onDeath?(tell: (hint: DeathHint) => void): void;
  /** Ends what the adapter itself started in the background (announcements), not the resources. */
  close(): Promise<void>;
}
