import { createServer, type Server, type Socket } from "node:net";
import type { InstantMs } from "../../model/units.ts";
import { loadLibc } from "../native/libc.ts";
import { attachFilter } from "./attach-filter.ts";
import { bindProblem } from "./bind-problem.ts";
import { FloodGate } from "./flood-gate.ts";
import { FrameSplitter } from "./frame-splitter.ts";
import { endpointText } from "./ip-address.ts";
import type { Counters } from "../../model/counters.ts";

/** Bounds on what somebody may take who has not shown a key. */
export const listenerLimits = {
  /** The longest packet of the wire. */
  frameBytesMax: 8 * 1024 * 1024,
  /** A peer has one, and for a moment its successor; the oldest is closed for a new one. */
  connectionsPerSourceMax: 4,
  connectionsMax: 256,
  /** Parts of frames of all connections together. */
  heldBytesMax: 64 * 1024 * 1024,
  /** A connection on which nothing comes for so long is closed; a living peer makes another. */
  idleMs: 120_000,
} as const;

/** What a listener needs. */
export interface StreamListenerOptions {
  readonly counters: Counters;
  readonly now: () => InstantMs;
  /** Addresses of configured nodes; others are closed as soon as they are accepted, and kept out by the kernel when they are many. */
  readonly peers: readonly string[];
  readonly receive: (bytes: Uint8Array, address: string, source: string) => void;
}

interface Incoming {
  readonly socket: Socket;
  readonly address: string;
  readonly splitter: FrameSplitter;
}

/** Nothing of a connection is looked at to know whose it is. */
const noBytes = new Uint8Array();

/**
 * The incoming half of all streams, on one port of several addresses. Who sends is for the wire to find out.
 *
 * To accept a connection and close it takes the main loop a tenth of a millisecond, so a stranger's are counted like datagrams: when they are
 * a flood, the kernel throws their first packets away but for one in 1,024 (ADR 0039).
 */
export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #servers = new Map<string, Server>();
  /** Oldest first. */
  readonly #incoming = new Set<Incoming>();
  readonly #gate: FloodGate;
  #peers: ReadonlySet<string>;
  #isClosed = false;

  constructor(options: StreamListenerOptions) {
    const { counters, now, peers } = options;
    this.#options = options;
    this.#peers = new Set(peers);
    const plan = { name: "listener", counters, now, use: (filter: Uint8Array) => this.#useFilter(filter) };
    this.#gate = new FloodGate(plan, tagless(peers));
  }

  /** @returns null when it listens, otherwise why not and what to do */
  async listen(address: string, port: number): Promise<string | null> {
    if (this.#servers.has(address) || this.#isClosed) return null;
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
    server.maxConnections = listenerLimits.connectionsMax;
    const problem = await new Promise<NodeJS.ErrnoException | null>((done) => {
      server.once("error", done);
      server.listen({ host: address, port }, () => done(null));
    });
    if (problem !== null) return `TCP ${endpointText(address, port)}: ${bindProblem(problem)}`;
    // Later errors are of single connections not accepted, for want of descriptors.
    server.on("error", () => this.#options.counters.add("listener: error"));
    if (this.#isClosed) server.close();
    else this.#servers.set(address, server);
    // In a flood that another address has already.
    this.#useFilter(this.#gate.filter());
    return null;
  }

  /** Other peers from now on: connections of those that are none any more are closed. */
  usePeers(peers: readonly string[]): void {
    this.#peers = new Set(peers);
    this.#gate.usePeers(tagless(peers));
    for (const { socket, address } of this.#incoming) if (!this.#peers.has(address)) socket.destroy();
  }

  /** Call it about every second: a flood that is over is forgotten. */
  check(): void {
    this.#gate.check();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { socket } of this.#incoming) socket.destroy();
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
  }

  #accept(socket: Socket): void {
    const { counters } = this.#options;
    socket.on("error", () => counters.add("listener: connection broken"));
    const address = socket.remoteAddress;
    if (address === undefined || !this.#peers.has(address)) {
      counters.add("listener: foreign address");
      this.#gate.count(address ?? "", noBytes);
      socket.destroy();
      return;
    }
    const incoming = { socket, address, splitter: new FrameSplitter(listenerLimits.frameBytesMax) };
    this.#incoming.add(incoming);
    this.#makeRoom(address);
    const source = endpointText(address, socket.remotePort ?? 0);
    socket.setTimeout(listenerLimits.idleMs, () => socket.destroy());
    socket.once("close", () => this.#incoming.delete(incoming));
    socket.on("data", (chunk) => this.#take(incoming, chunk, source));
  }

  #take({ socket, address, splitter }: Incoming, chunk: Buffer, source: string): void {
    const { counters, receive } = this.#options;
    const isReadable = splitter.push(chunk, (frame) => {
      if (!this.#isClosed) receive(frame, address, source);
    });
    if (isReadable && this.#heldBytes() <= listenerLimits.heldBytesMax) return;
    counters.add(isReadable ? "listener: too much held" : "listener: frame too long");
    socket.destroy();
  }

  /** On all addresses: a port that listens has no other place to say no before a connection is made. */
  #useFilter(filter: Uint8Array): void {
    const libc = loadLibc();
    for (const server of this.#servers.values()) {
      const fd = fdOf(server);
      // Without it connections are closed one by one, as they come.
      if (libc !== null && fd >= 0) attachFilter(libc, fd, filter);
    }
  }

  #makeRoom(address: string): void {
    const same = [...this.#incoming].filter((one) => one.address === address);
    if (same.length <= listenerLimits.connectionsPerSourceMax) return;
    this.#options.counters.add("listener: too many connections");
    same[0]?.socket.destroy();
  }

  #heldBytes(): number {
    let held = 0;
    for (const { splitter } of this.#incoming) held += splitter.heldBytes;
    return held;
  }
}

/** Peers that are let in by their address alone. */
function tagless(peers: readonly string[]): ReadonlyMap<string, readonly never[]> {
  return new Map(peers.map((address) => [address, []]));
}

/** Node has no name for the descriptor; -1 where it is not found. */
function fdOf(server: Server): number {
  return (server as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
}
