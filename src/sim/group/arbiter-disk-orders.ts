import type { ArbiterDiskEffect, ArbiterDiskInput, ArbiterDiskState } from "../../core/quorum/arbiter-disk.ts";
import type { ArbiterSlot, SlotVote } from "../../model/arbiter-disk.ts";
import { type NodeId, witnessId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import type { WitnessAsk, WitnessGrant } from "../../model/message.ts";
import { instantMs } from "../../model/units.ts";
import { compareViewIds, noView, type ViewId, viewIdText } from "../../model/view.ts";
import type { GroupRules } from "./group-rules.ts";

// Two nodes that want the vote of one disk, in every order in which their readings and writings can come through: each slot is read at a
// moment of its own, each copy written at one. A node may lose its power or its process once, at any moment, with a write under way
// that comes through, does not, is torn, or is late. Or one node loses it again and again, and the other comes when it is gone for good.

type DiskRules = Pick<GroupRules, "startArbiterDisk" | "stepArbiterDisk">;

/** A write on its way. */
type Write = Extract<ArbiterDiskEffect, { kind: "write-vote" | "write-beat" }>;

/** What one node has under way at the disk. */
type Way =
  | { readonly kind: "nothing" }
  | { readonly kind: "reading"; readonly slots: readonly (ArbiterSlot | null)[] }
  | { readonly kind: "writing"; readonly write: Write };

interface Hand {
  readonly rules: ArbiterDiskState;
  readonly way: Way;
  /** Writes of earlier lives that have not come through yet. */
  readonly late: readonly Write[];
  readonly life: number;
  readonly attempt: number;
  /** What it asks next; null: it is being answered. */
  readonly next: WitnessAsk["step"] | "end" | null;
  /** Of its own log: the last view it has installed. */
  readonly basis: ViewId;
  /** The highest promise granted to the other one when this one began to listen. */
  readonly floor: ViewId;
}

interface Table {
  readonly slots: readonly ArbiterSlot[];
  readonly hands: readonly Hand[];
  readonly crashes: number;
  /** Granted so far. */
  readonly promises: readonly ViewId[];
  readonly installs: readonly { readonly view: ViewId; readonly basis: ViewId }[];
  readonly broken: string | null;
  readonly extent: Omit<Extent, "crashes">;
}

/** What came of all orders. */
export interface Orders {
  readonly states: number;
  /** A promise that was broken, and how; null: none is. */
  readonly broken: string | null;
  /** Whether a vote was given in some order at all, and to the end. */
  readonly isGrantedSomewhere: boolean;
}

const disk = witnessId("00000000000d");
const nodes = ["a", "b"] as unknown as readonly NodeId[];
const header = { disk, cluster: "c", nodes };

/** How far to go: each one more makes it some ten times as many orders. */
export interface Extent {
  /** Of both nodes together. */
  readonly crashes: number;
  /** Of each life. */
  readonly attempts: number;
  /** Whoever has it asks afterwards whether it still has. */
  readonly listens: boolean;
  /** Only the first node crashes, and goes on with the next view when it has one; the second comes when all of that is over. */
  readonly isInTurn?: boolean;
}

/** Walks through every order. */
export function walkOrders(rules: DiskRules, { crashes, ...extent }: Extent): Orders {
  const first = begun(rules, {
    slots: nodes.map(emptySlot),
    hands: nodes.map((_, place) => newHand(rules, place, 0)),
    crashes,
    promises: [],
    installs: [],
    broken: null,
    extent,
  });
  const known = new Set([keyOf(first)]);
  const open = [first];
  let isGrantedSomewhere = false;
  for (let table = open.pop(); table !== undefined; table = open.pop()) {
    isGrantedSomewhere ||= table.installs.length > 0;
    if (table.broken !== null) return { states: known.size, broken: table.broken, isGrantedSomewhere };
    for (const next of nextTables(rules, table)) {
      const key = keyOf(next);
      if (known.has(key)) continue;
      known.add(key);
      open.push(next);
    }
  }
  return { states: known.size, broken: null, isGrantedSomewhere };
}

/** Without what is the same in all. */
function keyOf(table: Table): string {
  return JSON.stringify(table, (key, value: unknown) => (constantKeys.has(key) ? undefined : value)).replaceAll(
    noLife,
    "",
  );
}

const constantKeys = new Set(["setup", "disk", "cluster", "asker", "sentAt", "node", "trouble", "extent"]);
const noLife = "0".repeat(18);

function emptySlot(node: NodeId): ArbiterSlot {
  const vote: SlotVote = { disk, node, incarnation: lifeOf(0, 0), sequence: 0, promised: noView, logView: noView };
  return { votes: [vote, vote], beat: { disk, node, incarnation: lifeOf(0, 0), count: 0 } };
}

function lifeOf(place: number, life: number): Incarnation {
  return makeIncarnation({ boot: life, startedAt: 0, random: place });
}

function newHand(rules: DiskRules, place: number, crashes: number): Hand {
  const self = nodes[place] ?? ("?" as NodeId);
  const life = crashes + 1;
  return {
    rules: rules.startArbiterDisk({ self, incarnation: lifeOf(place, life), cluster: "c", deadtimeMs: 1 }),
    way: { kind: "nothing" },
    late: [],
    life,
    attempt: 1,
    next: "promise",
    basis: noView,
    floor: noView,
  };
}

function* nextTables(rules: DiskRules, table: Table): Generator<Table> {
  const { isInTurn = false } = table.extent;
  for (const [place, hand] of table.hands.entries()) {
    for (const write of hand.late) {
      const late = hand.late.filter((one) => one !== write);
      yield withHand(withWrite(table, write), place, { ...hand, late });
    }
    if (isInTurn && (place === 0) === (table.crashes === 0)) continue;
    if (table.crashes > 0 && hand.next !== "end") yield* crashed(rules, table, place, hand);
    yield* moved(rules, table, place, hand);
  }
}

function* moved(rules: DiskRules, table: Table, place: number, hand: Hand): Generator<Table> {
  if (hand.way.kind === "reading") yield* sampled(rules, table, place, hand, hand.way.slots);
  else if (hand.way.kind === "writing") {
    const written = withHand(withWrite(table, hand.way.write), place, { ...hand, way: { kind: "nothing" } });
    yield step(rules, written, place, { kind: "written" });
  } else if (hand.next !== null && hand.next !== "end") yield asked(rules, table, place, hand);
}

/** Each node has looked at the disk once: its first life has made the slot its own. */
function begun(rules: DiskRules, table: Table): Table {
  let now = table;
  for (const [place, { next }] of table.hands.entries()) {
    const hand = (): Hand => now.hands[place] ?? newHand(rules, place, 0);
    now = asked(rules, now, place, { ...hand(), next: "hear" });
    while (hand().next !== "end") [now = now] = moved(rules, now, place, hand());
    now = withHand(now, place, { ...hand(), next });
  }
  return now;
}

function asked(rules: DiskRules, table: Table, place: number, hand: Hand): Table {
  const wanted = hand.next === null || hand.next === "end" ? "hear" : hand.next;
  const view = wanted === "hear" ? noView : wishOf(place, hand);
  const basis = wanted === "promise" ? hand.basis : noView;
  const floor = table.promises.filter(({ proposer }) => proposer !== nodes[place]).reduce(higher, noView);
  const ask: WitnessAsk = { step: wanted, sentAt: instantMs(1), view, basis };
  return step(rules, withHand(table, place, { ...hand, next: null, floor }), place, { kind: "ask", ask });
}

/** Later lives and attempts, and of two the second node, propose higher. */
function wishOf(place: number, { life, attempt }: Hand): ViewId {
  return { counter: 4 * life + attempt, proposer: nodes[place] ?? ("?" as NodeId), incarnation: lifeOf(place, life) };
}

function* sampled(
  rules: DiskRules,
  table: Table,
  place: number,
  hand: Hand,
  slots: readonly (ArbiterSlot | null)[],
): Generator<Table> {
  for (const [which, slot] of slots.entries()) {
    if (slot !== null) continue;
    const found = slots.map((one, index) => (index === which ? (table.slots[which] ?? null) : one));
    const whole = found.filter((one) => one !== null);
    if (whole.length < found.length) yield withHand(table, place, { ...hand, way: { kind: "reading", slots: found } });
    else {
      const back = withHand(table, place, { ...hand, way: { kind: "nothing" } });
      yield step(rules, back, place, { kind: "read", content: { header, slots: whole } });
    }
  }
}

function* crashed(rules: DiskRules, table: Table, place: number, hand: Hand): Generator<Table> {
  const { late, basis } = hand;
  const again: Hand = { ...newHand(rules, place, hand.life), late, basis };
  const less = { ...table, crashes: table.crashes - 1 };
  yield withHand(less, place, again);
  if (hand.way.kind !== "writing") return;
  const { write } = hand.way;
  yield withHand(withWrite(less, write), place, again);
  yield withHand(withWrite(less, write, true), place, again);
  yield withHand(less, place, { ...again, late: [...late, write] });
}

function withWrite(table: Table, write: Write, isTorn = false): Table {
  const slots = table.slots.map((slot, place): ArbiterSlot => {
    if (place !== write.slot) return slot;
    if (write.kind === "write-beat") return { ...slot, beat: isTorn ? null : write.beat };
    const vote = isTorn ? null : write.vote;
    return { ...slot, votes: write.copy === 0 ? [vote, slot.votes[1]] : [slot.votes[0], vote] };
  });
  return { ...table, slots };
}

function step(rules: DiskRules, table: Table, place: number, input: ArbiterDiskInput): Table {
  const hand = table.hands[place];
  if (hand === undefined) return table;
  const { state, effects } = rules.stepArbiterDisk(hand.rules, input, instantMs(1));
  let next = withHand(table, place, { ...hand, rules: state });
  let isAnswered = false;
  for (const effect of effects) {
    const now = next.hands[place] ?? hand;
    if (effect.kind === "read") {
      next = withHand(next, place, { ...now, way: { kind: "reading", slots: nodes.map(() => null) } });
    } else if (effect.kind === "answer") {
      next = answered(next, place, now, effect.grant);
      isAnswered = true;
    } else if (effect.kind === "write-vote" || effect.kind === "write-beat") {
      next = withHand(next, place, { ...now, way: { kind: "writing", write: effect } });
    }
  }
  const now = next.hands[place] ?? hand;
  // No answer at all: the proposal has failed.
  const isSilent = !isAnswered && state.work === null && now.next === null;
  return isSilent ? withHand(next, place, { ...now, ...retry(table, now) }) : next;
}

function answered(table: Table, place: number, hand: Hand, grant: WitnessGrant): Table {
  const { view, promised, isGranted } = grant;
  if (grant.step === "hear") {
    const ended = withHand(table, place, { ...hand, next: "end" });
    return compareViewIds(promised, hand.floor) < 0
      ? {
          ...ended,
          broken: `${nodes[place]} is told ${viewIdText(promised)} after ${viewIdText(hand.floor)} was granted`,
        }
      : ended;
  }
  if (!isGranted) return withHand(table, place, { ...hand, ...retry(table, hand) });
  if (grant.step === "promise") {
    return withHand({ ...table, promises: [...table.promises, view] }, place, { ...hand, next: "install" });
  }
  const installed = { view, basis: hand.basis };
  const rival = table.installs.find((other) => isForgotten(other, installed) || isForgotten(installed, other));
  const broken = rival === undefined ? null : `${viewIdText(view)} and ${viewIdText(rival.view)} are both installed`;
  const installs = [...table.installs, installed];
  const { isInTurn, listens } = table.extent;
  const next = isInTurn === true && place === 0 ? retry(table, hand) : ({ next: listens ? "hear" : "end" } as const);
  return { ...withHand(table, place, { ...hand, basis: view, ...next }), installs, broken };
}

/** The later view was installed with a log that lacks the earlier one. */
function isForgotten(earlier: Table["installs"][number], later: Table["installs"][number]): boolean {
  return compareViewIds(earlier.view, later.view) < 0 && compareViewIds(later.basis, earlier.view) < 0;
}

function retry({ extent }: Table, { attempt }: Hand): Pick<Hand, "attempt" | "next"> {
  return { attempt: attempt + 1, next: attempt < extent.attempts ? "promise" : "end" };
}

function withHand(table: Table, place: number, hand: Hand): Table {
  return { ...table, hands: table.hands.map((one, index) => (index === place ? hand : one)) };
}

function higher(a: ViewId, b: ViewId): ViewId {
  return compareViewIds(a, b) < 0 ? b : a;
}
