import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody } from "../../model/message.ts";
import type { Operation } from "../../model/operation.ts";
import type { ResourceTruth } from "../fake-kernel.ts";
import type { GroundTruth } from "../ground-truth.ts";

/** A rule that was broken. */
export interface Violation {
  /** Id in docs/SPEC.md. */
  readonly rule: string;
  readonly atMs: number;
  readonly text: string;
}

/** Something that may have consequences: a fault, its end, the wish of an operator. */
export interface Disturbance {
  readonly text: string;
  /** Whom it hits; empty when it hits a service only. */
  readonly nodes: readonly NodeId[];
  readonly service?: ServiceId;
  /** A service that its node could not stop: that may have consequences until it does not run there any more. */
  readonly stuck?: ServiceId;
  /** Whom its end hits, if not the same. */
  readonly atEnd?: readonly NodeId[];
  /** It goes on until it is not there any more. */
  readonly isLasting?: boolean;
}

/** What a checker may look at, and whom it tells. */
export interface Bench {
  readonly config: ClusterConfig;
  readonly truth: GroundTruth;
  now(): number;
  report(rule: string, text: string): void;
  /** What the resource's agent says of its data. */
  scoreOf(resource: ResourceId | undefined): number;
}

/**
 * Watches one rule. It looks at what really happens on the simulated machines, never at what daemons say of themselves, but
 * for the one thing that only they know: how far they have delivered.
 */
export interface Checker {
  /** Before the operation has any effect. */
  onOperation?(node: NodeId, operation: Operation): void;
  onDisturbance?(disturbance: Disturbance): void;
  onTruth?(node: NodeId, resource: ResourceId, truth: ResourceTruth): void;
  onPower?(node: NodeId, hasPower: boolean): void;
  /** A fence device is about to cut the power of `node`, which has some. */
  onFence?(node: NodeId): void;
  /** Its watchdog is about to reset `node`. */
  onReset?(node: NodeId): void;
  onDaemon?(node: NodeId, what: "started" | "crashed" | "ended", reason: string): void;
  /** Its wall clock was set. */
  onClockStep?(node: NodeId): void;
  onBody?(node: NodeId, incarnation: Incarnation, body: HeartbeatBody): void;
  /** Now and then, for rules about time. */
  onSample?(): void;
  /** Faults are over and the bound for recovery has passed. */
  onQuiet?(): void;
}
