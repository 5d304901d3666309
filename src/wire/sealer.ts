import { createHmac } from "node:crypto";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Message } from "../model/message.ts";
import { BodyWriter } from "./body-writer.ts";
import type { Keys } from "./keys.ts";
import { writeMessage } from "./message-body.ts";
import type { Channel } from "./packet-format.ts";
import { channelNumbers, macBytes, magic, packetBytesMax, sequenceBytes, wireVersion } from "./packet-format.ts";

/** Whose packets are sealed, and for which channel. */
export interface SealerOptions {
  readonly cluster: string;
  readonly keys: Keys;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly channel: Channel;
  /** Sequences up to this one were used by an earlier sealer of the same life and channel. Default 0. */
  readonly usedSequences?: number;
}

/**
 * Makes packets out of messages for one channel of one life of a daemon.
 *
 * A channel has exactly one sealer: two would use a sequence twice, and receivers would drop one of the packets as a replay. So
 * the beat thread seals heartbeats and nobody else does. The receiver is not named: a packet may go to one node or to all.
 */
export class Sealer {
  readonly #options: SealerOptions;
  #keys: Keys;
  #sequence: number;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#keys = options.keys;
    this.#sequence = options.usedSequences ?? 0;
  }

  /** Signs with other keys from now on. */
  useKeys(keys: Keys): void {
    this.#keys = keys;
  }

  /**
   * One packet, the next of its channel. Send the same bytes on every link: the receiver takes whichever comes first.
   *
   * @throws RangeError when the message breaks the model (a negative index) or exceeds `packetBytesMax`
   */
  seal(message: Message): Uint8Array {
    const { cluster, self, incarnation, channel } = this.#options;
    const key = this.#keys.byNumber.get(this.#keys.signWith);
    if (key === undefined) throw new RangeError(`Cannot sign with key ${this.#keys.signWith}: not among the keys`);
    this.#sequence += 1;
    const writer = new BodyWriter();
    writer.fixed(magic, 2);
    writer.byte(wireVersion);
    writer.byte(channelNumbers[channel]);
    writer.byte(this.#keys.signWith);
    writer.rawIncarnation(incarnation);
    writer.fixed(this.#sequence, sequenceBytes);
    writer.shortText(cluster);
    writer.shortText(self);
    writer.knowName(self);
    writer.knowIncarnation(incarnation);
    writeMessage(writer, message);
    writer.bytes(createHmac("sha256", key).update(writer.finish()).digest());
    const bytes = writer.finish();
    if (bytes.length > packetBytesMax) {
      throw new RangeError(
        `Cannot send "${message.kind}": ${bytes.length - macBytes} bytes, at most ${packetBytesMax}`,
      );
    }
    return bytes;
  }
}
