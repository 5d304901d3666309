import { createSocket, type Socket } from "node:dgram";
import { isIPv6, SocketAddress } from "node:net";
import { Counters } from "../../model/counters.ts";
import { type WitnessLink, witnessOrigin } from "../../ports/witness-link.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReceivedBytes } from "../../ports/transport.ts";
import { endpointText } from "./ip-address.ts";

/** A node's way to its witness: a socket of its own, so that nothing of the heartbeats' way can be in its way. */
export class UdpWitnessLink implements WitnessLink {
  readonly #ip: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #counters = new Counters();
  #socket: Socket | null = null;

  constructor({ ip, port, clock }: { readonly ip: string; readonly port: number; readonly clock: Clock }) {
    this.#ip = plain(ip);
    this.#port = port;
    this.#clock = clock;
  }

  open(receive: (received: ReceivedBytes) => void): Promise<void> {
    const socket = createSocket(isIPv6(this.#ip) ? "udp6" : "udp4");
    this.#socket = socket;
    socket.on("message", (bytes, { address, port }) => {
      if (plain(address) !== this.#ip || port !== this.#port) return this.#counters.add("witness: stranger");
      const source = endpointText(address, port);
      receive({ bytes, link: null, source, origin: witnessOrigin, arrivedAt: this.#clock.now() });
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(0, () => {
        socket.off("error", reject);
        socket.on("error", (error: NodeJS.ErrnoException) => this.#failed(error));
        resolve();
      });
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket?.send(bytes, this.#port, this.#ip, (error) => {
      if (error !== null) this.#failed(error);
    });
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters.all();
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await new Promise<void>((done) => socket.close(() => done()));
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#counters.add(`witness: ${error.code ?? error.message}`);
  }
}

/** The witness's socket: questions of any cluster come here. */
export interface WitnessServer {
  /** @param address as `receive` was given it */
  send(address: string, bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Listens. Rejects with the system's error when the address cannot be had. */
export function serveWitness(
  { ip, port }: { readonly ip: string; readonly port: number },
  receive: (bytes: Uint8Array, address: string) => void,
): Promise<WitnessServer> {
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
  socket.on("message", (bytes, from) => receive(bytes, `${from.address} ${from.port}`));
  const server: WitnessServer = {
    send: (address, bytes) => {
      const [host = "", number = ""] = address.split(" ");
      // An answer that cannot be sent is one that was lost on its way: it is asked for again.
      socket.send(bytes, Number(number), host, () => undefined);
    },
    close: () => new Promise((done) => socket.close(() => done())),
  };
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address: ip, port, exclusive: true }, () => {
      socket.off("error", reject);
      // Of one datagram; the next one may fare better.
      socket.on("error", () => undefined);
      resolve(server);
    });
  });
}

/** One spelling of each address. */
function plain(address: string): string {
  return isIPv6(address) ? new SocketAddress({ address, family: "ipv6" }).address : address;
}
