import type { NodeId } from "../model/ids.ts";
import type { Message, Packet } from "../model/message.ts";
import type { PacketTags } from "../model/packet-tags.ts";
import type { Carrier } from "../wire/packet-format.ts";

/** What became of received bytes. */
export type Opened =
  | {
      readonly ok: true;
      readonly packet: Packet;
      /** What the sender's packets for us bear from now on; when that was not said before. */
      readonly tags?: PacketTags;
    }
  | {
      readonly ok: false;
      /** A short fixed text, for counting. */
      readonly reason: string;
      /** The authentic sender, where there is one: the second copy of a datagram says that its link is alive. */
      readonly from?: NodeId;
    };

/** Makes believed packets out of received bytes. Never throws. The wire's `Opener` is one. */
export interface PacketOpener {
  /** @param by how the bytes came; a packet repeated by the other way is refused */
  open(bytes: Uint8Array, by: Carrier): Opened;
  /** Believes other senders from now on; those that stay keep their windows. */
  useNodes(nodes: readonly NodeId[]): void;
}

/** Makes bytes that the others will believe. The wire's `Sealer` is one; it belongs to one incarnation. */
export interface PacketSealer {
  /** @param to the receiver of a control datagram; left out: whoever gets it */
  seal(message: Message, to?: NodeId): Uint8Array;
}
