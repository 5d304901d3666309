import type { Input } from "../model/input.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { Fifo } from "./fifo.ts";
import { daemonLimits } from "./limits.ts";

/**
 * What waits for the loop. Results, intents and answers are never dropped: each was asked for, so their number is bounded by
 * what is under way. Packets are: the oldest goes first, because a newer heartbeat says more than an older one.
 *
 * Invariant: at most `packetsMax` packets wait, and they hold `#packetBytes` <= `packetsBytesMax` bytes together.
 */
export class Inbox {
  readonly #inputs = new Fifo<Input>();
  readonly #packets = new Fifo<ReceivedBytes>();
  #packetBytes = 0;
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

  /** @param received of at most `packetsBytesMax` bytes; the transport's frames are an eighth of that at most */
  addPacket(received: ReceivedBytes): void {
    const { packetsMax, packetsBytesMax } = daemonLimits;
    const bytesMax = packetsBytesMax - received.bytes.length;
    while (this.#packets.length >= packetsMax || (this.#packetBytes > bytesMax && this.#packets.length > 0)) {
      this.takePacket();
      this.#dropped += 1;
    }
    this.#packets.push(received);
    this.#packetBytes += received.bytes.length;
  }

  /** The next result or intent; they go before packets. */
  takeInput(): Input | undefined {
    return this.#inputs.shift();
  }

  takePacket(): ReceivedBytes | undefined {
    const packet = this.#packets.shift();
    this.#packetBytes -= packet?.bytes.length ?? 0;
    return packet;
  }
}
