import {
  type ArbiterDiskEffect,
  type ArbiterDiskInput,
  type ArbiterDiskState,
  startArbiterDisk,
  stepArbiterDisk,
} from "../core/quorum/arbiter-disk.ts";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Packet, WitnessAsk } from "../model/message.ts";
import type { ArbiterDisk } from "../ports/arbiter-disk.ts";
import type { Clock } from "../ports/clock.ts";
import {
  areaBytes,
  beatBlock,
  beatPlace,
  readContent,
  readHeader,
  slotsMax,
  voteBlock,
  votePlace,
} from "../wire/arbiter-blocks.ts";

/** What one life's way to the arbiter disk is made of. */
export interface DiskDeskSetup {
  readonly disk: ArbiterDisk;
  readonly clock: Clock;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly cluster: string;
  readonly deadtimeMs: number;
  /** The disk has answered as a witness would. */
  answered(packet: Packet): void;
  /** The node has written to the disk. */
  heard(node: NodeId): void;
  /** Why the disk does not answer; null when it does again. Only when it is new. */
  troubled(reason: string | null): void;
}

/** Reads and writes what `core/quorum/arbiter-disk.ts` asks for, and gives its answers on. */
export class ArbiterDiskDesk {
  readonly #setup: DiskDeskSetup;
  #state: ArbiterDiskState;
  /** So many were there at the last reading. */
  #slots = 2;
  #isClosed = false;

  constructor(setup: DiskDeskSetup) {
    this.#setup = setup;
    const { self, incarnation, cluster, deadtimeMs } = setup;
    this.#state = startArbiterDisk({ self, incarnation, cluster, deadtimeMs });
  }

  ask(ask: WitnessAsk): void {
    this.#step({ kind: "ask", ask });
  }

  /** What is under way comes to its end, and nothing after it. */
  close(): void {
    this.#isClosed = true;
  }

  #step(input: ArbiterDiskInput): void {
    if (this.#isClosed) return;
    const { state, effects } = stepArbiterDisk(this.#state, input, this.#setup.clock.now());
    this.#state = state;
    for (const effect of effects) this.#execute(effect);
  }

  #execute(effect: ArbiterDiskEffect): void {
    const { incarnation } = this.#setup;
    switch (effect.kind) {
      case "read":
        return this.#read();
      case "write-vote":
        return this.#write(votePlace(effect.slot, effect.copy), voteBlock(effect.vote));
      case "write-beat":
        return this.#write(beatPlace(effect.slot), beatBlock(effect.beat));
      case "answer":
        return this.#setup.answered({ from: effect.disk, incarnation, message: { kind: "grant", ...effect.grant } });
      case "heard":
        return this.#setup.heard(effect.node);
      case "trouble":
        return this.#setup.troubled(effect.reason);
    }
  }

  #read(): void {
    const { disk } = this.#setup;
    disk.read(areaBytes(this.#slots)).then(
      (bytes) => {
        const header = readHeader(bytes);
        if (typeof header === "string") return this.#step({ kind: "failed", reason: header });
        const isAll = header.nodes.length <= this.#slots;
        this.#slots = Math.min(header.nodes.length, slotsMax);
        // Made anew with more slots: once more, with all of them.
        if (isAll) this.#step({ kind: "read", content: readContent(header, bytes) });
        else if (!this.#isClosed) this.#read();
      },
      (error: unknown) => this.#step({ kind: "failed", reason: reasonOf(error) }),
    );
  }

  #write(place: number, bytes: Uint8Array): void {
    this.#setup.disk.write(place, bytes).then(
      () => this.#step({ kind: "written" }),
      (error: unknown) => this.#step({ kind: "failed", reason: reasonOf(error) }),
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
