import type { Counters } from "../../model/counters.ts";
import type { LinkId } from "../../model/ids.ts";
import type { InstantMs } from "../../model/units.ts";
import { bindProblem } from "./bind-problem.ts";
import { bindDatagramSocket, type DatagramSocket, deviceIndexOf, type Target } from "./datagram-socket.ts";
import { deviceOf, endpointText } from "./ip-address.ts";
import { acceptNone } from "./filter-program.ts";
import { FloodGate, type PeerTags } from "./flood-gate.ts";

/** One of this node's addresses. */
export interface UdpLinkOptions {
  readonly link: LinkId;
  readonly address: string;
  /** 0: any, for a link that only sends. */
  readonly port: number;
  readonly counters: Counters;
  readonly now: () => InstantMs;
  /** null: only sends; the kernel throws away what comes. */
  readonly receive: ((bytes: Uint8Array, address: string, source: string) => void) | null;
  /** The other nodes' addresses on this link, at first, and their tags. Everybody else is a stranger, who must not flood it. */
  readonly peers: PeerTags;
  /** Told when the kernel does not keep floods out, and why. */
  readonly onUnfiltered?: (reason: string) => void;
}

/**
 * The datagrams of one link. It may be shut (its address is not there): then sending counts, and `check` tries again.
 *
 * A device that goes down keeps its socket, which works again when it comes up. A device that was taken away and made anew has
 * another index under the same name, and the old socket is deaf for ever: `check` notices that.
 *
 * What floods it is kept out by its `FloodGate`.
 */
export class UdpLink {
  readonly #options: UdpLinkOptions;
  readonly #gate: FloodGate;
  #bound: DatagramSocket | null = null;
  #isClosed = false;
  /** Since the last check: nothing came in, or something could not be sent. */
  #isDoubtful = false;
  #hasReceived = false;

  constructor(options: UdpLinkOptions) {
    const { link, counters, now, peers } = options;
    this.#options = options;
    this.#gate = new FloodGate(
      { name: `link ${link}`, counters, now, use: (filter) => this.#useFilter(filter) },
      peers,
    );
  }

  get isOpen(): boolean {
    return this.#bound !== null;
  }

  /** @returns null when it is open, otherwise why not and what to do */
  async open(): Promise<string | null> {
    const { address, port, receive } = this.#options;
    if (this.#bound !== null || this.#isClosed) return null;
    const device = deviceOf(address);
    if (device === null)
      return `no network device that is up has the address ${address}; give it one, or mend "addresses"`;
    const filter = receive === null ? acceptNone : this.#gate.filter();
    try {
      const bound = await bindDatagramSocket({ address, port, device, filter });
      if (this.#isClosed || this.#bound !== null) bound.socket.close();
      else this.#adopt(bound);
      return null;
    } catch (error) {
      return `UDP ${endpointText(address, port)}: ${bindProblem(error as NodeJS.ErrnoException)}`;
    }
  }

  /** Never throws; what fails is counted by link and reason. */
  send(target: Target, bytes: Uint8Array): void {
    if (this.#bound === null) return this.#failed("not open");
    this.#bound.send(target, bytes, (code) => this.#failed(code));
  }

  /** Other peers' addresses and tags from now on. */
  usePeers(peers: PeerTags): void {
    this.#gate.usePeers(peers);
  }

  /** Call it about every second: opens what is shut, and looks after a link that is silent or failing. */
  async check(): Promise<void> {
    const { address, receive } = this.#options;
    const isSilent = receive !== null && !this.#hasReceived;
    const isDoubtful = this.#isDoubtful || isSilent;
    this.#hasReceived = false;
    this.#isDoubtful = false;
    this.#gate.check();
    if (this.#bound !== null) {
      if (!isDoubtful || this.#bound.deviceIndex === 0) return;
      const device = deviceOf(address);
      if (device === null || deviceIndexOf(device) === this.#bound.deviceIndex) return;
      this.#options.counters.add(`link ${this.#options.link}: moved to another device`);
      this.#drop();
    }
    await this.open();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const bound = this.#bound;
    this.#bound = null;
    if (bound !== null) await new Promise<void>((done) => bound.socket.close(() => done()));
  }

  #adopt(bound: DatagramSocket): void {
    const { receive, onUnfiltered } = this.#options;
    this.#bound = bound;
    if (bound.filterProblem !== null) onUnfiltered?.(bound.filterProblem);
    bound.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failed(error.code ?? error.message);
      if (this.#bound === bound) this.#drop();
    });
    if (receive === null) return;
    bound.socket.on("message", (bytes, { address, port }) => {
      this.#hasReceived = true;
      this.#gate.count(address, bytes);
      receive(bytes, address, endpointText(address, port));
    });
  }

  #useFilter(filter: Uint8Array): void {
    const problem = this.#bound?.setFilter(filter) ?? null;
    if (problem !== null) this.#options.onUnfiltered?.(problem);
  }

  #drop(): void {
    this.#bound?.socket.close();
    this.#bound = null;
  }

  #failed(code: string): void {
    this.#isDoubtful = true;
    this.#options.counters.add(`link ${this.#options.link}: ${code}`);
  }
}
