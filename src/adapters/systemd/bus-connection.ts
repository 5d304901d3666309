import { connect, type Socket } from "node:net";
import { type BusMessage, decodeMessage, encodeMessage, messageLength } from "./bus-message.ts";
import type { BusValue } from "./bus-values.ts";

/** Whom to call, and what. */
export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
}

/** Who hears of a connection. */
export interface BusListener {
  readonly onSignal: (message: BusMessage) => void;
  /** Once, when it is over, however that came, unless we have closed it. */
  readonly onEnd: () => void;
}

/** What we follow sends a few hundred bytes. */
const messageBytesMax = 1 << 20;

/**
 * One connection to a message bus, by its socket. Calls whose arguments are strings, and signals; no more is needed here.
 *
 * The talk begins with lines of text ("I am this user" - "OK" - "begin"), and goes on with messages.
 */
export class BusConnection {
  readonly #socket: Socket;
  readonly #listener: BusListener;
  readonly #waiting = new Map<number, { resolve: (body: readonly BusValue[]) => void; reject: (why: Error) => void }>();
  #received = Buffer.alloc(0);
  #isTalking = false;
  #isOver = false;
  #serial = 0;
  /** What is to be sent once the talk has begun. */
  #queue: Buffer[] = [];

  constructor(path: string, listener: BusListener) {
    this.#listener = listener;
    this.#socket = connect({ path });
    this.#socket.unref();
    this.#socket.on("data", (bytes) => this.#receive(bytes));
    this.#socket.on("error", () => this.#end());
    this.#socket.on("close", () => this.#end());
    const user = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
    this.#socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  }

  /** @returns the body of the answer; rejects with what the bus or who was called has against it, or when the connection ends */
  async call({ destination, path, interface: name, member }: BusCall, words: readonly string[] = []) {
    this.#serial += 1;
    const serial = this.#serial;
    const signature = words.length === 0 ? {} : { signature: "s".repeat(words.length) };
    const message = { kind: "call", serial, path, interface: name, member, destination, ...signature } as const;
    return new Promise<readonly BusValue[]>((resolve, reject) => {
      if (this.#isOver) return reject(new Error("The connection is over"));
      this.#waiting.set(serial, { resolve, reject });
      this.#send(encodeMessage({ ...message, body: words }));
    });
  }

  close(): void {
    this.#isOver = true;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(new Error("The connection is over"));
    this.#waiting.clear();
  }

  #send(bytes: Buffer): void {
    if (this.#isTalking) this.#socket.write(bytes);
    else this.#queue.push(bytes);
  }

  #end(): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.onEnd();
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    try {
      if (!this.#isTalking) this.#begin();
      if (this.#isTalking) this.#takeMessages();
    } catch {
      // Not D-Bus, or a kind of it that we do not know: as if nobody had answered.
      this.#end();
    }
  }

  #begin(): void {
    const end = this.#received.indexOf("\r\n");
    if (end < 0) return;
    const line = this.#received.toString("latin1", 0, end);
    if (!line.startsWith("OK ")) throw new Error(`The bus refuses us: ${line}`);
    this.#received = this.#received.subarray(end + 2);
    this.#isTalking = true;
    this.#socket.write("BEGIN\r\n");
    for (const bytes of this.#queue) this.#socket.write(bytes);
    this.#queue = [];
  }

  #takeMessages(): void {
    for (;;) {
      const length = messageLength(this.#received);
      if (length === null) return;
      if (length > messageBytesMax) throw new RangeError(`A message of ${length} bytes`);
      if (this.#received.length < length) return;
      const message = decodeMessage(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
      this.#take(message);
      if (this.#isOver) return;
    }
  }

  #take(message: BusMessage): void {
    if (message.kind === "signal") return this.#listener.onSignal(message);
    const waiting = this.#waiting.get(message.replyTo ?? 0);
    if (waiting === undefined) return;
    this.#waiting.delete(message.replyTo ?? 0);
    if (message.kind === "return") waiting.resolve(message.body);
    else waiting.reject(new Error(message.error));
  }
}
