import type { Input } from "../model/input.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { Fifo } from "./fifo.ts";
import { daemonLimits } from "./limits.ts";

/**
 * What waits for the loop. Results, intents and answers are never dropped: each was asked for, so their number is bounded by
 * what is under way. Packets are: the oldest goes first, because a newer heartbeat says more than an older one.
 */
export class Inbox {
  readonly #inputs = new Fifo<Input>();
  readonly #packets = new Fifo<ReceivedBytes>();
  #dropped = 0;

  /** Packets pushed out by newer ones. */
  get dropped(): number {
    return this.#dropped;
  }

  get isEmpty(): boolean {
    return this.#inputs.length === 0 && this.#packets.length === 0;
  }

  addInput(input: Input): void {
    this.#inputs.push(input);
  }

  addPacket(received: ReceivedBytes): void {
    if (this.#packets.length >= daemonLimits.packetsMax) {
      this.#packets.shift();
      this.#dropped += 1;
    }
    this.#packets.push(received);
  }

  /** The next result or intent; they go before packets. */
  takeInput(): Input | undefined {
    return this.#inputs.shift();
  }

  takePacket(): ReceivedBytes | undefined {
    return this.#packets.shift();
  }
}
