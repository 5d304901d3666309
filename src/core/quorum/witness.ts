import type { DiskRecord } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WitnessAsk, WitnessGrant } from "../../model/message.ts";
import { compareViewIds, sameViewId, type ViewId } from "../../model/view.ts";

/**
 * The witness: a voter without a log, for one cluster.
 *
 * Where the nodes are halved, both halves may ask it for the vote that they lack. It keeps two numbers on disk: the highest view that it
 * promised its vote to, and the last one that was installed with its vote. Promises only grow, so of two askers the later one overtakes
 * the earlier, whose view is then never installed here. And it gives no vote to a log that is older than the last one it helped to
 * install: it cannot hand out what was ordered since, so whoever lacks that must wait for whoever has it.
 *
 * Two phases, because with one a proposer that dies half-way would leave the witness with a view that no disk holds, and everybody else
 * would be refused for ever: the vote first, then, when every member has the log on disk, that the view is the last one.
 *
 * Pure. Nothing is granted before it is on disk: a grant waits for every write that was asked for before it.
 */
export interface WitnessState {
  readonly promised: ViewId;
  readonly logView: ViewId;
  /** Number of the next write, and of the last one that is done. */
  readonly nextWrite: number;
  readonly doneWrite: number;
  /** Grants that wait for the disk, oldest first. */
  readonly waiting: readonly Waiting[];
}

interface Waiting {
  readonly write: number;
  readonly to: Asker;
  readonly grant: WitnessGrant;
}

/** Who asks. */
export interface Asker {
  /** Where the answer goes; means something to whoever runs the witness only. */
  readonly address: string;
  readonly incarnation: Incarnation;
}

/** Everything that a witness is told. */
export type WitnessInput =
  | { readonly kind: "ask"; readonly from: Asker; readonly ask: WitnessAsk }
  /** All writes up to this number are on disk. */
  | { readonly kind: "persisted"; readonly write: number };

/** Everything that it asks for. */
export type WitnessEffect =
  | { readonly kind: "persist"; readonly write: number; readonly records: readonly DiskRecord[] }
  | { readonly kind: "answer"; readonly to: Asker; readonly grant: WitnessGrant };

/** What a step gives. */
export interface WitnessStep {
  readonly state: WitnessState;
  readonly effects: readonly WitnessEffect[];
}

/** Grants that may wait for the disk at once; an asker that hears nothing asks again. */
const waitingMax = 256;

/** Begins with what its disk holds. */
export function startWitness(disk: { readonly promised: ViewId; readonly logView: ViewId }): WitnessState {
  return { promised: disk.promised, logView: disk.logView, nextWrite: 1, doneWrite: 0, waiting: [] };
}

/** The first records of a new disk: from here on it is the voter `name`, and a new disk is another one. */
export function foundedWitness(name: NodeId): readonly DiskRecord[] {
  return [{ kind: "founded", voters: [name] }];
}

/** One input. */
export function stepWitness(state: WitnessState, input: WitnessInput): WitnessStep {
  return input.kind === "ask" ? onAsk(state, input.from, input.ask) : onDone(state, input.write);
}

function onDone(state: WitnessState, write: number): WitnessStep {
  const doneWrite = Math.max(state.doneWrite, write);
  const effects: WitnessEffect[] = [];
  for (const { write: needed, to, grant } of state.waiting)
    if (needed <= doneWrite) effects.push({ kind: "answer", to, grant });
  const waiting = state.waiting.filter((one) => one.write > doneWrite);
  return { state: { ...state, doneWrite, waiting }, effects };
}

function onAsk(state: WitnessState, to: Asker, ask: WitnessAsk): WitnessStep {
  const granted = judgeAsk(state, ask);
  const { promised, logView } = granted ?? state;
  const isGranted = granted !== null;
  const { step, sentAt, view } = ask;
  const grant: WitnessGrant = { step, asker: to.incarnation, sentAt, view, isGranted, promised, logView };
  const records = changes(state, { promised, logView });
  const isWritten = records.length === 0;
  const write = isWritten ? state.nextWrite - 1 : state.nextWrite;
  const next: WitnessState = { ...state, promised, logView, nextWrite: write + 1 };
  const persist: WitnessEffect[] = isWritten ? [] : [{ kind: "persist", write, records }];
  // [GRP-82] A refusal and a mere answer promise nothing, so they need not wait.
  if (!isGranted || write <= state.doneWrite)
    return { state: next, effects: [...persist, { kind: "answer", to, grant }] };
  const waiting = [...next.waiting, { write, to, grant }].slice(-waitingMax);
  return { state: { ...next, waiting }, effects: persist };
}

/** The two views that decide, wherever they are kept. */
export type WitnessRecord = Pick<WitnessState, "promised" | "logView">;

/** What the witness holds after it has granted; null when it refuses, or nothing was asked for. */
export function judgeAsk({ promised, logView }: WitnessRecord, ask: WitnessAsk): WitnessRecord | null {
  const { view, basis } = ask;
  if (ask.step === "promise") {
    // [GRP-80] Never below what was promised; the same again for an asker that has not heard the answer.
    if (!sameViewId(view, promised) && compareViewIds(view, promised) <= 0) return null;
    // [GRP-81] Not to a log that lacks what was ordered with this vote.
    if (!sameViewId(basis, logView) && compareViewIds(basis, logView) <= 0) return null;
    return { promised: view, logView };
  }
  if (ask.step === "install") return sameViewId(view, promised) ? { promised, logView: view } : null;
  return null;
}

function changes(before: WitnessState, after: WitnessRecord): readonly DiskRecord[] {
  if (!sameViewId(before.logView, after.logView)) return [installedAlone(after.logView)];
  if (!sameViewId(before.promised, after.promised)) return [{ kind: "promise", promised: after.promised }];
  return [];
}

/** A view with an empty log: what a witness keeps of it. */
function installedAlone(view: ViewId): DiskRecord {
  return { kind: "install", view, members: [], base: 0, committed: 0, founding: [], from: 1, entries: [] };
}
