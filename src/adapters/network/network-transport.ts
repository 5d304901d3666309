import type { HeartbeatConfig, NodeConfig } from "../../model/cluster-config.ts";
import { Counters } from "../../model/counters.ts";
import { ClusterError } from "../../model/errors.ts";
import type { LinkId, NodeId } from "../../model/ids.ts";
import type { PacketTags } from "../../model/packet-tags.ts";
import type { RosterNode } from "../../model/roster.ts";
import { after, type InstantMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReceivedBytes, Transport } from "../../ports/transport.ts";
import { PeerPaths } from "./peer-paths.ts";
import { type PortState, probePort } from "./probe-port.ts";
import { StreamListener } from "./stream-listener.ts";
import { StreamSender } from "./stream-sender.ts";
import { UdpLink } from "./udp-link.ts";

/** What a transport needs. */
export interface NetworkTransportOptions {
  readonly self: NodeId;
  /** The part of a ClusterConfig that this is made from. */
  readonly config: {
    readonly nodes: readonly NodeConfig[];
    readonly heartbeat: Pick<HeartbeatConfig, "port" | "deadtimeMs">;
  };
  readonly clock: Clock;
  /** `open` tries for so long to get at least one link. Default 5 s: at boot, addresses come late. */
  readonly patienceMs?: number;
  /** Told once when a link cannot be used, and when it can again; for the log. */
  readonly onNote?: (text: string) => void;
}

const checkEveryMs = 1_000;
const retryEveryMs = 250;

/** The network of this node: its links, the streams to its peers, and the way to ask a peer's port. */
export class NetworkTransport implements Transport {
  readonly #options: NetworkTransportOptions;
  readonly #addresses: readonly string[];
  readonly #port: number;
  readonly #paths: PeerPaths;
  readonly #counters = new Counters();
  readonly #senders = new Map<NodeId, StreamSender>();
  readonly #problems = new Map<number, string>();
  #links: readonly UdpLink[] = [];
  #listener: StreamListener | null = null;
  #isClosed = false;
  #isUnfilteredNoted = false;
  #cancelCheck: () => void = () => undefined;

  /** @throws RangeError when `self` is not among the nodes */
  constructor(options: NetworkTransportOptions) {
    const { self, config } = options;
    const own = config.nodes.find((node) => node.id === self);
    if (own === undefined) throw new RangeError(`Cannot open the network of "${self}": not among the nodes`);
    this.#options = options;
    this.#addresses = own.addresses;
    this.#port = config.heartbeat.port;
    const peers = config.nodes.filter((node) => node.id !== self);
    this.#paths = new PeerPaths(peers, this.#port, config.heartbeat.deadtimeMs);
    this.#followPeers();
  }

