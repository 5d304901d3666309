import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { RosterNode } from "../model/roster.ts";
import type { Keys } from "../wire/keys.ts";

/** What the heartbeat thread is told at its start, and again with other keys or nodes; it crosses a thread, so it is plain data and keys. */
export interface HeartbeatSetup {
  readonly cluster: string;
  readonly keys: Keys;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly nodes: readonly RosterNode[];
  readonly port: number;
  readonly keepaliveMs: number;
  readonly silentAfterMs: number;
  /** The rest of the daemon runs in real time, too: this thread watches over its budget. */
  readonly isDaemonRaised: boolean;
}
