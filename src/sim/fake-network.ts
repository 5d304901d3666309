import { parseLinkId, type LinkId, type NodeId } from "../model/ids.ts";
import { CarriedBytes } from "./carried-packets.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the network delivers to: a machine with power. */
export interface Plug {
  /** Takes a packet from the wire; it may get lost in here, as there may be no daemon. */
  receive(bytes: Uint8Array, link: LinkId | null, from: NodeId): void;
  /** What a connection to the daemon's port would give. */
  portState(): "open" | "closed" | "silent";
}

/** How the network behaves. */
export interface NetworkWeather {
  /** Probability that a datagram is lost; a stream is slowed down instead. */
  loss: number;
  /** Probability that a datagram comes twice, the second time up to `strayMsMax` later. */
  duplication: number;
  /** One way, beside the queueing of `jitterMsMax`. At least 1. */
  delayMs: number;
  /** Reorders when greater than the distance between packets. */
  jitterMsMax: number;
  /** How old the second copy of a doubled packet can get: it may outlive its sender's incarnation. */
  strayMsMax: number;
}

/** A quiet local network. */
export const fairWeather: NetworkWeather = { loss: 0, duplication: 0, delayMs: 1, jitterMsMax: 0, strayMsMax: 0 };

/** Time that TCP takes to notice a lost segment and send it again. */
const retransmitMs = 200;

/**
 * The wires between the machines: several links, each a direct path between every two nodes, that can be cut per link,
 * pair and direction. Streams are in order and without gaps while the pair is connected, and lose what is under way when not.
 */
export class FakeNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #links: number;
  readonly #plugs = new Map<NodeId, Plug>();
  /** Keys `from>to/link` of directions that are cut. */
  readonly #cuts = new Set<string>();
  readonly #streamFreeAt = new Map<string, number>();
  weather: NetworkWeather = fairWeather;
  /** Datagrams and stream messages handed in, for figures. */
  sent = 0;

  constructor(time: VirtualTime, random: Random, links: number) {
    this.#time = time;
    this.#random = random;
    this.#links = links;
  }

  connect(node: NodeId, plug: Plug): void {
    this.#plugs.set(node, plug);
  }

  /** Cuts the direction `from` to `to` on one link, or on all. */
  cut(from: NodeId, to: NodeId, link?: number): void {
    for (const each of this.#linksOf(link)) this.#cuts.add(cutKey(from, to, each));
  }

  heal(from: NodeId, to: NodeId, link?: number): void {
    for (const each of this.#linksOf(link)) this.#cuts.delete(cutKey(from, to, each));
  }

  healAll(): void {
    this.#cuts.clear();
  }

  /** True when a packet from `from` reaches `to` on some link. */
  isConnected(from: NodeId, to: NodeId): boolean {
    return this.#cuts.size === 0 || this.#linksOf(undefined).some((link) => !this.#cuts.has(cutKey(from, to, link)));
  }

  sendDatagram(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    this.sent += 1;
    for (let link = 0; link < this.#links; link += 1) {
      if (this.#cuts.size > 0 && this.#cuts.has(cutKey(from, to, link))) continue;
      const { weather } = this;
      if (weather.loss > 0 && this.#random.chance(weather.loss)) continue;
      this.#deliverLater(this.#delay(), from, to, { bytes, link: parseLinkId(link) });
      if (weather.duplication > 0 && this.#random.chance(weather.duplication)) {
        const copy = bytes instanceof CarriedBytes ? bytes.copy() : bytes;
        const strayMs = this.#random.between(0, weather.strayMsMax);
        this.#deliverLater(this.#delay() + strayMs, from, to, { bytes: copy, link: parseLinkId(link) });
      }
    }
  }

  sendStream(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    this.sent += 1;
    // A connection needs both directions: what is not acknowledged is not delivered for long.
    if (!this.isConnected(from, to) || !this.isConnected(to, from)) return;
    if (this.#plugs.get(to)?.portState() === "closed") return;
    const key = `${from}>${to}`;
    let arrival = this.#time.now + this.#delay();
    while (this.weather.loss > 0 && this.#random.chance(this.weather.loss)) arrival += retransmitMs;
    arrival = Math.max(arrival, this.#streamFreeAt.get(key) ?? 0);
    this.#streamFreeAt.set(key, arrival);
    this.#time.schedule(arrival, null, () => {
      if (this.isConnected(from, to) && this.isConnected(to, from)) this.#plugs.get(to)?.receive(bytes, null, from);
    });
  }

  /** What `from` finds at the port of `to`. */
  portState(from: NodeId, to: NodeId): "open" | "closed" | "silent" {
    if (!this.isConnected(from, to) || !this.isConnected(to, from)) return "silent";
    return this.#plugs.get(to)?.portState() ?? "silent";
  }

  #deliverLater(
    delayMs: number,
    from: NodeId,
    to: NodeId,
    what: { readonly bytes: Uint8Array; readonly link: LinkId },
  ): void {
    this.#time.schedule(this.#time.now + delayMs, null, () => {
      // A packet under way when the cable is pulled is lost too.
      if (this.#cuts.size > 0 && this.#cuts.has(cutKey(from, to, what.link))) return;
      this.#plugs.get(to)?.receive(what.bytes, what.link, from);
    });
  }

  #delay(): number {
    const { delayMs, jitterMsMax } = this.weather;
    return jitterMsMax === 0 ? delayMs : delayMs + this.#random.between(0, jitterMsMax);
  }

  #linksOf(link: number | undefined): readonly number[] {
    return link === undefined ? Array.from({ length: this.#links }, (_, index) => index) : [link];
  }
}

function cutKey(from: NodeId, to: NodeId, link: number): string {
  return `${from}>${to}/${link}`;
}
