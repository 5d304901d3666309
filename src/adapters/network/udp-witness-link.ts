import { isIPv6 } from "node:net";
import { Counters } from "../../model/counters.ts";
import type { PacketTags } from "../../model/packet-tags.ts";
import type { InstantMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReceivedBytes } from "../../ports/transport.ts";
import { type WitnessLink, witnessOrigin } from "../../ports/witness-link.ts";
import { bindDatagramSocket, type DatagramSocket, makeTarget, type Target } from "./datagram-socket.ts";
import { FloodGate } from "./flood-gate.ts";
import { endpointText, plainIp } from "./ip-address.ts";

/** Between two looks at a flood. */
const checkEveryMs = 1_000;

/** A node's way to its witness: a socket of its own, so that nothing of the heartbeats' way can be in its way. */
export class UdpWitnessLink implements WitnessLink {
  readonly #ip: string;
  readonly #target: Target;
  readonly #clock: Clock;
  readonly #counters = new Counters();
  readonly #gate: FloodGate;
  #bound: DatagramSocket | null = null;
  #checkedAt: InstantMs;

  constructor({ ip, port, clock }: { readonly ip: string; readonly port: number; readonly clock: Clock }) {
    this.#ip = plainIp(ip);
    this.#target = makeTarget(ip, port);
    this.#clock = clock;
    this.#checkedAt = clock.now();
    this.#gate = new FloodGate(
      {
        name: "witness",
        counters: this.#counters,
        now: () => clock.now(),
        use: (filter) => void this.#bound?.setFilter(filter),
      },
      new Map([[this.#ip, []]]),
    );
  }

  async open(receive: (received: ReceivedBytes) => void): Promise<void> {
    const address = isIPv6(this.#ip) ? "::" : "0.0.0.0";
    const bound = await bindDatagramSocket({ address, port: 0, device: null, filter: this.#gate.filter() });
    this.#bound = bound;
    bound.socket.on("error", (error: NodeJS.ErrnoException) => this.#failed(error.code ?? error.message));
    bound.socket.on("message", (bytes, { address: from, port }) => {
      const ip = plainIp(from);
      this.#gate.count(ip, bytes);
      if (ip !== this.#ip || port !== this.#target.port) return this.#counters.add("witness: stranger");
      const source = endpointText(from, port);
      receive({ bytes, link: null, source, origin: witnessOrigin, arrivedAt: this.#clock.now() });
    });
  }

  send(bytes: Uint8Array): void {
    const now = this.#clock.now();
    // With a question: a timer of its own would cost a waking.
    if (now - this.#checkedAt >= checkEveryMs) {
      this.#checkedAt = now;
      this.#gate.check();
    }
    this.#bound?.send(this.#target, bytes, (code) => this.#failed(code));
  }

  useTags(tags: PacketTags): void {
    this.#gate.usePeers(new Map([[this.#ip, [tags]]]));
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters.all();
  }

  async close(): Promise<void> {
    const bound = this.#bound;
    this.#bound = null;
    if (bound !== null) await new Promise<void>((done) => bound.socket.close(() => done()));
  }

  #failed(code: string): void {
    this.#counters.add(`witness: ${code}`);
  }
}
