import type { NodeId, ServiceId } from "./ids.ts";
import type { WallMs } from "./units.ts";

/** One line of `hale events`: what happened, with the reason. */
export interface ClusterEvent {
  /** Place in this daemon's list, growing by 1; for resuming a stream. */
  readonly sequence: number;
  readonly at: WallMs;
  /** Index of the entry that said so; absent for what only this node saw. */
  readonly entry?: number;
  /** Who it is about, or who saw it. */
  readonly node: NodeId;
  readonly service?: ServiceId;
  /** error: somebody must act; warning: look at it today; info: a transition; debug: only for tracing. */
  readonly level: "error" | "warning" | "info" | "debug";
  readonly text: string;
}
