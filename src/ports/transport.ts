import type { LinkId, NodeId } from "../model/ids.ts";
import type { PacketTags } from "../model/packet-tags.ts";
import type { RosterNode } from "../model/roster.ts";
import type { InstantMs } from "../model/units.ts";

/** Bytes that came in, not yet believed. */
export interface ReceivedBytes {
  readonly bytes: Uint8Array;
  /** Which of our addresses it came to; null for streams. */
  readonly link: LinkId | null;
  /** `ip:port` it came from, for counting and logs only. */
  readonly source: string;
  /**
   * One name per way from a configured address, one for all strangers together: who floods takes room and time from its own origin
   * only. An address can be forged, so it says nothing about who sent.
   */
  readonly origin: string;
  readonly arrivedAt: InstantMs;
}

/** Paths to the other nodes: every configured address pair is a link. */
export interface Transport {
  /** Starts receiving. Calls back on the daemon's own thread; must not be called twice. */
  open(receive: (received: ReceivedBytes) => void): Promise<void>;
  /** One datagram of at most 1,200 bytes on every link. Never throws; failures are counted. */
  sendDatagram(to: NodeId, bytes: Uint8Array): void;
  /** Bytes of any size over the pair's stream; dropped and counted when its bounded queue is full or the peer is away. */
  sendStream(to: NodeId, bytes: Uint8Array): void;
  /** What the node's port answers now: open, closed (kernel alive, no daemon), or nothing within `timeoutMs`. */
  probe(to: NodeId, timeoutMs: number): Promise<"open" | "closed" | "silent">;
  /** Other peers from now on; this node is not among them. Who stays keeps its streams. */
  usePeers(peers: readonly RosterNode[]): void;
  /** What datagrams of `peer` bear from now on: in a flood of its address, those with new tags come in. */
  useTags(peer: NodeId, tags: PacketTags): void;
  /** Counters by name, for status. */
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