  /** @throws ClusterError NETWORK_UNUSABLE when no link can be used, with what to do about each */
  async open(receive: (received: ReceivedBytes) => void): Promise<void> {
    const { clock } = this.#options;
    this.#listener = new StreamListener({
      counters: this.#counters,
      now: () => clock.now(),
      peers: this.#paths.addresses,
      receive: (bytes, from, source) => {
        const origin = `stream of ${this.#paths.originOf(from, null)}`;
        receive({ bytes, link: null, source, origin, arrivedAt: clock.now() });
      },
    });
    this.#links = this.#addresses.map((address, index) => this.#makeLink(address, index as LinkId, receive));
    const until = after(clock.now(), this.#options.patienceMs ?? 5_000);
    while (!(await this.#openLinks())) {
      if (this.#isClosed || clock.now() >= until) {
        await this.close();
        throw this.#unusable();
      }
      await new Promise<void>((done) => clock.wakeAt(after(clock.now(), retryEveryMs), done));
    }
    this.#planCheck();
  }

  sendDatagram(to: NodeId, bytes: Uint8Array): void {
    for (const { link, target } of this.#paths.of(to)) this.#links[link]?.send(target, bytes);
  }

  sendStream(to: NodeId, bytes: Uint8Array): void {
    if (this.#listener === null || this.#isClosed) return;
    this.#senders.get(to)?.send(bytes);
  }

  probe(to: NodeId, timeoutMs: number): Promise<PortState> {
    const ways = this.#paths.of(to).map(({ link, target }) => ({ target, localAddress: this.#addresses[link] }));
    return probePort(ways, timeoutMs);
  }

  usePeers(peers: readonly RosterNode[]): void {
    this.#paths.use(peers);
    this.#followPeers();
    this.#tellLinks();
    this.#listener?.usePeers(this.#paths.addresses);
  }

  useTags(peer: NodeId, tags: PacketTags): void {
    this.#paths.useTags(peer, tags);
    this.#tellLinks();
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters.all();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCheck();
    for (const sender of this.#senders.values()) sender.close();
    await Promise.all([...this.#links.map((link) => link.close()), this.#listener?.close()]);
  }

  #tellLinks(): void {
    for (const [index, link] of this.#links.entries()) link.usePeers(this.#paths.tagsOn(index as LinkId));
  }

  /** One sender for each peer; to who is gone, nothing more is sent. */
  #followPeers(): void {
    const { clock } = this.#options;
    for (const [peer, sender] of this.#senders) {
      if (this.#paths.peers.includes(peer)) continue;
      sender.close();
      this.#senders.delete(peer);
    }
    for (const peer of this.#paths.peers) {
      if (this.#senders.has(peer)) continue;
      const options = { peer, paths: this.#paths, ownAddresses: this.#addresses, clock, counters: this.#counters };
      this.#senders.set(peer, new StreamSender(options));
    }
  }

  #makeLink(address: string, link: LinkId, receive: (received: ReceivedBytes) => void): UdpLink {
    const { clock } = this.#options;
    return new UdpLink({
      link,
      address,
      port: this.#port,
      counters: this.#counters,
      now: () => clock.now(),
      peers: this.#paths.tagsOn(link),
      onUnfiltered: (reason) => this.#noteUnfiltered(reason),
      receive: (bytes, from, source) => {
        if (this.#isClosed) return;
        const arrivedAt: InstantMs = clock.now();
        this.#paths.heard(from, arrivedAt);
        receive({ bytes, link, source, origin: this.#paths.originOf(from, link), arrivedAt });
      },
    });
  }

  /** Opens what can be opened. @returns true when any link is usable */
  async #openLinks(): Promise<boolean> {
    const found = await Promise.all(this.#links.map(async (link, index) => this.#openLink(link, index)));
    for (const [index, problem] of found.entries()) this.#noteProblem(index, problem);
    return found.some((problem) => problem === null);
  }

  async #openLink(link: UdpLink, index: number): Promise<string | null> {
    const address = this.#addresses[index] ?? "";
    return (await link.open()) ?? (await this.#listener?.listen(address, this.#port)) ?? null;
  }

  #noteProblem(index: number, problem: string | null): void {
    const before = this.#problems.get(index) ?? null;
    if (before === problem) return;
    const name = `link ${index} (${this.#addresses[index] ?? ""})`;
    if (problem === null) this.#problems.delete(index);
    else this.#problems.set(index, problem);
    this.#options.onNote?.(problem === null ? `${name}: usable` : `${name}: cannot be used: ${problem}`);
  }

  #noteUnfiltered(reason: string): void {
    if (!this.#isUnfilteredNoted) this.#options.onNote?.(`a flood of strangers' packets cannot be kept out: ${reason}`);
    this.#isUnfilteredNoted = true;
  }

  #planCheck(): void {
    const { clock } = this.#options;
    this.#cancelCheck = clock.wakeAt(after(clock.now(), checkEveryMs), () => {
      for (const sender of this.#senders.values()) sender.review();
      void this.#check();
    });
  }

  async #check(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.check()));
    this.#listener?.check();
    if (this.#problems.size > 0 && !this.#isClosed) await this.#openLinks();
    if (!this.#isClosed) this.#planCheck();
  }

  #unusable(): ClusterError {
    const lines = [...this.#problems].map(([index, problem]) => `  link ${index}: ${problem}`);
    return new ClusterError("NETWORK_UNUSABLE", ["Cannot use any link of this node:", ...lines].join("\n"));
  }
}
