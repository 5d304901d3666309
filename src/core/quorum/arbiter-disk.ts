import type { ArbiterContent, SlotBeat, SlotVote } from "../../model/arbiter-disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WitnessAsk, WitnessGrant } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import { sameViewId } from "../../model/view.ts";
import { lookAround, type Seen } from "./seen-slots.ts";
import { readSlots, type SlotTable } from "./slot-table.ts";
import { judgeAsk } from "./witness.ts";

/**
 * A shared disk as the witness: asked and answering like one, but nobody is there who judges. Each node judges for itself.
 *
 * Every node has a slot that only it writes, and the witness's record is what all slots say together: the highest promise, the last
 * installed view. Whoever wants the vote looks whether a witness would give it, writes its own claim, and then looks again. Of two
 * who want it at the same time at least one sees the other: each has written before its second look, and whoever wrote later looks
 * later. So a later promise ends an earlier one before its installation, or knows of it; and that is all that a witness does.
 *
 * A claim is written twice, one copy after the other, the one that is not the newest first, and counts once both are there: a writer that loses its power in the middle
 * leaves one whole copy, and what the broken one would have said was granted to nobody. The whole one may be overwritten by a write of an
 * earlier life that comes late, so a life first makes the slot its own: both copies in its name, then a sign of life, and only then a
 * claim. Where that sign stands beside nothing but an earlier life's copy, what was claimed since is lost, and the slot is damaged.
 *
 * Pure, and one thing at a time: nothing is written while an earlier reading or writing has not come back, so no write overtakes.
 */
export interface ArbiterDiskState {
  readonly setup: ArbiterDiskSetup;
  /** The newest question of each step. */
  readonly waiting: readonly WitnessAsk[];
  readonly work: Work | null;
  readonly seen: Seen | null;
  /** Signs of life written so far. */
  readonly beats: number;
  /** What was told last; null: all is well. */
  readonly trouble: string | null;
}

/** Whose hand it is. */
export interface ArbiterDiskSetup {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly cluster: string;
  readonly deadtimeMs: number;
}

interface Work {
  readonly ask: WitnessAsk;
  readonly stage: Stage;
}

/** What is to be in both copies: a claim, or what the slot said before. */
interface Written {
  readonly vote: SlotVote;
  readonly isClaim: boolean;
}

type Stage =
  | { readonly kind: "looking" }
  | ({ readonly kind: "writing"; readonly copy: 0 | 1; readonly isLast: boolean; readonly slot: number } & Written)
  | ({ readonly kind: "checking" } & Written)
  /** `grant` is what it will have been told; null: it goes on to claim. */
  | { readonly kind: "beating"; readonly disk: NodeId; readonly grant: WitnessGrant | null };

/** Everything that it is told. */
export type ArbiterDiskInput =
  | { readonly kind: "ask"; readonly ask: WitnessAsk }
  /** The disk as it was at some time between the question and now, each slot for itself. */
  | { readonly kind: "read"; readonly content: ArbiterContent }
  /** What was to be written is on the disk. */
  | { readonly kind: "written" }
  /** What was asked for was not done, or only half; it is surely over. `reason` for people. */
  | { readonly kind: "failed"; readonly reason: string };

/** Everything that it asks for. `read` and the writes are answered by `read`, `written` or `failed`, before the next is asked for. */
export type ArbiterDiskEffect =
  | { readonly kind: "read" }
  | { readonly kind: "write-vote"; readonly slot: number; readonly copy: 0 | 1; readonly vote: SlotVote }
  | { readonly kind: "write-beat"; readonly slot: number; readonly beat: SlotBeat }
  | { readonly kind: "answer"; readonly disk: NodeId; readonly grant: WitnessGrant }
  /** The node has written since the last look. */
  | { readonly kind: "heard"; readonly node: NodeId }
  /** For people: why the disk does not answer, when that is new; null when it does again. */
  | { readonly kind: "trouble"; readonly reason: string | null };

/** What a step gives. */
export interface ArbiterDiskStep {
  readonly state: ArbiterDiskState;
  readonly effects: readonly ArbiterDiskEffect[];
}

