import type { NodeId } from "./ids.ts";
import type { ViewId } from "./view.ts";

/** What a running witness says of itself: the document of `hale witness status --json`. */
export interface WitnessStatus {
  /** `address:port`. */
  readonly listen: string;
  readonly version: string;
  readonly runningMs: number;
  /** By name. */
  readonly clusters: readonly WitnessedCluster[];
  /** Packets of clusters without a key file, and what is none. */
  readonly foreign: number;
  /** Of its socket: floods, failures. */
  readonly network: Readonly<Record<string, number>>;
}

/** One cluster that has its key here. */
export interface WitnessedCluster {
  readonly cluster: string;
  /** As which voter. */
  readonly disk: NodeId;
  /** The highest view that it promised its vote to, and the last that was installed with it. */
  readonly promised: ViewId;
  readonly installed: ViewId;
  /** By name; who has the key and has asked since the start. */
  readonly askers: readonly WitnessAsker[];
  /** Packets that were refused since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Of the last minute, for people; null when nothing is wrong. */
  readonly warning: string | null;
}

/** A node that has asked. */
export interface WitnessAsker {
  readonly node: NodeId;
  /** `ip:port` of its last question. */
  readonly address: string;
  readonly askedMsAgo: number;
  /** The last time that it wanted the vote, or an installation written down; null when it only wanted to hear the witness. */
  readonly wanted: WitnessWish | null;
}

/** What came of a question that is about the vote. */
export interface WitnessWish {
  readonly step: "promise" | "install";
  readonly view: ViewId;
  readonly isGranted: boolean;
  readonly msAgo: number;
}
