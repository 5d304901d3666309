import { createHmac } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { HeartbeatBody, Message } from "../model/message.ts";
import type { TagSeries } from "../model/packet-tags.ts";
import type { InstantMs } from "../model/units.ts";
import { instantMs } from "../model/units.ts";
import { BodyWriter } from "./body-writer.ts";
import type { Keys } from "./keys.ts";
import { writeMessage } from "./message-body.ts";
import type { Channel } from "./packet-format.ts";
import {
  channelNumbers,
  macBytes,
  magic,
  packetBytesMax,
  sequenceBytes,
  sequenceOffset,
  tagBytes,
  tagOffset,
  wireVersion,
} from "./packet-format.ts";
import { makeTagSeries } from "./tags.ts";

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
  /** Everything before the body, with sequence and tag to be filled in. */
  #head: Uint8Array;
  #key: KeyObject;
  #keyNumber: number;
  #sequence: number;
  /** By receiver. */
  readonly #series = new Map<string, TagSeries>();

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#sequence = options.usedSequences ?? 0;
    this.#key = signingKey(options.keys);
    this.#keyNumber = options.keys.signWith;
    this.#head = makeHead(options, options.keys.signWith);
  }

  /** Signs with other keys from now on. */
  useKeys(keys: Keys): void {
    this.#key = signingKey(keys);
    this.#keyNumber = keys.signWith;
    this.#head = makeHead(this.#options, keys.signWith);
    this.#series.clear();
  }

  /**
   * One packet, the next of its channel. Send the same bytes on every link: the receiver takes whichever comes first.
   *
   * @param to the receiver of a control datagram, for its tag; left out: whoever gets it
   * @throws RangeError when the message breaks the model (a negative index) or exceeds `packetBytesMax`
   */
  seal(message: Message, to?: NodeId): Uint8Array {
    const writer = new BodyWriter();
    writer.bytes(this.#head);
    writeBody(writer, this.#options, message);
    return this.#finish(Buffer.concat([writer.finish(), noMac]), message.kind, to);
  }

  /**
   * A heartbeat out of `encodeHeartbeat`'s bytes, stamped now. The beat thread does this: it has the body from the main loop and
   * need not understand it, which is half the work of a beat.
   */
  sealHeartbeat(encoded: Uint8Array, sentAt: InstantMs): Uint8Array {
    const packet = Buffer.allocUnsafe(this.#head.length + encoded.length + macBytes);
    packet.set(this.#head, 0);
    packet.set(encoded, this.#head.length);
    packet.writeUIntBE(Math.max(0, Math.floor(sentAt)), this.#head.length + stampOffset, stampBytes);
    return this.#finish(packet, "heartbeat");
  }

  /** Numbers and signs. @param packet with room for the HMAC at its end */
  #finish(packet: Buffer, kind: Message["kind"], to = ""): Uint8Array {
    if (packet.length > packetBytesMax) {
      throw new RangeError(`Cannot send "${kind}": ${packet.length} bytes, at most ${packetBytesMax}`);
    }
    this.#sequence += 1;
    packet.writeUIntBE(this.#sequence, sequenceOffset, sequenceBytes);
    packet.writeUInt32BE(this.#seriesFor(to).tagOf(this.#sequence), tagOffset);
    const macAt = packet.length - macBytes;
    packet.set(createHmac("sha256", this.#key).update(packet.subarray(0, macAt)).digest(), macAt);
    return packet;
  }

  #seriesFor(receiver: string): TagSeries {
    const known = this.#series.get(receiver);
    if (known !== undefined) return known;
    const { incarnation, channel } = this.#options;
    const made = makeTagSeries({ key: this.#key, keyNumber: this.#keyNumber, incarnation, channel, receiver });
    this.#series.set(receiver, made);
    return made;
  }
}

/** The body of a heartbeat whose time of sending is still to be stamped, for `Sealer.sealHeartbeat`. */
export function encodeHeartbeat(sender: Pick<SealerOptions, "self" | "incarnation">, body: HeartbeatBody): Uint8Array {
  const writer = new BodyWriter();
  writeBody(writer, sender, { kind: "heartbeat", sentAt: instantMs(0), ...body });
  return writer.finish();
}

const noMac = new Uint8Array(macBytes);

/** `sentAt` follows the kind, in fixed width. */
const stampOffset = 1;
const stampBytes = 6;

function writeBody(
  writer: BodyWriter,
  { self, incarnation }: Pick<SealerOptions, "self" | "incarnation">,
  message: Message,
): void {
  writer.knowName(self);
  writer.knowIncarnation(incarnation);
  writeMessage(writer, message);
}

function signingKey(keys: Keys): KeyObject {
  const key = keys.byNumber.get(keys.signWith);
  if (key === undefined) throw new RangeError(`Cannot sign with key ${keys.signWith}: not among the keys`);
  return key;
}

function makeHead({ channel, incarnation, cluster, self }: SealerOptions, keyNumber: number): Uint8Array {
  const writer = new BodyWriter(256);
  writer.fixed(magic, 2);
  writer.byte(wireVersion);
  writer.byte(channelNumbers[channel]);
  writer.byte(keyNumber);
  writer.rawIncarnation(incarnation);
  writer.fixed(0, sequenceBytes);
  writer.fixed(0, tagBytes);
  writer.shortText(cluster);
  writer.shortText(self);
  return writer.finish();
}