interface Turn {
  state: ArbiterDiskState;
  readonly now: InstantMs;
  readonly effects: ArbiterDiskEffect[];
}

/** Knows nothing yet, and does nothing before it is asked. */
export function startArbiterDisk(setup: ArbiterDiskSetup): ArbiterDiskState {
  return { setup, waiting: [], work: null, seen: null, beats: 0, trouble: null };
}

/** One input. */
export function stepArbiterDisk(state: ArbiterDiskState, input: ArbiterDiskInput, now: InstantMs): ArbiterDiskStep {
  const turn: Turn = { state, now, effects: [] };
  const { work } = state;
  if (input.kind === "ask") take(turn, input.ask);
  else if (work === null) throw new Error(`Cannot take "${input.kind}" from the arbiter disk: nothing was asked of it`);
  else if (input.kind === "failed") fail(turn, input.reason);
  else if (input.kind === "read") onRead(turn, work, input.content);
  else onWritten(turn, work);
  begin(turn);
  return { state: turn.state, effects: turn.effects };
}

function take(turn: Turn, ask: WitnessAsk): void {
  const { waiting, work } = turn.state;
  const isUnderWay = work !== null && work.ask.step === ask.step && sameViewId(work.ask.view, ask.view);
  if (isUnderWay && ask.step !== "hear") return;
  turn.state = { ...turn.state, waiting: [...waiting.filter(({ step }) => step !== ask.step), ask] };
}

const urgency: readonly WitnessAsk["step"][] = ["install", "promise", "hear"];

/** Takes up what is most urgent, when the disk is free. */
function begin(turn: Turn): void {
  const { work, waiting } = turn.state;
  if (work !== null) return;
  for (const step of urgency) {
    const ask = waiting.find((one) => one.step === step);
    if (ask === undefined) continue;
    const others = waiting.filter((one) => one !== ask);
    turn.state = { ...turn.state, waiting: others };
    return look(turn, ask);
  }
}

function look(turn: Turn, ask: WitnessAsk): void {
  turn.state = { ...turn.state, work: { ask, stage: { kind: "looking" } } };
  turn.effects.push({ kind: "read" });
}

function onRead(turn: Turn, { ask, stage }: Work, content: ArbiterContent): void {
  const { setup, seen } = turn.state;
  if (stage.kind === "writing" || stage.kind === "beating")
    throw new Error(`Cannot take what was read while ${stage.kind}`);
  const table = readSlots(content, setup);
  if (typeof table === "string") return fail(turn, table);
  const found = lookAround(seen, { table, content, now: turn.now, incarnation: setup.incarnation });
  turn.state = { ...turn.state, seen: found.seen };
  for (const node of found.heard) if (node !== setup.self) turn.effects.push({ kind: "heard", node });
  // [GRP-93] What is older than it was, or written by another hand, proves that this is not the disk that it should be.
  const isForeign = found.seen.foreignAt !== null && turn.now - found.seen.foreignAt < 2 * setup.deadtimeMs;
  if (found.wentBack !== null) return fail(turn, `the slot of ${found.wentBack} is read older than it was`);
  if (isForeign) return fail(turn, `something else than this daemon writes into the slot of ${setup.self}`);
  // [GRP-94] The question may be of no interest any more: nothing is claimed for it.
  const lateMs = turn.now - ask.sentAt;
  if (lateMs >= (ask.step === "hear" ? 1 : 2) * setup.deadtimeMs) return fail(turn, "it is too slow");
  if (stage.kind === "checking") return onChecked(turn, ask, table, stage);
  if (ask.step !== "hear" && found.seen.hasBeaten) return onLooked(turn, ask, table);
  if (isOwn(turn, table)) return beat(turn, ask, table);
  write(turn, ask, table, { vote: nextVote(turn, table), isClaim: false });
}

/** [GRP-96] Nothing of an earlier life is left in it. */
function isOwn(turn: Turn, { isOwnWhole, ownVote }: SlotTable): boolean {
  return isOwnWhole && ownVote.incarnation === turn.state.setup.incarnation;
}

