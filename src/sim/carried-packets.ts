import type { Opened, PacketOpener, PacketSealer } from "../daemon/codec.ts";
import type { Entry } from "../model/entry.ts";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Message, Packet } from "../model/message.ts";

/** No content, only a length: the packet is carried beside it. Shared, because nobody writes it. */
const blankBytes = new ArrayBuffer(8 * 1024 * 1024);

/**
 * Bytes that carry the packet itself. Writing, signing, checking and reading real bytes costs more than everything the core
 * does with them; the wire has its own tests, and a share of the seeds runs with the real one.
 */
export class CarriedBytes extends Uint8Array {
  readonly packet: Packet;
  /** Receivers, by bit, that have had this very copy: the one on the second link is a replay. */
  #seenBy = 0;

  constructor(packet: Packet, length: number) {
    super(blankBytes, 0, Math.min(length, blankBytes.byteLength));
    this.packet = packet;
  }

  /** True the first time that receiver number `receiver` asks. */
  isNewFor(receiver: number): boolean {
    const bit = 1 << receiver;
    const isNew = (this.#seenBy & bit) === 0;
    this.#seenBy |= bit;
    return isNew;
  }

  /** A copy that receivers do not recognize: what a network that doubles packets, or keeps them for seconds, delivers. */
  copy(): CarriedBytes {
    return new CarriedBytes(this.packet, this.length);
  }
}

/** @returns a sealer that carries packets, for one incarnation */
export function carryingSealer(from: NodeId, incarnation: Incarnation): PacketSealer {
  return {
    seal: (message) => new CarriedBytes({ from, incarnation, message }, lengthOf(message)),
  };
}

/** @param receiver the receiving node's place among the nodes, 0 to 31. @param nodes null: believes everybody */
export function carryingOpener(receiver: number, nodes: readonly NodeId[] | null): PacketOpener {
  let believed = nodes;
  return {
    useNodes(others): void {
      believed = others;
    },
    open(bytes): Opened {
      if (!(bytes instanceof CarriedBytes)) return { ok: false, reason: "malformed" };
      if (believed?.includes(bytes.packet.from) === false) return { ok: false, reason: "unknown-sender" };
      if (!bytes.isNewFor(receiver)) return { ok: false, reason: "replay", from: bytes.packet.from };
      return { ok: true, packet: bytes.packet };
    },
  };
}

const headBytes = 120;
const entryLengths = new WeakMap<Entry, number>();

/** About what the wire would need: it decides between datagram and stream. */
function lengthOf(message: Message): number {
  if (message.kind === "heartbeat") return headBytes + 100 + 60 * message.hears.length;
  if (message.kind === "entry") return headBytes + lengthOfEntry(message.entry);
  if (message.kind === "submit") return headBytes + JSON.stringify(message.body).length;
  if (message.kind === "install" || message.kind === "log-part") {
    return message.entries.reduce((sum, entry) => sum + lengthOfEntry(entry), headBytes);
  }
  if (message.kind === "checkpoint-part") return headBytes + message.text.length;
  return headBytes + 80;
}

function lengthOfEntry(entry: Entry): number {
  let length = entryLengths.get(entry);
  if (length === undefined) {
    length = JSON.stringify(entry).length;
    entryLengths.set(entry, length);
  }
  return length;
}
