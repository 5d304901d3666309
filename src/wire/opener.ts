import { createHmac, timingSafeEqual } from "node:crypto";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Packet } from "../model/message.ts";
import type { PacketTags, TagSeries } from "../model/packet-tags.ts";
import { BodyReader } from "./body-reader.ts";
import type { Keys } from "./keys.ts";
import { readMessage } from "./message-body.ts";
import type { Carrier, Channel } from "./packet-format.ts";
import {
  channelOf,
  clusterOffset,
  isCarriedBy,
  macBytes,
  magic,
  packetBytesMax,
  sequenceBytes,
  tagBytes,
  wireVersion,
} from "./packet-format.ts";
import { ReplayWindow } from "./replay-window.ts";
import { makeTagSeries, tagPlaces } from "./tags.ts";

/**
 * Why bytes are no packet for us.
 *
 * Before authentication, so anybody's: `short`, `long`, `magic`, `version`, `channel` (unknown, or not one that comes this way),
 * `key` (number not among ours), `cluster` (another name), `mac` (wrong key or altered). After it, so a node's with our key:
 * `malformed`, `self` (our own, reflected), `unknown-sender` (not configured), `old-incarnation` (an earlier life of the sender),
 * `replay` (seen, or too old to tell; the second copy of every datagram sent on two links is one).
 */
export type DropReason =
  | "short"
  | "long"
  | "magic"
  | "version"
  | "channel"
  | "key"
  | "cluster"
  | "mac"
  | "malformed"
  | "self"
  | "unknown-sender"
  | "old-incarnation"
  | "replay";

/** What became of bytes. */
export type Opened =
  | {
      readonly ok: true;
      readonly packet: Packet;
      readonly channel: Channel;
      readonly sequence: number;
      /** What the sender's packets for us bear from now on; when that was not said before. */
      readonly tags?: PacketTags;
    }
  | {
      readonly ok: false;
      readonly reason: DropReason;
      /** With `replay`: the authentic sender, so that the link a second copy came by can be told to be alive. */
      readonly from?: NodeId;
    };

/** Whose packets are believed. */
export interface OpenerOptions {
  readonly cluster: string;
  readonly keys: Keys;
  readonly self: NodeId;
  /** Every configured node; null: whoever has the key, as between a node and its witness, who have no list of each other. */
  readonly nodes: readonly NodeId[] | null;
}

interface Life {
  readonly incarnation: Incarnation;
  readonly windows: ReadonlyMap<Channel, ReplayWindow>;
}

/** A datagram that was believed. */
interface Taken {
  readonly bytes: Uint8Array;
  readonly from: NodeId;
}

/** Enough for the first copies of several peers to come before the second ones. */
const recentMax = 8;

/** Senders remembered where there is no list of them. */
const livesMax = 256;

/** More are not given tags: a packet filter has room for so many. A rotation needs two. */
const taggedKeysMax = 2;

/** Of whose datagrams tags are told: by carrier, and whether each has one receiver. */
const taggedChannels: Readonly<Record<Carrier, readonly { readonly channel: Channel; readonly isForOne: boolean }[]>> =
  {
    datagram: [
      { channel: "heartbeat", isForOne: false },
      { channel: "control", isForOne: true },
    ],
    witness: [{ channel: "witness", isForOne: false }],
    stream: [],
  };

interface Header {
  readonly channel: Channel;
  readonly from: NodeId;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  /** Stands at the body. */
  readonly reader: BodyReader;
}

/**
 * Turns bytes into packets, once each: whatever is foreign, altered, old or doubled is a reason instead.
 *
 * Its memory is one window per configured node and channel. A daemon that has just started remembers nothing, so packets of a
 * sender's present life may be replayed to it once; the group's own rules (views named for ever, heartbeats that name the life
 * they hear) make those harmless.
 */
export class Opener {
  readonly #cluster: string;
  readonly #self: NodeId;
  readonly #lives = new Map<NodeId, Life>();
  /** By sender, what was said of its tags. */
  readonly #told = new Map<NodeId, PacketTags>();
  /** Newest first. What equals one of them byte for byte is its second copy, by another link: no HMAC is needed to say so. */
  readonly #recent: Taken[] = [];
  #keys: Keys;
  #nodes: ReadonlySet<string> | null;

  constructor({ cluster, keys, self, nodes }: OpenerOptions) {
    this.#cluster = cluster;
    this.#keys = keys;
    this.#self = self;
    this.#nodes = nodes === null ? null : new Set(nodes);
  }

  /** Believes other keys from now on. */
  useKeys(keys: Keys): void {
    this.#keys = keys;
    this.#recent.length = 0;
    this.#told.clear();
  }