/** The first look at a claim: would a witness grant it? */
function onLooked(turn: Turn, ask: WitnessAsk, table: SlotTable): void {
  const granted = judgeAsk(table, ask);
  const isMine = ask.step === "promise" || sameViewId(table.ownVote.promised, ask.view);
  // [GRP-89] A claim that would be refused must not be written: it would end the view that rightly has the vote.
  if (granted === null || !isMine) return answer(turn, table.disk, grantOf(turn, ask, table, false));
  const claim = ask.step === "promise" ? { promised: ask.view } : { logView: ask.view };
  write(turn, ask, table, { vote: { ...nextVote(turn, table), ...claim }, isClaim: true });
}

/** [GRP-90] The second look, after the claim was written: has anybody claimed more meanwhile? */
function onChecked(turn: Turn, ask: WitnessAsk, table: SlotTable, { vote, isClaim }: Written): void {
  const { ownVote, disk } = table;
  if (disk !== vote.disk || ownVote.sequence !== vote.sequence || !table.isOwnWhole)
    return fail(turn, "what was written is not what is read");
  if (!isClaim) return beat(turn, ask, table);
  answer(turn, disk, grantOf(turn, ask, table, judgeAsk(table, ask) !== null));
}

function nextVote(turn: Turn, { ownVote }: SlotTable): SlotVote {
  return { ...ownVote, incarnation: turn.state.setup.incarnation, sequence: ownVote.sequence + 1 };
}

function write(turn: Turn, ask: WitnessAsk, { own: slot, ownStale: copy }: SlotTable, written: Written): void {
  turn.state = { ...turn.state, work: { ask, stage: { kind: "writing", copy, isLast: false, slot, ...written } } };
  turn.effects.push({ kind: "write-vote", slot, copy, vote: written.vote });
}

/** [GRP-95] A sign of life; and only who can write to the disk has heard it. */
function beat(turn: Turn, ask: WitnessAsk, table: SlotTable): void {
  const { setup, beats } = turn.state;
  const grant = ask.step === "hear" ? grantOf(turn, ask, table, false) : null;
  turn.state = { ...turn.state, beats: beats + 1, work: { ask, stage: { kind: "beating", disk: table.disk, grant } } };
  const { self: node, incarnation } = setup;
  turn.effects.push({
    kind: "write-beat",
    slot: table.own,
    beat: { disk: table.disk, node, incarnation, count: beats + 1 },
  });
}

function onWritten(turn: Turn, { ask, stage }: Work): void {
  if (stage.kind === "beating") {
    const { seen } = turn.state;
    if (seen !== null) turn.state = { ...turn.state, seen: { ...seen, hasBeaten: true } };
    return stage.grant === null ? look(turn, ask) : answer(turn, stage.disk, stage.grant);
  }
  if (stage.kind !== "writing") throw new Error(`Cannot take a write while ${stage.kind}`);
  const { isLast, slot, vote, isClaim } = stage;
  if (!isLast) {
    const copy = stage.copy === 0 ? 1 : 0;
    turn.state = { ...turn.state, work: { ask, stage: { ...stage, copy, isLast: true } } };
    turn.effects.push({ kind: "write-vote", slot, copy, vote });
    return;
  }
  turn.state = { ...turn.state, work: { ask, stage: { kind: "checking", vote, isClaim } } };
  turn.effects.push({ kind: "read" });
}

function grantOf(turn: Turn, ask: WitnessAsk, table: SlotTable, isGranted: boolean): WitnessGrant {
  const { step, sentAt, view } = ask;
  const { promised, logView } = table;
  return { step, asker: turn.state.setup.incarnation, sentAt, view, isGranted, promised, logView };
}

function answer(turn: Turn, disk: NodeId, grant: WitnessGrant): void {
  turn.state = { ...turn.state, work: null };
  tell(turn, null);
  turn.effects.push({ kind: "answer", disk, grant });
}

/** No answer: like a witness that is silent. */
function fail(turn: Turn, reason: string): void {
  turn.state = { ...turn.state, work: null };
  tell(turn, reason);
}

function tell(turn: Turn, reason: string | null): void {
  if (turn.state.trouble === reason) return;
  turn.state = { ...turn.state, trouble: reason };
  turn.effects.push({ kind: "trouble", reason });
}
