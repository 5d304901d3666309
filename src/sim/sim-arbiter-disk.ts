import { type NodeId, witnessId } from "../model/ids.ts";
import type { ArbiterDisk } from "../ports/arbiter-disk.ts";
import {
  areaBytes,
  beatBlock,
  beatPlace,
  emptySlot,
  headerBlock,
  headerPlaces,
  voteBlock,
  votePlace,
} from "../wire/arbiter-blocks.ts";
import type { FakeNetwork } from "./fake-network.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { VirtualTime } from "./virtual-time.ts";

interface Write {
  readonly place: number;
  readonly bytes: Uint8Array;
}

/** The disk's place in a simulated network; no node can be called so. */
export const simDisk = "(disk)" as NodeId;

const sectorBytes = 512;
/** How often a kernel tries a way that is cut. */
const retryMs = 50;
/** How long after its writer's end a write may come through, from the storage's own queue. */
const lateMsMax = 10_000;

/** The disk that all machines share: bytes, and what can be done to the ways there. */
export class SimArbiterDisk {
  /** From a call to its effect, and from there to its end, at most. */
  latencyMs = 1;
  /** What is asked is refused. */
  readonly failing = new Set<NodeId>();
  readonly #network: FakeNetwork;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #cluster: string;
  readonly #nodes: readonly NodeId[];
  /** Writes under way, by machine: what its power's end may leave half done. */
  readonly #underWay = new Map<NodeId, Set<Write>>();
  #bytes = new Uint8Array(0);
  #made = 0;

  constructor(parts: {
    /** Its cuts are cuts of the storage's cables, too. */
    readonly network: FakeNetwork;
    readonly time: VirtualTime;
    readonly random: Random;
    readonly cluster: string;
    readonly nodes: readonly NodeId[];
  }) {
    this.#network = parts.network;
    this.#time = parts.time;
    this.#random = parts.random;
    this.#cluster = parts.cluster;
    this.#nodes = parts.nodes;
    this.makeAnew();
  }

  /** As `hale arbiter-disk init --force` does: another name, and nothing promised. */
  makeAnew(): void {
    this.#made += 1;
    const disk = witnessId(this.#made.toString(16).padStart(12, "0"));
    const header = { disk, cluster: this.#cluster, nodes: this.#nodes };
    this.lose();
    for (const place of headerPlaces) this.#bytes.set(headerBlock(header), place);
    for (const [slot, node] of this.#nodes.entries()) {
      const { vote, beat } = emptySlot(disk, node);
      for (const copy of [0, 1] as const) this.#bytes.set(voteBlock(vote), votePlace(slot, copy));
      this.#bytes.set(beatBlock(beat), beatPlace(slot));
    }
  }

  /** An empty one in its place. */
  lose(): void {
    this.#bytes = new Uint8Array(areaBytes(this.#nodes.length));
  }

  /** All of it is good again, but for what is cut. */
  mend(): void {
    this.latencyMs = 1;
    this.failing.clear();
  }

  /** Whether a node reaches it at all. */
  isReached(node: NodeId): boolean {
    return !this.#isCut(node) && !this.failing.has(node);
  }

  /** The machine lost its power: of a write under way all, nothing, or the first sectors have come through, or all of it will, late. */
  cutPower(node: NodeId): void {
    for (const write of this.#underWay.get(node) ?? []) {
      if (this.#isCut(node)) continue;
      const sectors = this.#random.between(0, write.bytes.length / sectorBytes);
      const part = { ...write, bytes: write.bytes.subarray(0, sectors * sectorBytes) };
      if (this.#random.between(0, 3) > 0) this.#put(part);
      else this.#time.schedule(this.#time.now + this.#random.between(1, lateMsMax), null, () => this.#put(write));
    }
    this.#underWay.delete(node);
  }

  /** One process's way to it. */
  forProcess(node: NodeId, process: SimProcess): ArbiterDisk {
    let [isBusy, hasRead] = [false, false];
    const call = <T>(problem: string | null, come: (ended: (how: Error | T) => void) => void): Promise<T> => {
      const done = new VirtualPromise<T>();
      if (isBusy || problem !== null) {
        done.reject(new Error(isBusy ? "it has not answered an earlier call" : (problem ?? "")));
        return done;
      }
      isBusy = true;
      come((how) =>
        this.#time.schedule(this.#time.now + this.#random.between(0, this.latencyMs), process, () => {
          isBusy = false;
          hasRead = !(how instanceof Error);
          if (how instanceof Error) done.reject(how);
          else done.resolve(how);
        }),
      );
      return done;
    };
    return {
      read: (length) =>
        call<Uint8Array>(null, (ended) => {
          this.#come(node, (problem) => ended(problem ?? this.#bytes.slice(0, length)));
        }),
      write: (place, bytes) =>
        call<void>(hasRead ? null : "it was not read before", (ended) => {
          const write = { place, bytes };
          const own = this.#underWay.get(node) ?? new Set();
          this.#underWay.set(node, own.add(write));
          this.#come(node, (problem) => {
            // Gone with the power of its machine.
            if (!own.delete(write)) return;
            if (problem === null) this.#put(write);
            ended(problem ?? undefined);
          });
        }),
      close: () => VirtualPromise.resolved(),
    };
  }

  #isCut(node: NodeId): boolean {
    return !this.#network.isConnected(node, simDisk) || !this.#network.isConnected(simDisk, node);
  }

  #put({ place, bytes }: Write): void {
    if (place + bytes.length <= this.#bytes.length) this.#bytes.set(bytes, place);
  }

  #come(node: NodeId, then: (problem: Error | null) => void): void {
    this.#time.schedule(this.#time.now + this.#random.between(0, this.latencyMs), null, () => {
      if (this.failing.has(node)) then(new Error("EIO: i/o error, read"));
      // What is asked waits in the kernel, and comes through when the cable is whole.
      else if (this.#isCut(node)) this.#time.schedule(this.#time.now + retryMs, null, () => this.#come(node, then));
      else then(null);
    });
  }
}
