import {
  foundedWitness,
  startWitness,
  stepWitness,
  type WitnessEffect,
  type WitnessInput,
} from "../core/quorum/witness.ts";
import { replayDisk } from "../core/replication/replay-disk.ts";
import { Counters } from "../model/counters.ts";
import type { DiskRecord } from "../model/disk.ts";
import type { NodeId } from "../model/ids.ts";
import { makeIncarnation, type Incarnation } from "../model/incarnation.ts";
import type { Message, WitnessGrant } from "../model/message.ts";
import type { PacketTags } from "../model/packet-tags.ts";
import type { InstantMs } from "../model/units.ts";
import { noView, sameViewId, type ViewId } from "../model/view.ts";
import type { WitnessAsker, WitnessWish } from "../model/witness-status.ts";
import type { Journal } from "../ports/journal.ts";
import type { PacketOpener, PacketSealer } from "./codec.ts";
import { RefusedPackets } from "./refused-packets.ts";

/** What one cluster's witness is made of. */
export interface DeskSetup {
  readonly journal: Journal;
  /** A name that no disk has had: for a disk that is new, or damaged. */
  newName(): NodeId;
  opener(self: NodeId): PacketOpener;
  sealer(self: NodeId, incarnation: Incarnation): PacketSealer;
  /** Milliseconds since 1970, for the incarnation. */
  readonly wall: number;
  /** 32 random bits. */
  readonly random: number;
  /** One datagram to where the question came from. */
  send(address: string, bytes: Uint8Array): void;
  now(): InstantMs;
  /** `node` has asked from there, and has the key. @param tags what its packets bear from now on; when that was not said before */
  heard(node: NodeId, address: string, tags: PacketTags | undefined): void;
  /** For people, one line. */
  note(text: string): void;
  /** The disk refuses: the witness must not go on. */
  failed(reason: string): void;
}

/** Who has asked. */
interface Asked {
  readonly address: string;
  readonly at: InstantMs;
  readonly wanted: {
    readonly step: "promise" | "install";
    readonly view: ViewId;
    readonly at: InstantMs;
    isGranted: boolean;
  } | null;
}

/** Askers that are remembered for the status; a cluster has fewer nodes. */
const askersMax = 64;

/** A journal with more records is written anew with the few that count. */
const recordsMax = 512;

/**
 * The witness of one cluster: opens what comes, lets `core/quorum/witness.ts` judge it, writes, answers.
 *
 * Invariant: what is granted was written before, because the core asks for the answer after the write only.
 */
export class WitnessDesk {
  readonly name: NodeId;
  readonly #setup: DeskSetup;
  readonly #boot: number;
  readonly #opener: PacketOpener;
  readonly #sealer: PacketSealer;
  readonly #dropped = new Counters();
  readonly #refused = new RefusedPackets();
  /** The last one last. */
  readonly #askers = new Map<NodeId, Asked>();
  #state: ReturnType<typeof startWitness>;
  #records: number;
  #isClosed = false;

  private constructor(setup: DeskSetup, records: readonly DiskRecord[], name: NodeId) {
    const disk = replayDisk(records);
    this.#setup = setup;
    this.name = name;
    this.#boot = disk.boot;
    this.#records = records.length;
    this.#state = startWitness(disk);
    this.#opener = setup.opener(name);
    const incarnation = makeIncarnation({ boot: disk.boot, startedAt: setup.wall, random: setup.random });
    this.#sealer = setup.sealer(name, incarnation);
  }

  /**
   * Reads the disk, or begins a new one, and writes down this start. A damaged disk counts as lost: what it had promised is not known
   * any more, so it gets a new name, and with it no vote before the nodes give it one.
   *
   * @throws ClusterError STATE_UNUSABLE
   */
  static async open(setup: DeskSetup): Promise<WitnessDesk> {
    const { journal } = setup;
    const content = await journal.load();
    const known = nameIn(content.records);
    if (known !== null) {
      const boot: DiskRecord = { kind: "boot", boot: replayDisk(content.records).boot + 1 };
      await journal.append([boot]);
      return new WitnessDesk(setup, [...content.records, boot], known);
    }
    const name = setup.newName();
    const records: readonly DiskRecord[] = [...foundedWitness(name), { kind: "boot", boot: 1 }];
    if (content.state === "none") setup.note(`a new disk, called ${name}: it votes when the nodes count it`);
    else setup.note(`the disk is damaged and begins anew, called ${name}: ${content.detail}`);
    await journal.rewrite(records);
    return new WitnessDesk(setup, records, name);
  }

