import type { Input } from "../model/input.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { Fifo } from "./fifo.ts";
import { daemonLimits } from "./limits.ts";

/** What waits of one origin. */
interface Lane {
  readonly packets: Fifo<ReceivedBytes>;
  bytes: number;
}

/**
 * What waits for the loop. Results, intents and answers are never dropped: each was asked for, so their number is bounded by
 * what is under way. Packets are: the oldest of the origin that takes most room goes first, because a newer heartbeat says more than
 * an older one, and because a flood must not push out what others say. Origins take turns, so it cannot keep them waiting either.
 *
 * Invariant: at most `packetsMax` packets wait, and they hold `#bytes` <= `packetsBytesMax` bytes together.
 */
export class Inbox {
  readonly #inputs = new Fifo<Input>();
  /** By origin. As many as the transport knows ways, and one more. */
  readonly #lanes = new Map<string, Lane>();
  /** The same, in the order of their turns; the next one first. */
  #turns: Lane[] = [];
  #packets = 0;
  #bytes = 0;
  #dropped = 0;

  /** Packets pushed out by newer ones. */
  get dropped(): number {
    return this.#dropped;
  }

  get isEmpty(): boolean {
    return this.#inputs.length === 0 && this.#packets === 0;
  }

  addInput(input: Input): void {
    this.#inputs.push(input);
  }

  /** @param received of at most `packetsBytesMax` bytes; the transport's frames are an eighth of that at most */
  addPacket(received: ReceivedBytes): void {
    const { packetsMax, packetsBytesMax } = daemonLimits;
    const lane = this.#laneOf(received.origin);
    lane.packets.push(received);
    this.#count(lane, 1, received.bytes.length);
    while (this.#packets > packetsMax) this.#drop((one) => one.packets.length);
    while (this.#bytes > packetsBytesMax) this.#drop((one) => one.bytes);
  }

  /** The next result or intent; they go before packets. */
  takeInput(): Input | undefined {
    return this.#inputs.shift();
  }

  /** Of one origin after the other, the oldest. */
  takePacket(): ReceivedBytes | undefined {
    const next = this.#turns.findIndex((lane) => lane.packets.length > 0);
    const lane = this.#turns[next];
    if (lane === undefined) return undefined;
    this.#turns = [...this.#turns.slice(next + 1), ...this.#turns.slice(0, next + 1)];
    return this.#takeFrom(lane);
  }

  #laneOf(origin: string): Lane {
    const known = this.#lanes.get(origin);
    if (known !== undefined) return known;
    const lane: Lane = { packets: new Fifo(), bytes: 0 };
    this.#lanes.set(origin, lane);
    this.#turns.push(lane);
    return lane;
  }

  #drop(sizeOf: (lane: Lane) => number): void {
    let fullest = this.#turns[0];
    for (const lane of this.#turns) if (fullest === undefined || sizeOf(lane) > sizeOf(fullest)) fullest = lane;
    if (fullest !== undefined) this.#takeFrom(fullest);
    this.#dropped += 1;
  }

  #takeFrom(lane: Lane): ReceivedBytes | undefined {
    const packet = lane.packets.shift();
    if (packet !== undefined) this.#count(lane, -1, -packet.bytes.length);
    return packet;
  }

  #count(lane: Lane, packets: number, bytes: number): void {
    this.#packets += packets;
    this.#bytes += bytes;
    lane.bytes += bytes;
  }
}
