import type { Counters } from "../../model/counters.ts";
import type { LinkId } from "../../model/ids.ts";
import type { PacketMark } from "../../ports/transport.ts";
import { bindProblem } from "./bind-problem.ts";
import { bindDatagramSocket, type DatagramSocket, deviceIndexOf, type Target } from "./datagram-socket.ts";
import { deviceOf, endpointText } from "./ip-address.ts";
import { acceptAll, acceptNone, type Instruction, makeSourceFilter } from "./source-filter.ts";

/** When strangers are held for a flood, and what of it is looked at. */
export const floodLimits = {
  /** Datagrams of strangers between two checks; from the next one on they are drawn by lot. A node set up wrongly sends 10 or 20. */
  strangersMax: 500,
  /** Of a flood, one in so many comes in: 150 a second of 150,000, for the status to tell that it goes on. */
  sampleOneIn: 1024,
  /** Datagrams without their sender's mark, from peers' addresses, between two checks; from the next one on they are drawn by lot. */
  unmarkedMax: 500,
  /** Of those one in so many comes in, because a peer that has just started bears a mark that is not known yet. */
  unmarkedOneIn: 32,
} as const;

/** By address; null: not known yet. */
export type PeerMarks = ReadonlyMap<string, PacketMark | null>;

/** One of this node's addresses. */
export interface UdpLinkOptions {
  readonly link: LinkId;
  readonly address: string;
  /** 0: any, for a link that only sends. */
  readonly port: number;
  readonly counters: Counters;
  /** null: only sends; the kernel throws away what comes. */
  readonly receive: ((bytes: Uint8Array, address: string, source: string) => void) | null;
  /** The other nodes' addresses on this link, at first, and their marks. Everybody else is a stranger, who must not flood it. */
  readonly peers: PeerMarks;
  /** Told when the kernel does not keep floods out, and why. */
  readonly onUnfiltered?: (reason: string) => void;
}

/**
 * The datagrams of one link. It may be shut (its address is not there): then sending counts, and `check` tries again.
 *
 * A device that goes down keeps its socket, which works again when it comes up. A device that was taken away and made anew has
 * another index under the same name, and the old socket is deaf for ever: `check` notices that.
 *
 * Strangers are heard, because they may be nodes that somebody has set up wrongly. Once they send too much, the kernel lets only a
 * sample of them through, until a second has passed in which the lot fell on none. Of peers all is heard, until their addresses are
 * flooded: then it is what bears the mark of their life, and a sample of the rest. See ADR 0018 and 0036.
 */
export class UdpLink {
  readonly #options: UdpLinkOptions;
  #peers: PeerMarks;
  #bound: DatagramSocket | null = null;
  #isClosed = false;
  /** Since the last check: nothing came in, or something could not be sent. */
  #isDoubtful = false;
  #hasReceived = false;
  /** Datagrams of strangers since the last check. */
  #strangers = 0;
  #isFlooded = false;
  /** From peers' addresses without their mark, since the last check. */
  #unmarked = 0;
  #isForged = false;

  constructor(options: UdpLinkOptions) {
    this.#options = options;
    this.#peers = options.peers;
  }

  get isOpen(): boolean {
    return this.#bound !== null;
  }

  /** @returns null when it is open, otherwise why not and what to do */
  async open(): Promise<string | null> {
    const { address, port } = this.#options;
    if (this.#bound !== null || this.#isClosed) return null;
    const device = deviceOf(address);
    if (device === null)
      return `no network device that is up has the address ${address}; give it one, or mend "addresses"`;
    try {
      const bound = await bindDatagramSocket({ address, port, device, filter: this.#filter() });
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

  /** Other peers' addresses and marks from now on. */
  usePeers(peers: PeerMarks): void {
    this.#peers = peers;
    if (this.#isFlooded || this.#isForged) this.#useFilter();
  }

  /** Call it about every second: opens what is shut, and looks after a link that is silent or failing. */
  async check(): Promise<void> {
    const { address, receive } = this.#options;
    const isSilent = receive !== null && !this.#hasReceived;
    const isDoubtful = this.#isDoubtful || isSilent;
    this.#hasReceived = false;
    this.#isDoubtful = false;
    const isOver = (this.#isFlooded && this.#strangers === 0) || (this.#isForged && this.#unmarked === 0);
    if (this.#strangers === 0) this.#isFlooded = false;
    if (this.#unmarked === 0) this.#isForged = false;
    if (isOver) this.#useFilter();
    this.#strangers = 0;
    this.#unmarked = 0;
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
      const mark = this.#peers.get(address);
      if (mark === undefined) this.#countStranger();
      else if (mark === null || !bears(bytes, mark)) this.#countUnmarked();
      receive(bytes, address, endpointText(address, port));
    });
  }

  #countStranger(): void {
    this.#strangers += 1;
    if (this.#strangers <= floodLimits.strangersMax || this.#isFlooded) return;
    this.#options.counters.add(`link ${this.#options.link}: floods of strangers`);
    this.#isFlooded = true;
    this.#useFilter();
  }

  #countUnmarked(): void {
    this.#unmarked += 1;
    if (this.#unmarked <= floodLimits.unmarkedMax || this.#isForged) return;
    this.#options.counters.add(`link ${this.#options.link}: floods of forged addresses`);
    this.#isForged = true;
    this.#useFilter();
  }

  /** Where there is no filter, `onUnfiltered` has told so. */
  #useFilter(): void {
    this.#bound?.setFilter(this.#filter());
  }

  #filter(): readonly Instruction[] {
    const { address, receive } = this.#options;
    if (receive === null) return acceptNone;
    if (!this.#isFlooded && !this.#isForged) return acceptAll;
    return makeSourceFilter({
      own: address,
      peers: [...this.#peers].map(([peer, mark]) => (this.#isForged ? { address: peer, mark } : { address: peer })),
      unmarkedOneIn: floodLimits.unmarkedOneIn,
      strangersOneIn: this.#isFlooded ? floodLimits.sampleOneIn : 1,
    });
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

function bears(bytes: Uint8Array, { offset, bytes: mark }: PacketMark): boolean {
  return mark.every((byte, index) => bytes[offset + index] === byte);
}
