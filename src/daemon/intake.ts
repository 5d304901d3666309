import { Counters } from "../model/counters.ts";
import type { Input } from "../model/input.ts";
import type { InstantMs } from "../model/units.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { witnessOrigin } from "../ports/witness-link.ts";
import { Inbox } from "./inbox.ts";
import { daemonLimits } from "./limits.ts";
import type { LinkTable } from "./link-table.ts";
import { RefusedPackets } from "./refused-packets.ts";
import type { DaemonSetup } from "./setup.ts";

/** What an intake needs of its daemon. */
export interface IntakeOptions {
  readonly setup: Pick<DaemonSetup, "ports" | "opener" | "witnessOpener">;
  /** Told of each authentic packet, second copies too. */
  readonly links: LinkTable;
  /** False while there is no core that could take anything: it all waits. */
  readonly isOpen: () => boolean;
  readonly take: (input: Input) => void;
}

/** Where everything comes in, and the loop that gives it on, one input at a time; bytes that are no packet for us end here. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #inbox = new Inbox();
  readonly #dropped = new Counters();
  readonly #refused = new RefusedPackets();
  #isGiving = false;
  #isArmed = false;
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  receive(received: ReceivedBytes): void {
    if (this.#isClosed) return;
    this.#inbox.addPacket(received);
    this.goOn();
  }

  add(input: Input): void {
    if (this.#isClosed) return;
    this.#inbox.addInput(input);
    this.goOn();
  }

  /** Gives on what waits, from the next turn of the loop on. */
  goOn(): void {
    if (this.#isArmed || this.#isGiving || this.#isClosed) return;
    this.#isArmed = true;
    const { clock } = this.#options.setup.ports;
    clock.wakeAt(clock.now(), () => {
      this.#isArmed = false;
      this.#give();
    });
  }

  /** Nothing is given on any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Packets that were not given on, by reason. */
  dropped(): Readonly<Record<string, number>> {
    const { dropped } = this.#inbox;
    return dropped > 0 ? { ...this.#dropped.all(), "inbox full": dropped } : this.#dropped.all();
  }

  /** Of packets that should not have come in the last minute; null when there were none. */
  warning(now: InstantMs): string | null {
    return this.#refused.warning(now);
  }

  #give(): void {
    this.#isGiving = true;
    for (let turn = 0; turn < daemonLimits.inputsPerTurnMax; turn += 1) {
      if (this.#isClosed || !this.#options.isOpen()) break;
      const input = this.#inbox.takeInput();
      if (input !== undefined) {
        this.#options.take(input);
        continue;
      }
      const received = this.#inbox.takePacket();
      if (received === undefined) break;
      this.#unseal(received);
    }
    this.#isGiving = false;
    if (this.#options.isOpen() && !this.#inbox.isEmpty) this.goOn();
  }

  #unseal(received: ReceivedBytes): void {
    if (received.origin === witnessOrigin) return this.#unsealAnswer(received);
    const { setup, links, take } = this.#options;
    const opened = setup.opener.open(received.bytes, received.link === null ? "stream" : "datagram");
    if (!opened.ok) {
      if (opened.from !== undefined) links.heard(opened.from, received.link, received.arrivedAt);
      this.#refused.add(opened.reason, received.source, received.arrivedAt);
      return this.#dropped.add(opened.reason);
    }
    links.heard(opened.packet.from, received.link, received.arrivedAt);
    if (opened.tags !== undefined) setup.ports.transport.useTags(opened.packet.from, opened.tags);
    take({ kind: "packet", packet: opened.packet, arrivedAt: received.arrivedAt });
  }

  /** What came from the witness's address: its answers, sealed with the cluster's key, and nothing else. */
  #unsealAnswer(received: ReceivedBytes): void {
    const opened = this.#options.setup.witnessOpener?.open(received.bytes, "witness");
    if (opened === undefined) return;
    if (!opened.ok) return this.#dropped.add(`witness ${opened.reason}`);
    if (opened.tags !== undefined) this.#options.setup.ports.witness?.useTags(opened.tags);
    if (opened.packet.message.kind !== "grant") return this.#dropped.add("witness kind");
    this.#options.take({ kind: "packet", packet: opened.packet, arrivedAt: received.arrivedAt });
  }
}
