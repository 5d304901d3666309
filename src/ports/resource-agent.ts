import type { ResourceConfig } from "../model/cluster-config.ts";
import type { DeathHint, Operation, OperationOutcome } from "../model/operation.ts";

/** Starts, stops and monitors resources of one kind on this node. */
export interface ResourceAgent {
  readonly kind: ResourceConfig["kind"];
  /**
   * Never rejects: everything that can go wrong is an outcome. Aborting kills the whole process group, then resolves.
   * The time-out is the agent's to enforce, so that it covers the group.
   */
  run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome>;
  /**
   * From now on `tell` hears at once when something of what this agent has running ends by itself, where the system can say so; the listener
   * before hears no more. What a daemon before this one has started is watched from the first operation that finds it running. Absent: only
   * monitors find a death.
   */
  onDeath?(tell: (hint: DeathHint) => void): void;
  /** Ends what the adapter itself started in the background (announcements), not the resources. */
  close(): Promise<void>;
}
