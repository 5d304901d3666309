import { createHmac, type KeyObject } from "node:crypto";
import type { Incarnation } from "../model/incarnation.ts";
import type { TagPlaces, TagSeries } from "../model/packet-tags.ts";
import { type Channel, channelNumbers, incarnationOffset, sequenceOffset, tagOffset } from "./packet-format.ts";
import { expandSpeckKey, speckWord } from "./speck.ts";

/**
 * A packet's tag: 32 bits out of its sequence and a key of its series, which is derived from the cluster's key once in a life. Who sees
 * packets can copy a tag, and not make the next one; a receiver that takes no sequence twice has no use for copies. The tag is for the
 * kernel's packet filter in a flood (ADR 0037), and proves nothing about the rest of the packet.
 */
export interface SeriesPlan {
  readonly key: KeyObject;
  readonly keyNumber: number;
  readonly incarnation: Incarnation;
  readonly channel: Channel;
  /**
   * Who the packets are for; empty: whoever gets them. By name where each packet has one receiver: what is sent to another node would
   * otherwise be a supply of tags that this one has not seen.
   */
  readonly receiver: string;
}

/** For `PacketTags`. The life's word is its random part. */
export const tagPlaces: TagPlaces = {
  selector: 3,
  lifeWord: incarnationOffset + 10,
  sequence: sequenceOffset,
  tag: tagOffset,
};

/** The tags of one series of packets. */
export function makeTagSeries({ key, keyNumber, incarnation, channel, receiver }: SeriesPlan): TagSeries {
  // Unlike any packet's beginning, so no packet's HMAC is a key of tags.
  const label = ["tags", incarnation, channelNumbers[channel], receiver].join("\0");
  const secret = createHmac("sha256", key).update(label).digest();
  const words = [0, 4, 8, 12].map((at) => secret.readUInt32BE(at)) as [number, number, number, number];
  const roundKeys = expandSpeckKey(words);
  return {
    selector: channelNumbers[channel] * 256 + keyNumber,
    lifeWord: Number.parseInt(incarnation.slice(20), 16),
    key: words,
    tagOf: (sequence) => speckWord(roundKeys, Math.floor(sequence / 2 ** 32), sequence >>> 0),
  };
}
