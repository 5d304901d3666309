import { startWitness, stepWitness, type WitnessInput, type WitnessRecord } from "../core/quorum/witness.ts";
import type { PacketOpener, PacketSealer } from "../daemon/codec.ts";
import { type LinkId, type NodeId, witnessId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import { noView } from "../model/view.ts";
import { carryingOpener, carryingSealer } from "./carried-packets.ts";
import type { FakeNetwork, Plug } from "./fake-network.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** The witness's place in a simulated network; no node can be called so. */
export const simWitness = "(witness)" as NodeId;

/** From a question to the disk's answer, while the disk is good. */
const goodWriteMs = 2;
/** No node's place. */
const receiver = 30;

/** The witness of a simulated cluster: its disk is always whole. What can be done to it is to cut it off, or its power, and to slow its disk down. */
export class SimWitness implements Plug {
  readonly #network: FakeNetwork;
  readonly #time: VirtualTime;
  readonly #opener: PacketOpener = carryingOpener(receiver, null);
  readonly #sealer: PacketSealer;
  /** From a question to the disk's answer. */
  writeMs = goodWriteMs;
  #onDisk: WitnessRecord = { promised: noView, logView: noView };
  #state = startWitness(this.#onDisk);
  #life = 0;

  constructor(network: FakeNetwork, time: VirtualTime) {
    this.#network = network;
    this.#time = time;
    const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
    this.#sealer = carryingSealer(witnessId("000000000001"), incarnation);
    network.connect(simWitness, this);
  }

  /** It is there again at once, with what is on its disk; who is to miss it for longer cuts it off as well. */
  cutPower(): void {
    this.#life += 1;
    this.#state = startWitness(this.#onDisk);
  }

  /** Its disk is as fast as it was. */
  mend(): void {
    this.writeMs = goodWriteMs;
  }

  receive(bytes: Uint8Array, _link: LinkId | null, from: NodeId): void {
    const opened = this.#opener.open(bytes, "witness");
    if (!opened.ok || opened.packet.message.kind !== "ask") return;
    const { incarnation, message } = opened.packet;
    this.#step({ kind: "ask", from: { address: from, incarnation }, ask: message });
  }

  portState(): "silent" {
    return "silent";
  }

  #step(input: WitnessInput): void {
    const { state, effects } = stepWitness(this.#state, input);
    this.#state = state;
    for (const effect of effects) {
      if (effect.kind === "persist") {
        const { write } = effect;
        const [life, { promised, logView }] = [this.#life, state];
        this.#time.schedule(this.#time.now + this.writeMs, null, () => {
          if (life !== this.#life) return;
          this.#onDisk = { promised, logView };
          this.#step({ kind: "persisted", write });
        });
      } else {
        const bytes = this.#sealer.seal({ kind: "grant", ...effect.grant });
        this.#network.sendDatagram(simWitness, effect.to.address as NodeId, bytes);
      }
    }
  }
}
