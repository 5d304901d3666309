import type { Checkpoint } from "../../model/checkpoint.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { Entry } from "../../model/entry.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Message, WitnessGrant } from "../../model/message.ts";
import { compareViewIds, sameViewId, type View, type ViewId } from "../../model/view.ts";
import type { GroupStep } from "../../core/group.ts";
import { type Chain, chainMachine, linked } from "./chain-machine.ts";
import { entryKey } from "./entry-key.ts";
import type { GroupHost } from "./group-host.ts";
import type { GroupWitness } from "./group-witness.ts";

/** A promise that was not kept. */
export interface Violation {
  readonly rule: "V1" | "V2" | "order" | "V4" | "V6" | "lease" | "throw" | "once" | "fence" | "disk" | "trim" | "begin";
  readonly at: number;
  readonly text: string;
}

type Installed = Pick<View, "id" | "members">;

interface Activation {
  readonly id: ViewId;
  readonly at: number;
  readonly members: readonly NodeId[];
}

/**
 * Watches every step of every host. The global log is what anybody has ever delivered at an index: V2, V3, V4 and V5 together say that
 * nobody ever delivers anything else there.
 */
export class GroupCheckers {
  readonly violations: Violation[] = [];
  /** By index - 1, what was delivered first there. */
  readonly log: Entry[] = [];
  /** Disks whose content was thrown away: they owe nothing that was delivered before. */
  readonly wipedAt = new Map<NodeId, number>();
  readonly #keys: string[] = [];
  readonly #views = new Map<string, string>();
  readonly #activations: Activation[] = [];
  readonly #submissions = new Set<string>();
  readonly #delivered = new Map<string, number>();
  readonly #leases = new Map<Incarnation, number>();
  readonly #lastView = new Map<NodeId, View>();
  /** Of the global log: position i is what the first i entries add up to. */
  readonly #chains: Chain[] = [chainMachine.initial as Chain];
  readonly #checkpoints = new Map<NodeId, Checkpoint>();
  /** The highest promise that each node has given, and when. */
  readonly #sworn = new Map<NodeId, { readonly view: ViewId; readonly at: number }>();
  readonly #lives = new Map<NodeId, Incarnation | null>();
  /** The most that any life of a node has delivered. */
  readonly #reached = new Map<NodeId, number>();
  readonly #granted = new Map<GroupWitness["disk"], ViewId>();
  readonly #leaseMs: number;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  get viewCount(): number {
    return this.#activations.length;
  }

  /** After a step of `host`. */
  watch(host: GroupHost, hosts: readonly GroupHost[], step: GroupStep, now: number): void {
    // The state itself, not its facts: this runs millions of times.
    const { state } = host;
    if (state === null) return;
    if (this.#lives.get(host.node) !== host.incarnation) {
      this.#lives.set(host.node, host.incarnation);
      this.#watchSworn(host.node, state.promised, now);
    }
    const view = state.phase.kind === "active" ? state.phase.view : null;
    if (view !== null && this.#lastView.get(host.node) !== view) {
      this.#lastView.set(host.node, view);
      this.#watchView(view, host, now);
    }
    // By the installed view, not the active one: a step may deliver and then leave the view for what it has delivered.
    const installed = { id: state.logView, members: state.viewMembers };
    if (step.restored !== null) this.#watchRestored(host, step.restored, now);
    for (const entry of step.delivered) this.#watchDelivery(host, hosts, entry, installed, now);
    this.#watchTrim(host, view, now);
    this.#watchLease(host, view, host.toWorldTime(state.leaseUntil), now);
  }

  /** [GRP-15] What a message says must be on its sender's disk. A proposal says nothing: it asks. */
  watchSend(host: GroupHost, message: Message, now: number): void {
    const { records, length } = host.disk;
    if (message.kind === "promise") {
      const known = this.#sworn.get(host.node);
      if (known === undefined || compareViewIds(known.view, message.view) < 0)
        this.#sworn.set(host.node, { view: message.view, at: now });
    }
    const hasSworn = (view: ViewId): boolean =>
      records.some((record) => record.kind === "promise" && sameViewId(record.promised, view));
    const isTrue =
      message.kind === "promise"
        ? hasSworn(message.view)
        : message.kind === "installed"
          ? records.some((record) => isInstalled(record) && sameViewId(record.view, message.view))
          : message.kind === "ack"
            ? length >= message.length
            : true;
    if (!isTrue) this.report("disk", now, `${host.node} says ${message.kind} before it is on disk`);
  }

  /** The witness has a new disk, which has promised nothing. */
  forgetGrants(witness: GroupWitness): void {
    this.#granted.delete(witness.disk);
  }

  /** [GRP-80] [GRP-82] What the witness grants must be on its disk. */
  watchGrant(witness: GroupWitness, { step, view, isGranted }: WitnessGrant, now: number): void {
    if (!isGranted) return;
    const highest = this.#granted.get(witness.disk);
    if (step === "promise" && highest !== undefined && compareViewIds(view, highest) < 0)
      this.report("disk", now, `the witness promises ${view.counter} after ${highest.counter}`);
    if (step === "promise" && (highest === undefined || compareViewIds(view, highest) > 0))
      this.#granted.set(witness.disk, view);
    const isKept = witness.disk.records.some((record) =>
      step === "promise"
        ? record.kind === "promise" && sameViewId(record.promised, view)
        : record.kind === "install" && sameViewId(record.view, view),
    );
    if (!isKept) this.report("disk", now, `the witness grants ${step} of ${view.counter} before it is on disk`);
  }

  report(rule: Violation["rule"], at: number, text: string): void {
    if (this.violations.length < 20) this.violations.push({ rule, at, text });
  }

  /** [GRP-10] A new life knows what an earlier one has promised, unless its disk was replaced since. */
  #watchSworn(node: NodeId, promised: ViewId, now: number): void {
    const sworn = this.#sworn.get(node);
    if (sworn === undefined) return;
    if ((this.wipedAt.get(node) ?? -1) >= sworn.at) this.#sworn.delete(node);
    else if (compareViewIds(promised, sworn.view) < 0)
      this.report("disk", now, `${node} has forgotten its promise to ${sworn.view.counter}/${sworn.view.proposer}`);
  }

  #watchView(view: View, host: GroupHost, now: number): void {
    const name = `${view.id.counter}/${view.id.proposer}`;
    const content = `${view.id.incarnation} ${JSON.stringify(view.members)}`;
    const known = this.#views.get(name);
    if (known === undefined) {
      this.#views.set(name, content);
      this.#activations.push({ id: view.id, at: now, members: view.members.map(({ node }) => node) });
    } else if (known !== content) this.report("V1", now, `view ${name} is ${known} and, at ${host.node}, ${content}`);
  }

  #watchDelivery(host: GroupHost, hosts: readonly GroupHost[], entry: Entry, view: Installed, now: number): void {
    const life = `${host.node}/${host.incarnation}`;
    const expected = (this.#delivered.get(life) ?? 0) + 1;
    if (entry.index !== expected) this.report("order", now, `${life} delivers ${entry.index} after ${expected - 1}`);
    this.#delivered.set(life, entry.index);
    this.#reached.set(host.node, Math.max(entry.index, this.#reached.get(host.node) ?? 0));
    const key = entryKey(entry);
    const known = this.#keys[entry.index - 1];
    if (known !== undefined) {
      if (known !== key) this.report("order", now, `${life} delivers at ${entry.index} ${key}, but it was ${known}`);
      return;
    }
    const previous = this.log[entry.index - 2];
    if (previous !== undefined && entry.at < previous.at)
      this.report("order", now, `the stamp of entry ${entry.index} goes back by ${previous.at - entry.at} ms`);
    this.#keys[entry.index - 1] = key;
    this.log[entry.index - 1] = entry;
    const chain = this.#chains[entry.index - 1];
    if (chain !== undefined) this.#chains[entry.index] = linked(chain, entry);
    this.#watchOnce(entry, now);
    this.#watchDisks(hosts, entry, view, key, now);
    this.#watchOvertaken(entry, view, now);
  }

  /** A checkpoint in the place of entries: it must be of what others have delivered. */
  #watchRestored(host: GroupHost, checkpoint: Checkpoint, now: number): void {
    const life = `${host.node}/${host.incarnation}`;
    const before = this.#delivered.get(life) ?? 0;
    if (checkpoint.index <= before) this.report("order", now, `${life} restores ${checkpoint.index} after ${before}`);
    this.#delivered.set(life, checkpoint.index);
    this.#reached.set(host.node, Math.max(checkpoint.index, this.#reached.get(host.node) ?? 0));
    this.#watchCheckpoint(host, checkpoint, now);
  }

  /**
   * Whatever was trimmed is in the checkpoint, as everybody has delivered it; and no member of the view needs it: it has delivered as
   * much, or it has installed the entries with the view, though it has not heard yet that the view has begun.
   */
  #watchTrim(host: GroupHost, view: View | null, now: number): void {
    const checkpoint = host.state?.log.checkpoint ?? null;
    if (checkpoint === null || this.#checkpoints.get(host.node) === checkpoint) return;
    const known = this.#checkpoints.get(host.node);
    this.#checkpoints.set(host.node, checkpoint);
    this.#watchCheckpoint(host, checkpoint, now);
    if (view === null || host.state?.phase.kind !== "active" || known === undefined) return;
    for (const { node } of view.members) {
      const reached = this.#reached.get(node) ?? 0;
      if (reached < checkpoint.index && checkpoint.index > host.state.base)
        this.report(
          "trim",
          now,
          `${host.node} has trimmed ${checkpoint.index}, but ${node} has delivered ${reached} only`,
        );
    }
  }

  #watchCheckpoint(host: GroupHost, checkpoint: Checkpoint, now: number): void {
    const expected = this.#chains[checkpoint.index];
    const { sum } = checkpoint.state as Chain;
    if (expected?.sum !== sum)
      this.report("order", now, `${host.node} has another state at ${checkpoint.index} than what was delivered`);
  }

  #watchOnce(entry: Entry, now: number): void {
    const { id } = entry;
    if (id.sequence === 0) return;
    const name = `${id.origin}/${id.incarnation}/${id.sequence}`;
    if (this.#submissions.has(name)) this.report("once", now, `submission ${name} is delivered twice`);
    this.#submissions.add(name);
  }

  /** Delivered for the first time: it must be on the disk of every member of the view. */
  #watchDisks(hosts: readonly GroupHost[], entry: Entry, view: Installed, key: string, now: number): void {
    for (const { node } of view.members) {
      const member = hosts.find((host) => host.node === node);
      const onDisk = member?.disk.log.get(entry.index);
      if (onDisk !== undefined && entryKey(onDisk) === key) continue;
      if (member?.disk.isWhole === false || (this.wipedAt.get(node) ?? -1) >= this.#activatedAt(view.id)) continue;
      this.report(
        "V4",
        now,
        `entry ${entry.index} is delivered in ${view.id.counter}/${view.id.proposer}, but is not on the disk of ${node}`,
      );
    }
  }

  /** An entry ordered in a view may be committed first only while no later view is active. */
  #watchOvertaken(entry: Entry, view: Installed, now: number): void {
    const later = this.#activations.find(({ id }) => compareViewIds(id, view.id) > 0);
    if (later === undefined || entry.view.counter !== view.id.counter) return;
    // The commit may have happened before and the news of it may be late; but then the later view's log holds it, and it is known.
    this.report(
      "V2",
      now,
      `entry ${entry.index} of ${view.id.counter}/${view.id.proposer} is committed after ${later.id.counter}/${later.id.proposer} began`,
    );
  }

  #activatedAt(id: ViewId): number {
    return this.#activations.find((known) => compareViewIds(known.id, id) === 0)?.at ?? 0;
  }

  /** A node outside a later view may act for at most the lease after that view began. */
  #watchLease(host: GroupHost, view: View | null, until: number, now: number): void {
    const { incarnation } = host;
    if (incarnation === null || (this.#leases.get(incarnation) ?? 0) >= until) return;
    this.#leases.set(incarnation, until);
    if (view === null) return;
    for (const { id, at } of this.#activations) {
      if (compareViewIds(id, view.id) <= 0 || until <= at + this.#leaseMs) continue;
      this.report(
        "lease",
        now,
        `${host.node} in view ${view.id.counter} holds a lease ${until - at} ms beyond the begin of view ${id.counter}`,
      );
      return;
    }
  }
}

function isInstalled(record: DiskRecord): record is Extract<DiskRecord, { kind: "install" | "log" }> {
  return record.kind === "install" || record.kind === "log";
}
