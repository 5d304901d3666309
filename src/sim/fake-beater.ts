import type { PacketSealer } from "../daemon/codec.ts";
import type { NodeId } from "../model/ids.ts";
import type { HeartbeatBody } from "../model/message.ts";
import type { RosterNode } from "../model/roster.ts";
import { after, type InstantMs } from "../model/units.ts";
import type { Beater } from "../ports/beater.ts";
import type { Clock } from "../ports/clock.ts";
import { VirtualPromise } from "./virtual-promise.ts";

/** What a fake beater is made of. */
export interface FakeBeaterParts {
  readonly clock: Clock;
  readonly sealer: PacketSealer;
  /** At first. */
  readonly peers: readonly NodeId[];
  readonly keepaliveMs: number;
  /** Silent when not told anything for this long. */
  readonly silentAfterMs: number;
  readonly send: (to: NodeId, bytes: Uint8Array) => void;
  /** Told of each new body, for the checkers. */
  readonly onBody: (body: HeartbeatBody) => void;
}

/** The beat thread of one incarnation: same time as its daemon, but its own timer. */
export class FakeBeater implements Beater {
  readonly #parts: FakeBeaterParts;
  #peers: readonly NodeId[];
  #body: HeartbeatBody | null = null;
  #setAt: InstantMs;
  #cancel: (() => void) | null = null;
  #isStopped = false;

  constructor(parts: FakeBeaterParts) {
    this.#parts = parts;
    this.#peers = parts.peers;
    this.#setAt = parts.clock.now();
    this.#beat(this.#setAt);
  }

  ready(): Promise<void> {
    return VirtualPromise.resolved();
  }

  set(body: HeartbeatBody, atOnce: boolean): void {
    if (this.#isStopped) return;
    const isFirst = this.#body === null;
    this.#setAt = this.#parts.clock.now();
    if (body !== this.#body) this.#parts.onBody(body);
    this.#body = body;
    if (atOnce || isFirst) this.#send();
  }

  usePeers(peers: readonly RosterNode[]): void {
    this.#peers = peers.map(({ id }) => id);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    return VirtualPromise.resolved();
  }

  #beat(at: InstantMs): void {
    const { clock, keepaliveMs, silentAfterMs } = this.#parts;
    if (clock.now() - this.#setAt < silentAfterMs) this.#send();
    const next = after(clock.now(), keepaliveMs - ((clock.now() - at) % keepaliveMs));
    this.#cancel = clock.wakeAt(next, () => this.#beat(next));
  }

  #send(): void {
    if (this.#body === null || this.#isStopped) return;
    const { clock, sealer, send } = this.#parts;
    const bytes = sealer.seal({ kind: "heartbeat", sentAt: clock.now(), ...this.#body });
    for (const peer of this.#peers) send(peer, bytes);
  }
}
