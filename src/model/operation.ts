import type { ResourceId, ServiceId } from "./ids.ts";
import type { ResourceConfig } from "./cluster-config.ts";
import type { DurationMs, InstantMs } from "./units.ts";

/** What an agent can be asked. `monitor` also serves as the probe. */
export type OperationAction = "start" | "stop" | "monitor";

/** One call of one agent on this node. Two operations on one resource never overlap. */
export interface Operation {
  /** Grows with each operation of this daemon's life; a result of an unknown id is ignored. */
  readonly id: number;
  readonly service: ServiceId;
  readonly resource: ResourceConfig;
  readonly action: OperationAction;
  readonly timeoutMs: DurationMs;
  /** A start is executed only before this instant, the end of the lease, checked at execution. `never` for stop and monitor. */
  readonly notAfter: InstantMs;
}

/**
 * What came of an operation.
 *
 * - `ok`: started, stopped, or (monitor) it runs
 * - `not-running`: monitor found it cleanly stopped
 * - `failed`: anything else the agent said; a monitor that failed may leave parts running
 * - `timed-out`: the whole process group was killed
 * - `refused`: the lease had run out; nothing was done
 */
export interface OperationOutcome {
  readonly status: "ok" | "not-running" | "failed" | "timed-out" | "refused";
  /** soft: try again here; hard: not on this node; fatal: nowhere (OCF codes, conventions section 1). */
  readonly severity: "none" | "soft" | "hard" | "fatal";
  /** Exit code, where there was one. */
  readonly code?: number;
  /** Why, in one line: the exit reason, the signal, the errno. */
  readonly reason: string;
  /** It runs, and its agent expects trouble: somebody should look. */
  readonly isDegraded?: true;
  /** What it said of its data, where it can be promoted: higher is newer, below zero it must not be. Absent: it said nothing. */
  readonly score?: number;
  /** The last of what the agent printed, at most 4 KiB. */
  readonly output: string;
  readonly durationMs: number;
  /** The agent's program cannot be run on this node at all (missing, not executable): nothing was done, and nothing can have been before. */
  readonly cannotBegin?: true;
}

/** Something of a resource has ended here, for all that the kernel tells. A hint and no more: whether the resource runs, its agent says. */
export interface DeathHint {
  readonly resource: ResourceId;
  /** What has ended, for people: `process 4711 (nginx)`. */
  readonly what: string;
}

/** What a fence device is asked. */
export type FenceAction = "off" | "reboot" | "on" | "status" | "monitor";

/** One call of one fence agent. */
export interface FenceCall {
  readonly id: number;
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly plug?: string;
  readonly action: FenceAction;
  readonly timeoutMs: DurationMs;
}

/** `confirmed` only when the device has verified it; a time-out is a failure. */
export interface FenceOutcome {
  readonly confirmed: boolean;
  readonly reason: string;
  readonly output: string;
  readonly durationMs: number;
}
