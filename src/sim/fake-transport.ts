import type { LinkId, NodeId } from "../model/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { RosterNode } from "../model/roster.ts";
import type { ReceivedBytes, Transport } from "../ports/transport.ts";
import { type WitnessLink, witnessOrigin } from "../ports/witness-link.ts";
import type { FakeNetwork } from "./fake-network.ts";
import { simWitness } from "./sim-witness.ts";
import type { SimProcess } from "./sim-process.ts";
import type { VirtualTime } from "./virtual-time.ts";
import { VirtualPromise } from "./virtual-promise.ts";

/** Packets that a socket keeps for a paused process; more are lost, as in a kernel. */
const socketPacketsMax = 400;

/** What a fake transport is made of. */
export interface FakeTransportParts {
  readonly self: NodeId;
  readonly network: FakeNetwork;
  readonly time: VirtualTime;
  readonly process: SimProcess;
  readonly clock: Clock;
}

/** The transport of one process on one machine. */
export class FakeTransport implements Transport {
  readonly #parts: FakeTransportParts;
  #receive: ((received: ReceivedBytes) => void) | null = null;
  #fromWitness: ((received: ReceivedBytes) => void) | null = null;
  /** null: every machine of the network, as at first. */
  #peers: readonly NodeId[] | null = null;
  #waiting = 0;
  #overflow = 0;

  constructor(parts: FakeTransportParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#receive !== null;
  }

  open(receive: (received: ReceivedBytes) => void): Promise<void> {
    this.#receive = receive;
    return VirtualPromise.resolved();
  }

  /** The way to the witness: through the same network, by this process's life. */
  witnessLink(): WitnessLink {
    return {
      open: (receive) => {
        this.#fromWitness = receive;
        return VirtualPromise.resolved();
      },
      send: (bytes) => {
        if (this.#fromWitness !== null) this.#parts.network.sendDatagram(this.#parts.self, simWitness, bytes);
      },
      useTags: () => undefined,
      counters: () => ({}),
      close: () => {
        this.#fromWitness = null;
        return VirtualPromise.resolved();
      },
    };
  }

  /** The machine hands over what came for the port. */
  deliver(bytes: Uint8Array, link: LinkId | null, source: string): void {
    const { process, clock } = this.#parts;
    const isWitness = source === simWitness;
    const origin = isWitness ? witnessOrigin : source;
    const hand = (): void =>
      isWitness
        ? this.#fromWitness?.({ bytes, link: null, source, origin, arrivedAt: clock.now() })
        : this.#receive?.({ bytes, link, source, origin, arrivedAt: clock.now() });
    if (process.isPaused) {
      if (this.#waiting >= socketPacketsMax) {
        this.#overflow += 1;
        return;
      }
      this.#waiting += 1;
      process.call(() => {
        this.#waiting -= 1;
        hand();
      });
      return;
    }
    hand();
  }

  sendDatagram(to: NodeId, bytes: Uint8Array): void {
    if (this.#receive !== null && this.#isPeer(to)) this.#parts.network.sendDatagram(this.#parts.self, to, bytes);
  }

  sendStream(to: NodeId, bytes: Uint8Array): void {
    if (this.#receive !== null && this.#isPeer(to)) this.#parts.network.sendStream(this.#parts.self, to, bytes);
  }

  probe(to: NodeId, timeoutMs: number): Promise<"open" | "closed" | "silent"> {
    const { self, network, time, process } = this.#parts;
    const answer = new VirtualPromise<"open" | "closed" | "silent">();
    const state = network.portState(self, to);
    const answerMs = state === "silent" ? timeoutMs : Math.min(timeoutMs, 2 * network.weather.delayMs);
    time.schedule(time.now + answerMs, process, () => answer.resolve(state));
    return answer;
  }

  usePeers(peers: readonly RosterNode[]): void {
    this.#peers = peers.map(({ id }) => id);
  }

  /** Nobody floods here. */
  useTags(): void {}

  #isPeer(node: NodeId): boolean {
    return this.#peers === null || this.#peers.includes(node);
  }

  counters(): Readonly<Record<string, number>> {
    return this.#overflow > 0 ? { "socket full": this.#overflow } : {};
  }

  close(): Promise<void> {
    this.#receive = null;
    return VirtualPromise.resolved();
  }
}
