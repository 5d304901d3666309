import type { Counters } from "../../model/counters.ts";
import type { PacketTags } from "../../model/packet-tags.ts";
import { after } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import { bindDatagramSocket, type DatagramSocket, makeTarget } from "./datagram-socket.ts";
import { FloodGate, floodLimits } from "./flood-gate.ts";
import { endpointText, plainIp } from "./ip-address.ts";

/** Bounds on what a witness keeps of those who ask it. */
export const witnessLimits = {
  /** Nodes whose tags the filter has room for, the last that asked. Of others a sample comes in during a flood. */
  taggedMax: 48,
  /** Nodes that are remembered at all. */
  sendersMax: 1_024,
} as const;

const checkEveryMs = 1_000;

/** Where it listens, and for whom. */
export interface WitnessServerOptions {
  readonly ip: string;
  readonly port: number;
  readonly clock: Clock;
  readonly counters: Counters;
  /** @param address `ip:port`, as `send` and `heard` want it back */
  readonly receive: (bytes: Uint8Array, address: string) => void;
  /** Told when the kernel does not keep floods out, and why. */
  readonly onUnfiltered: (reason: string) => void;
}

/** A node that has asked, of some cluster. */
interface Sender {
  readonly ip: string;
  readonly tags: PacketTags;
}

/**
 * The witness's socket: questions of any cluster come here.
 *
 * Who has asked with a key is a peer of its flood gate, everybody else a stranger. Of a flood of strangers one in 32 comes in, because a node that has
 * not asked yet is one of them.
 */
export class WitnessServer {
  readonly #options: WitnessServerOptions;
  readonly #gate: FloodGate;
  /** The last that asked last. */
  readonly #senders = new Map<string, Sender>();
  #bound: DatagramSocket | null = null;
  #cancelCheck: () => void = () => undefined;

  private constructor(options: WitnessServerOptions) {
    const { counters, clock } = options;
    this.#options = options;
    const plan = {
      name: "witness",
      counters,
      now: () => clock.now(),
      use: (filter: Uint8Array) => this.#useFilter(filter),
      strangersOneIn: floodLimits.untaggedOneIn,
    };
    this.#gate = new FloodGate(plan, new Map());
  }

  /** Listens. Rejects with the system's error when the address cannot be had. */
  static async open(options: WitnessServerOptions): Promise<WitnessServer> {
    const server = new WitnessServer(options);
    await server.#open();
    return server;
  }

  /** Never throws. An answer that cannot be sent is one that was lost on its way: it is asked for again. */
  send(address: string, bytes: Uint8Array): void {
    const { ip, port } = placeOf(address);
    this.#bound?.send(makeTarget(ip, port), bytes, (code) => this.#options.counters.add(`witness: ${code}`));
  }

  /**
   * Somebody with a key has asked from there: what bears its tags comes in whatever floods the socket.
   *
   * @param sender who it is, among all clusters
   * @param tags when they were not said before
   */
  heard(sender: string, address: string, tags: PacketTags | undefined): void {
    const known = this.#senders.get(sender);
    const now = tags ?? known?.tags;
    if (now === undefined) return;
    const ip = plainIp(placeOf(address).ip);
    this.#senders.delete(sender);
    this.#senders.set(sender, { ip, tags: now });
    const oldest = this.#senders.size > witnessLimits.sendersMax ? this.#senders.keys().next().value : undefined;
    if (oldest !== undefined) this.#senders.delete(oldest);
    if (now !== known?.tags || ip !== known.ip) this.#tellGate();
  }

  async close(): Promise<void> {
    const bound = this.#bound;
    this.#bound = null;
    this.#cancelCheck();
    if (bound !== null) await new Promise<void>((done) => bound.socket.close(() => done()));
  }

  async #open(): Promise<void> {
    const { ip, port, counters, receive, onUnfiltered } = this.#options;
    const bound = await bindDatagramSocket({ address: ip, port, device: null, filter: this.#gate.filter() });
    this.#bound = bound;
    if (bound.filterProblem !== null) onUnfiltered(bound.filterProblem);
    // Of one datagram; the next one may fare better.
    bound.socket.on("error", (error: NodeJS.ErrnoException) => counters.add(`witness: ${error.code ?? error.message}`));
    bound.socket.on("message", (bytes, from) => {
      this.#gate.count(plainIp(from.address), bytes);
      receive(bytes, endpointText(from.address, from.port));
    });
    this.#planCheck();
  }

  #planCheck(): void {
    const { clock } = this.#options;
    this.#cancelCheck = clock.wakeAt(after(clock.now(), checkEveryMs), () => {
      if (this.#senders.size > witnessLimits.taggedMax) this.#tellGate();
      this.#gate.check();
      this.#planCheck();
    });
  }

  #tellGate(): void {
    const peers = new Map<string, PacketTags[]>();
    for (const { ip, tags } of [...this.#senders.values()].slice(-witnessLimits.taggedMax)) {
      const lives = peers.get(ip);
      if (lives === undefined) peers.set(ip, [tags]);
      else lives.push(tags);
    }
    this.#gate.usePeers(peers);
  }

  #useFilter(filter: Uint8Array): void {
    const problem = this.#bound?.setFilter(filter) ?? null;
    if (problem !== null) this.#options.onUnfiltered(problem);
  }
}

function placeOf(address: string): { readonly ip: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { ip: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
}
