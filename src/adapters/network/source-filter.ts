import { isIPv4, isIPv6 } from "node:net";
import type { PacketTags, TagSeries } from "../../model/packet-tags.ts";
import { assemble, type FilterProgram, go, jump, keep, opcodes, places, step, type Step } from "./filter-program.ts";
import { makeSockaddr } from "./ip-address.ts";
import { checkTag, udpHeaderBytes, useSeries } from "./tag-steps.ts";

/** Whose datagrams come in by their address, or only those with new tags. An address may be forged, a tag be copied once it was seen. */
export interface FilteredPeer {
  readonly address: string;
  /**
   * undefined: all come in. Otherwise those with a tag of one of these lives and a sequence above the series' floor, and the rest is drawn;
   * none: all are drawn.
   */
  readonly lives?: readonly PacketTags[];
}

/** Who gets through a filter. */
export interface FilterWish {
  readonly peers: readonly FilteredPeer[];
  /** Of what comes from a peer's address without a new tag, one in so many. A power of two. */
  readonly untaggedOneIn: number;
  /** Of all others' one in so many, drawn by lot. A power of two, so that the lot is a mask. */
  readonly strangersOneIn: number;
}

const sourceOffset = { ipv4: 12, ipv6: 8 };

/**
 * What peers send, and of what others send a few. All floors are 0: see `floorOf`.
 *
 * @throws RangeError when a share is no power of two, or there are too many peers
 */
export function makeSourceFilter({ peers, untaggedOneIn, strangersOneIn }: FilterWish): FilterProgram {
  const [four, six] = [isIPv4, isIPv6].map((isOfFamily) => peers.filter(({ address }) => isOfFamily(address)));
  const layout = peers.flatMap(({ lives = [] }) => lives).at(0)?.at;
  return assemble([
    // A socket on "::" has packets of both families.
    step(opcodes.loadByte, places.ipHeader),
    step(opcodes.shiftRight, 4),
    jump(opcodes.ifEqual, 4, { ifTrue: "IPv4" }),
    go("IPv6"),
    { label: "IPv4" },
    ...(four ?? []).flatMap((peer) => peerSteps(peer)),
    go("stranger"),
    { label: "IPv6" },
    ...(six ?? []).flatMap((peer) => peerSteps(peer)),
    go("stranger"),
    // Behind a `go`: the kernel wants each word of memory written on every way here that it can think of.
    ...(layout === undefined ? [] : [{ label: "tagged" }, ...checkTag(layout, "kept", "untagged")]),
    { label: "stranger" },
    ...draw(strangersOneIn, "stranger's lot"),
    { label: "untagged" },
    ...draw(untaggedOneIn, "untagged lot"),
    { label: "kept" },
    keep(true),
  ]);
}

/** What `setFloor` finds a series by. Channels of a life are numbered apart, whichever key signs; so each key has a place of its own. */
export function floorOf(address: string, { life }: PacketTags, { selector }: TagSeries): string {
  return `floor ${address} ${life} ${selector}`;
}

/** Falls through when the packet is not of this address. */
function peerSteps({ address, lives }: FilteredPeer): readonly Step[] {
  const source = places.ipHeader + (isIPv6(address) ? sourceOffset.ipv6 : sourceOffset.ipv4);
  const other = `not ${address}`;
  const compared = wordsOf(address).flatMap((word, index) => [
    step(opcodes.load, source + 4 * index),
    // The end of this peer's steps may be too far for a comparison.
    jump(opcodes.ifEqual, word, { ifTrue: `${address} ${index}` }),
    go(other),
    { label: `${address} ${index}` },
  ]);
  const all = (lives ?? []).flatMap((tags) => tags.series.map((series) => ({ tags, series })));
  const ways = all.flatMap(({ tags, series }, index) =>
    seriesSteps(tags, series, { floor: floorOf(address, tags, series), other: `not ${address}, series ${index}` }),
  );
  return [...compared, ...ways, go(lives === undefined ? "kept" : "untagged"), { label: other }];
}

/** Falls through when the packet is of another series. */
function seriesSteps(
  { at }: PacketTags,
  series: TagSeries,
  { floor, other }: { readonly floor: string; readonly other: string },
): readonly Step[] {
  return [
    step(opcodes.load, udpHeaderBytes + at.lifeWord),
    jump(opcodes.ifEqual, series.lifeWord, { ifFalse: other }),
    step(opcodes.loadHalf, udpHeaderBytes + at.selector),
    jump(opcodes.ifEqual, series.selector, { ifFalse: other }),
    ...useSeries(series.key, floor),
    go("tagged"),
    { label: other },
  ];
}

/** One in so many, by lot. */
function draw(oneIn: number, label: string): readonly Step[] {
  if (!Number.isInteger(Math.log2(oneIn))) throw new RangeError(`Cannot draw one in ${oneIn}`);
  return [
    step(opcodes.load, places.random),
    jump(opcodes.ifAnyBit, oneIn - 1, { ifTrue: label }),
    keep(true),
    { label },
    keep(false),
  ];
}

/** The address in words of four bytes. */
function wordsOf(address: string): readonly number[] {
  const sockaddr = makeSockaddr(address, 0);
  const [start, length] = isIPv6(address) ? [8, 16] : [4, 4];
  return Array.from({ length: length / 4 }, (_, index) => sockaddr.readUInt32BE(start + 4 * index));
}
