import type { Counters } from "../../model/counters.ts";
import type { PacketTags, TagSeries } from "../../model/packet-tags.ts";
import type { InstantMs } from "../../model/units.ts";
import { acceptAll, type FilterProgram } from "./filter-program.ts";
import { floorOf, makeSourceFilter } from "./source-filter.ts";
import { setFloor } from "./tag-steps.ts";

/** When datagrams are held for a flood, and what of it is looked at. */
export const floodLimits = {
  /** Datagrams of strangers between two checks; from the next one on they are drawn by lot. A node set up wrongly sends 10 or 20. */
  strangersMax: 500,
  /** Of a flood, one in so many comes in: 150 a second of 150,000, for the status to tell that it goes on. */
  sampleOneIn: 1024,
  /** Datagrams from peers' addresses without a new tag, between two checks; from the next one on they are drawn by lot. */
  untaggedMax: 500,
  /** Of those one in so many comes in, because the tags of a peer that has just started are not known yet. */
  untaggedOneIn: 32,
  /** Copies of new tags that come in before the filter is told that these are old. A link delivers each packet once. */
  copiesMax: 16,
  /** Between two filters, at least: a new one costs a tenth of a millisecond, and in two come in 300 of 150,000 a second. */
  refreshMs: 2,
} as const;

/** By address: of each life that is known. Empty: none is known yet. */
export type PeerTags = ReadonlyMap<string, readonly PacketTags[]>;

/** What a gate needs. */
export interface FloodGateOptions {
  /** How floods are counted: `NAME: floods of strangers`. */
  readonly name: string;
  readonly counters: Counters;
  readonly now: () => InstantMs;
  /** Puts a filter in force. */
  readonly use: (filter: Uint8Array) => void;
  /** Of a flood of strangers one in so many comes in. Default `floodLimits.sampleOneIn`. */
  readonly strangersOneIn?: number;
}

/** What came of a tag. */
type Verdict = "new" | "copy" | "old" | "none";

/**
 * Notices floods at one socket, and has the kernel keep them out.
 *
 * Strangers are heard, because they may be nodes that somebody has set up wrongly. Once they send too much, the kernel lets only a
 * sample of them through, until a second has passed in which the lot fell on none. Of peers all is heard, until their addresses are
 * flooded: then it is what bears a new tag, and a sample of the rest. A tag is new once: when copies of it come in, the kernel gets another
 * filter. See ADR 0018, 0036 and 0037.
 */
export class FloodGate {
  readonly #options: FloodGateOptions;
  #peers: PeerTags;
  /** By series, the highest sequence that came with its tag. */
  #newest = new Map<string, number>();
  /** The same, as the filter in force has it. */
  #inForce: ReadonlyMap<string, number> = new Map();
  /** For floods as they are now; null: to be made. Making one takes a millisecond, raising its floors does not. */
  #program: FilterProgram | null = null;
  /** Datagrams of strangers since the last check. */
  #strangers = 0;
  #isFlooded = false;
  /** From peers' addresses without a new tag, since the last check. */
  #untagged = 0;
  #isForged = false;
  /** Copies that came by a tag since the last filter. */
  #copies = 0;
  #refreshedAt: number = -floodLimits.refreshMs;

  constructor(options: FloodGateOptions, peers: PeerTags) {
    this.#options = options;
    this.#peers = peers;
  }

  /** Other peers from now on, or other tags. */
  usePeers(peers: PeerTags): void {
    this.#peers = peers;
    this.#program = null;
    const lives = new Set([...peers.values()].flat().map(({ life }) => life));
    for (const key of this.#newest.keys()) if (!lives.has(key.slice(0, key.indexOf(" ")))) this.#newest.delete(key);
    if (this.#isFlooded || this.#isForged) this.#refresh();
  }

  /** A datagram came in. */
  count(address: string, bytes: Uint8Array): void {
    const lives = this.#peers.get(address);
    if (lives === undefined) return this.#countStranger();
    const verdict = this.#judge(lives, bytes);
    if (verdict === "new") return;
    if (verdict === "copy") this.#copies += 1;
    this.#countUntagged();
    if (this.#isForged && this.#copies >= floodLimits.copiesMax) this.#refreshSoon();
  }

  /** Call it about every second: a flood that is over is forgotten. */
  check(): void {
    const isOver = (this.#isFlooded && this.#strangers === 0) || (this.#isForged && this.#untagged === 0);
    if (this.#strangers === 0) this.#isFlooded = false;
    if (this.#untagged === 0) this.#isForged = false;
    this.#strangers = 0;
    this.#untagged = 0;
    if (isOver) this.#change();
  }

  /** The bytes of what is to be in force now. */
  filter(): Uint8Array {
    if (!this.#isFlooded && !this.#isForged) return acceptAll;
    this.#program ??= makeSourceFilter({
      peers: [...this.#peers].map(([address, lives]) => (this.#isForged ? { address, lives } : { address })),
      untaggedOneIn: floodLimits.untaggedOneIn,
      strangersOneIn: this.#isFlooded ? (this.#options.strangersOneIn ?? floodLimits.sampleOneIn) : 1,
    });
    if (this.#isForged) for (const [address, lives] of this.#peers) this.#raiseFloors(this.#program, address, lives);
    return this.#program.bytes;
  }

  #raiseFloors(program: FilterProgram, address: string, lives: readonly PacketTags[]): void {
    for (const tags of lives)
      for (const series of tags.series)
        setFloor(program, floorOf(address, tags, series), this.#inForce.get(keyOf(tags, series)) ?? 0);
  }

  #judge(lives: readonly PacketTags[], bytes: Uint8Array): Verdict {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const tags of lives) {
      const { at } = tags;
      if (bytes.length < at.tag + 4) return "none";
      const [selector, lifeWord] = [view.getUint16(at.selector), view.getUint32(at.lifeWord)];
      const series = tags.series.find((one) => one.selector === selector && one.lifeWord === lifeWord);
      if (series === undefined) continue;
      const sequence = view.getUint16(at.sequence) * 2 ** 32 + view.getUint32(at.sequence + 2);
      if (series.tagOf(sequence) !== view.getUint32(at.tag)) return "none";
      const key = keyOf(tags, series);
      if (sequence > (this.#newest.get(key) ?? 0)) {
        this.#newest.set(key, sequence);
        return "new";
      }
      return sequence > (this.#inForce.get(key) ?? 0) ? "copy" : "old";
    }
    return "none";
  }

  #countStranger(): void {
    this.#strangers += 1;
    if (this.#strangers <= floodLimits.strangersMax || this.#isFlooded) return;
    this.#options.counters.add(`${this.#options.name}: floods of strangers`);
    this.#isFlooded = true;
    this.#change();
  }

  #countUntagged(): void {
    this.#untagged += 1;
    if (this.#untagged <= floodLimits.untaggedMax || this.#isForged) return;
    this.#options.counters.add(`${this.#options.name}: floods of forged addresses`);
    this.#isForged = true;
    this.#change();
  }

  /** A flood has begun, or is over. */
  #change(): void {
    this.#program = null;
    this.#refresh();
  }

  #refreshSoon(): void {
    if (this.#options.now() - this.#refreshedAt >= floodLimits.refreshMs) this.#refresh();
  }

  #refresh(): void {
    this.#inForce = new Map(this.#newest);
    this.#copies = 0;
    this.#refreshedAt = this.#options.now();
    this.#options.use(this.filter());
  }
}

/** Channels of a life are numbered apart, whichever key signs. */
function keyOf({ life }: PacketTags, { selector }: TagSeries): string {
  return `${life} ${selector >> 8}`;
}