  /** What was refused so far, by reason. */
  dropped(): Readonly<Record<string, number>> {
    return this.#dropped.all();
  }

  /** Of packets that should not have come in the last minute; null when there were none. */
  warning(): string | null {
    return this.#refused.warning(this.#setup.now());
  }

  /** The highest view that it promised its vote to, and the last that was installed with it. */
  views(): { readonly promised: ViewId; readonly installed: ViewId } {
    return { promised: this.#state.promised, installed: this.#state.logView };
  }

  /** Who has asked, by name. */
  askers(): readonly WitnessAsker[] {
    const now = this.#setup.now();
    return [...this.#askers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([node, { address, at, wanted }]) => ({
        node,
        address,
        askedMsAgo: now - at,
        wanted: wanted === null ? null : { ...wantedOf(wanted), msAgo: now - wanted.at },
      }));
  }

  /** A datagram came in. @param address as `send` wants it back */
  receive(bytes: Uint8Array, address: string): void {
    if (this.#isClosed) return;
    const opened = this.#opener.open(bytes, "witness");
    if (!opened.ok) return this.#refuse(opened.reason, address);
    const { from, incarnation, message } = opened.packet;
    if (message.kind !== "ask") return this.#refuse("kind", address);
    this.#setup.heard(from, address, opened.tags);
    this.#keepAsker(from, address, message);
    this.#step({ kind: "ask", from: { address, incarnation }, ask: message });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#setup.journal.close();
  }

  #refuse(reason: string, address: string): void {
    this.#dropped.add(reason);
    this.#refused.add(reason, address, this.#setup.now());
  }

  #keepAsker(node: NodeId, address: string, { step, view }: Extract<Message, { kind: "ask" }>): void {
    const at = this.#setup.now();
    const before = this.#askers.get(node)?.wanted ?? null;
    const wanted = step === "hear" ? before : { step, view, at, isGranted: false };
    this.#askers.delete(node);
    this.#askers.set(node, { address, at, wanted });
    const oldest = this.#askers.size > askersMax ? this.#askers.keys().next().value : undefined;
    if (oldest !== undefined) this.#askers.delete(oldest);
  }

  #step(input: WitnessInput): void {
    if (this.#isClosed) return;
    const { state, effects } = stepWitness(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#execute(effect);
  }

  #execute(effect: WitnessEffect): void {
    if (effect.kind === "answer") {
      this.#noteGrant(effect.to.address, effect.grant);
      this.#setup.send(effect.to.address, this.#sealer.seal({ kind: "grant", ...effect.grant }));
      return;
    }
    this.#write(effect.records).then(
      () => this.#step({ kind: "persisted", write: effect.write }),
      (error: unknown) => this.#setup.failed(error instanceof Error ? error.message : String(error)),
    );
  }

  #noteGrant(address: string, { step, view, isGranted }: WitnessGrant): void {
    for (const { address: asked, wanted } of this.#askers.values())
      if (asked === address && wanted?.step === step && sameViewId(wanted.view, view)) wanted.isGranted = isGranted;
  }

  #write(records: readonly DiskRecord[]): Promise<void> {
    this.#records += records.length;
    if (this.#records <= recordsMax) return this.#setup.journal.append(records);
    const few = this.#few();
    this.#records = few.length;
    return this.#setup.journal.rewrite(few);
  }

  /** The fewest records that replay to the present state, the write under way included. */
  #few(): readonly DiskRecord[] {
    const { promised, logView } = this.#state;
    const few: DiskRecord[] = [...foundedWitness(this.name), { kind: "boot", boot: this.#boot }];
    if (!sameViewId(logView, noView))
      few.push({
        kind: "install",
        view: logView,
        members: [],
        base: 0,
        committed: 0,
        founding: [],
        from: 1,
        entries: [],
      });
    if (!sameViewId(promised, logView)) few.push({ kind: "promise", promised });
    return few;
  }
}

function wantedOf({ step, view, isGranted }: NonNullable<Asked["wanted"]>): Omit<WitnessWish, "msAgo"> {
  return { step, view, isGranted };
}

function nameIn(records: readonly DiskRecord[]): NodeId | null {
  for (const record of records) if (record.kind === "founded") return record.voters[0] ?? null;
  return null;
}
