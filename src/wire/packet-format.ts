/**
 * The outside of every packet, the same for datagrams, heartbeats and stream frames:
 *
 *     0   2  magic "hl"
 *     2   1  version
 *     3   1  channel
 *     4   1  key number
 *     5  14  incarnation of the sender
 *    19   6  sequence, big endian, from 1, growing by 1 per channel and incarnation
 *    25   4  tag: what only key holders can foretell of the next packet (tags.ts)
 *    29   1+n  cluster name, length first
 *         1+n  sender, length first
 *         ...  body: kind and fields (message-body.ts)
 *        32  HMAC-SHA256 of everything before it
 *
 * What is needed to refuse a foreign packet cheaply (magic, version, key number, cluster) comes before anything that must be
 * believed, and nothing but that is read before the HMAC has been checked. The cluster's name is there in full, so that two
 * clusters on one wire are told apart in the log and not as "wrong key".
 */

/** First two bytes, "hl". */
export const magic = 0x686c;

/** Changes with any change of meaning of any byte. */
export const wireVersion = 2;

/** Streams of packets with a sequence each, so that a flood on one does not push the others out of the replay window. */
export type Channel = "control" | "heartbeat" | "stream" | "witness";

/** How bytes came. Each channel has one carrier: stream frames `stream`, what a node and its witness say `witness`, datagrams the rest. */
export type Carrier = "datagram" | "stream" | "witness";

/** True when packets of the channel travel so; one that came otherwise was repeated by somebody who may not be its sender. */
export function isCarriedBy(channel: Channel, carrier: Carrier): boolean {
  return (channel === "stream" || channel === "witness" ? channel : "datagram") === carrier;
}

/** Channel numbers on the wire. */
export const channelNumbers: Readonly<Record<Channel, number>> = { control: 1, heartbeat: 2, stream: 3, witness: 4 };

const channelsByNumber = new Map<number, Channel>(
  (Object.keys(channelNumbers) as Channel[]).map((channel) => [channelNumbers[channel], channel]),
);

/** The channel with this number, undefined when there is none. */
export function channelOf(number: number): Channel | undefined {
  return channelsByNumber.get(number);
}

/** Where the sender's incarnation is, and how long. */
export const incarnationOffset = 5;
export const incarnationBytes = 14;

/** Where the sequence is, and how long. */
export const sequenceOffset = incarnationOffset + incarnationBytes;
export const sequenceBytes = 6;

/** Where the tag is, and how long. */
export const tagOffset = sequenceOffset + sequenceBytes;
export const tagBytes = 4;

/** Length of the HMAC at the end. */
export const macBytes = 32;

/** Offset of the cluster name's length. */
export const clusterOffset = tagOffset + tagBytes;

/** No datagram is longer: it passes every link unfragmented, tunnels included. Longer messages go over the stream. */
export const datagramBytesMax = 1_200;

/** No packet is longer: the limit of a stream's frame. */
export const packetBytesMax = 8 * 1024 * 1024;

/** No entry's body is longer, as JSON in UTF-8. */
export const entryBytesMax = 256 * 1024;
