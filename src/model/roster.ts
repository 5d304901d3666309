import type { NodeConfig } from "./cluster-config.ts";

/** A node and where it is. */
export type RosterNode = Pick<NodeConfig, "id" | "addresses">;

/** Whom a node has to do with: the configuration in force, read for the network. */
export interface Roster {
  /** Whom it hears and speaks to. */
  readonly nodes: readonly RosterNode[];
  /** Removed nodes without a vote: their heartbeats come in, to be answered with a refusal. */
  readonly removed: readonly RosterNode[];
}