  /** Believes other senders from now on; those that stay keep their windows. */
  useNodes(nodes: readonly NodeId[]): void {
    const believed = new Set<string>(nodes);
    this.#nodes = believed;
    this.#recent.length = 0;
    this.#told.clear();
    for (const known of this.#lives.keys()) if (!believed.has(known)) this.#lives.delete(known);
  }

  /**
   * Total: never throws, whatever the bytes. State changes only with `ok: true`.
   *
   * @param bytes kept for a while: the caller must not write into them again
   * @param by how the bytes came: what was sealed for a stream is not taken as a datagram, nor the other way round
   */
  open(bytes: Uint8Array, by: Carrier): Opened {
    const twin = by === "datagram" ? this.#recent.find((taken) => isSame(taken.bytes, bytes)) : undefined;
    if (twin !== undefined) return { ok: false, reason: "replay", from: twin.from };
    const refused = this.#refuse(bytes);
    if (refused !== null) return { ok: false, reason: refused };
    const header = readHeader(bytes);
    if (header === null) return { ok: false, reason: "malformed" };
    const { channel, from, incarnation, sequence } = header;
    if (!isCarriedBy(channel, by)) return { ok: false, reason: "channel" };
    if (from === this.#self) return { ok: false, reason: "self" };
    if (this.#nodes?.has(from) === false) return { ok: false, reason: "unknown-sender" };
    const life = this.#lifeOf(from, incarnation);
    if (incarnation < life.incarnation) return { ok: false, reason: "old-incarnation" };
    const window = life.windows.get(channel);
    if (window?.isFresh(sequence) !== true) return { ok: false, reason: "replay", from };
    const message = readMessage(header.reader);
    if (message === null) return { ok: false, reason: "malformed" };
    this.#keepLife(from, life);
    window.take(sequence);
    if (by === "datagram") this.#remember({ bytes, from });
    const tags = this.#newTags(header, bytes[4] ?? 0, by);
    return {
      ok: true,
      packet: { from, incarnation, message },
      channel,
      sequence,
      ...(tags === null ? {} : { tags }),
    };
  }

  /** null when they were said before, with the key that this packet is signed with among theirs. */
  #newTags({ from, incarnation }: Header, keyNumber: number, by: Carrier): PacketTags | null {
    const channels = taggedChannels[by];
    const told = this.#told.get(from);
    const isTold = told?.life === incarnation && told.series.some(({ selector }) => selector % 256 === keyNumber);
    if (isTold || channels.length === 0) return null;
    const { byNumber, signWith } = this.#keys;
    const numbers = [...new Set([keyNumber, signWith, ...byNumber.keys()])].slice(0, taggedKeysMax);
    const series = numbers.flatMap((number): readonly TagSeries[] => {
      const key = byNumber.get(number);
      if (key === undefined) return [];
      return channels.map(({ channel, isForOne }) =>
        makeTagSeries({ key, keyNumber: number, incarnation, channel, receiver: isForOne ? this.#self : "" }),
      );
    });
    const tags = { life: incarnation, at: tagPlaces, series };
    this.#told.set(from, tags);
    return tags;
  }

  #keepLife(from: NodeId, life: Life): void {
    this.#lives.set(from, life);
    // Only one with the key gets here, and a cluster has fewer names than that.
    const oldest = this.#lives.size > livesMax ? this.#lives.keys().next().value : undefined;
    if (oldest === undefined) return;
    this.#lives.delete(oldest);
    this.#told.delete(oldest);
  }

  #remember(taken: Taken): void {
    this.#recent.unshift(taken);
    if (this.#recent.length > recentMax) this.#recent.pop();
  }

  /** Everything that can be said before the packet is believed; the HMAC last, because it costs most. */
  #refuse(bytes: Uint8Array): DropReason | null {
    if (bytes.length < clusterOffset + 2 + macBytes) return "short";
    if (bytes.length > packetBytesMax) return "long";
    if ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0) !== magic) return "magic";
    if (bytes[2] !== wireVersion) return "version";
    if (channelOf(bytes[3] ?? 0) === undefined) return "channel";
    const key = this.#keys.byNumber.get(bytes[4] ?? 0);
    if (key === undefined) return "key";
    if (new BodyReader(bytes, clusterOffset, bytes.length - macBytes).shortText() !== this.#cluster) return "cluster";
    const signed = bytes.subarray(0, bytes.length - macBytes);
    const mac = createHmac("sha256", key).update(signed).digest();
    return timingSafeEqual(mac, bytes.subarray(bytes.length - macBytes)) ? null : "mac";
  }

  /** The newest life known of the sender; a fresh one, not yet remembered, when this one is newer. */
  #lifeOf(from: NodeId, incarnation: Incarnation): Life {
    const known = this.#lives.get(from);
    if (known !== undefined && known.incarnation >= incarnation) return known;
    const channels: readonly Channel[] = ["control", "heartbeat", "stream", "witness"];
    return { incarnation, windows: new Map(channels.map((channel) => [channel, new ReplayWindow()])) };
  }
}

/** The cluster that bytes say they are of, not believed: to find whose keys to try. undefined when they are no packet. */
export function clusterOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < clusterOffset + 2 + macBytes) return undefined;
  return new BodyReader(bytes, clusterOffset, bytes.length - macBytes).shortText();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

function readHeader(bytes: Uint8Array): Header | null {
  const reader = new BodyReader(bytes, 3, bytes.length - macBytes);
  const channel = channelOf(reader.byte());
  reader.byte();
  const incarnation = reader.rawIncarnation();
  const sequence = reader.fixed(sequenceBytes);
  reader.fixed(tagBytes);
  reader.shortText();
  const from = reader.knownName();
  reader.knowIncarnation(incarnation);
  if (channel === undefined || !reader.isGood || sequence === 0) return null;
  return { channel, from, incarnation, sequence, reader };
}
