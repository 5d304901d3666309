import { connect, type Socket } from "node:net";
import type { Counters } from "../../model/counters.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import { loadLibc } from "../native/libc.ts";
import { frameHead } from "./frame-splitter.ts";
import type { PeerPath, PeerPaths } from "./peer-paths.ts";

/** Waiting for the network at most, per peer: two of the longest frames. More is dropped: the protocol repeats, at its own pace. */
export const queueBytesMax = 16 * 1024 * 1024;

const connectLimitMs = 1_000;
/** After every path has failed, nobody is asked for so long. */
const restMs = 300;
/** The kernel gives a connection up whose bytes are not acknowledged for so long. */
const unacknowledgedMsMax = 3_000;

const ipProtocolTcp = 6;
const tcpUserTimeout = 18;

/** What a sender needs. */
export interface StreamSenderOptions {
  readonly peer: NodeId;
  readonly paths: PeerPaths;
  /** This node's address on each link. */
  readonly ownAddresses: readonly string[];
  readonly clock: Clock;
  readonly counters: Counters;
}

interface Connection {
  readonly socket: Socket;
  readonly path: PeerPath;
  readonly madeAt: number;
}

/**
 * The outgoing half of a pair's stream: connects when there is something to send, over the best path, and leaves a path that went
 * silent while another delivers. What was under way then is lost; the protocol repeats it.
 */
export class StreamSender {
  readonly #options: StreamSenderOptions;
  #connection: Connection | null = null;
  #isConnecting = false;
  #restUntil = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isClosed = false;
  #attempt: Socket | null = null;

  constructor(options: StreamSenderOptions) {
    this.#options = options;
  }

  /** Never throws; what is dropped is counted. */
  send(bytes: Uint8Array): void {
    const { clock, counters } = this.#options;
    if (this.#isClosed) return;
    this.review();
    if (this.#connection !== null) {
      if (this.#connection.socket.writableLength + bytes.length > queueBytesMax)
        return counters.add("stream: queue full");
      return writeFrame(this.#connection.socket, bytes);
    }
    if (clock.now() < this.#restUntil) return counters.add("stream: peer away");
    if (this.#waitingBytes + bytes.length > queueBytesMax) return counters.add("stream: queue full");
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isConnecting) this.#connect();
  }

  /** Call it a few times a second: leaves a path that is dead while another is not. */
  review(): void {
    const { paths, peer, clock, counters } = this.#options;
    const connection = this.#connection;
    if (connection === null) return;
    const now = clock.now();
    const { path } = connection;
    const isAnotherAlive = paths.of(peer).some((other) => other !== path && !paths.isSilent(other, now));
    const isLeft = paths.isSilent(path, now) && path.heardAt > 0 && isAnotherAlive;
    if (!isLeft && path.resumedAt < connection.madeAt) return;
    counters.add("stream: path left");
    this.#drop(connection);
  }

  close(): void {
    this.#isClosed = true;
    this.#attempt?.destroy();
    this.#connection?.socket.destroy();
    this.#connection = null;
    this.#waiting = [];
  }

  #connect(): void {
    this.#isConnecting = true;
    const { paths, peer, clock } = this.#options;
    this.#tryPaths([...paths.inOrder(peer, clock.now())]);
  }

  #tryPaths(rest: readonly PeerPath[]): void {
    const [path, ...others] = rest;
    if (this.#isClosed) return;
    if (path === undefined) return this.#giveUp();
    const { clock, ownAddresses, counters } = this.#options;
    const { address, port } = path.target;
    const localAddress = ownAddresses[path.link];
    const socket = connect({
      host: address,
      port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#attempt = socket;
    socket.setTimeout(connectLimitMs, () => socket.destroy());
    // Every error is followed by "close"; the reason does not change what is done.
    socket.on("error", (error: NodeJS.ErrnoException) => counters.add(`stream: ${error.code ?? "error"}`));
    const failed = (): void => {
      path.failedAt = clock.now();
      this.#tryPaths(others);
    };
    socket.once("close", failed);
    socket.once("connect", () => {
      socket.off("close", failed);
      this.#adopt({ socket, path, madeAt: clock.now() });
    });
  }

  #adopt(connection: Connection): void {
    const { socket, path } = connection;
    this.#attempt = null;
    this.#isConnecting = false;
    this.#connection = connection;
    socket.setTimeout(0);
    socket.resume(); // Nothing is ever answered here, but a stream that nobody reads does not end.
    setUserTimeout(socket);
    socket.once("close", () => {
      path.failedAt = this.#options.clock.now();
      if (this.#connection === connection) this.#connection = null;
    });
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const bytes of waiting) writeFrame(socket, bytes);
  }

  #giveUp(): void {
    const { clock, counters } = this.#options;
    this.#isConnecting = false;
    this.#attempt = null;
    for (const _ of this.#waiting) counters.add("stream: peer away");
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#restUntil = clock.now() + restMs;
  }

  #drop(connection: Connection): void {
    this.#connection = null;
    connection.socket.destroy();
  }
}

function writeFrame(socket: Socket, bytes: Uint8Array): void {
  socket.cork();
  socket.write(frameHead(bytes.length));
  socket.write(bytes);
  socket.uncork();
}

/**
 * Without it a connection into a one-way cut would live for a quarter of an hour. Node has no name for the descriptor; where it
 * is not found, or koffi is missing, the paths' silence must do.
 */
function setUserTimeout(socket: Socket): void {
  const fd = (socket as unknown as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return;
  const value = Buffer.alloc(4);
  value.writeInt32LE(unacknowledgedMsMax);
  loadLibc()?.setsockopt(fd, ipProtocolTcp, tcpUserTimeout, value, value.length);
}
