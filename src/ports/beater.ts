import type { HeartbeatBody } from "../model/message.ts";
import type { RosterNode } from "../model/roster.ts";

/**
 * Sends heartbeats on every link every keepalive, apart from the main loop, stamped with the time of sending.
 *
 * It falls silent when it was not told anything for `silentAfterMs`: a daemon whose loop hangs must look dead.
 */
export interface Beater {
  /**
   * Settles when it can beat; never when it cannot. A daemon that answers before it can be heard is taken for one that stands still.
   */
  ready(): Promise<void>;
  /** The new content; also proof that the main loop lives. `atOnce`: send now as well. */
  set(body: HeartbeatBody, atOnce: boolean): void;
  /** Beats to these from now on; this node is not among them. */
  usePeers(peers: readonly RosterNode[]): void;
  stop(): Promise<void>;
}
