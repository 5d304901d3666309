/**
 * What tells the packets that a peer makes for this node from others with its address, at the cost of a few words: each bears a tag that
 * only key holders can foretell, of its life, series and sequence. For whoever must choose what is worth a look, such as the
 * kernel's packet filter; believed is what the HMAC says.
 */
export interface PacketTags {
  /** Of one life of the peer. */
  readonly life: string;
  /** Where in a packet they are, in bytes. */
  readonly at: TagPlaces;
  readonly series: readonly TagSeries[];
}

/** Offsets from the packet's first byte. Big endian. */
export interface TagPlaces {
  /** 2 bytes: channel, number of the key. */
  readonly selector: number;
  /** 4 bytes, of the life. */
  readonly lifeWord: number;
  /** 6 bytes. */
  readonly sequence: number;
  /** 4 bytes. */
  readonly tag: number;
}

/** Packets of one channel and key, numbered upwards. */
export interface TagSeries {
  readonly selector: number;
  readonly lifeWord: number;
  /** The key of this series alone, for the block cipher Speck64/128: k0, l0, l1, l2. The tag is the first word of the enciphered sequence. */
  readonly key: readonly [number, number, number, number];
  /** 32 bits. */
  readonly tagOf: (sequence: number) => number;
}
