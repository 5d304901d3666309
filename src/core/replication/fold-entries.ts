import { type Checkpoint, checkpointFormat } from "../../model/checkpoint.ts";
import { wallMs } from "../../model/units.ts";
import { type Member, sameViewId } from "../../model/view.ts";
import { entriesBetween, type Log, withElectorateOf } from "./log.ts";
import type { StateMachine } from "./state-machine.ts";

type Draft = { -readonly [Field in keyof Checkpoint]: Checkpoint[Field] };

/**
 * [GRP-55] The checkpoint at `index`: what the entries up to it add up to, from the log's own checkpoint on. It holds everything that is
 * asked of old entries anywhere: electorates, submissions, lives, what disks must hold, and the manager's state.
 *
 * @param index within the log, and committed
 */
export function foldEntries(log: Log, index: number, machine: StateMachine): Checkpoint {
  const draft: Draft = { ...(log.checkpoint ?? nothing(log, machine)) };
  const submissions = byNode(draft.submissions, ({ origin }) => origin);
  const lives = byNode(draft.lives, ({ node }) => node);
  const left = byNode(draft.left, ({ node }) => node);
  const floors = byNode(draft.floors, ({ node }) => node);
  for (const entry of entriesBetween(log, log.trimmed + 1, index)) {
    const { id, body } = entry;
    const { lastView } = draft;
    // Only the entry behind it shows that a view has begun: see `diskFloor`.
    if (lastView !== null && entry.index === lastView.index + 1 && sameViewId(entry.view, lastView.view)) {
      for (const node of lastView.members) floors.set(node, { node, view: lastView.view, index: lastView.index });
    }
    if (id.sequence > 0) {
      const { origin, incarnation, sequence } = id;
      submissions.set(origin, { origin, incarnation, sequence });
    }
    if (body.kind === "view") {
      draft.lastView = { index: entry.index, view: entry.view, members: body.members.map(({ node }) => node) };
      for (const member of body.members) noteLife(lives, member);
    }
    if (body.kind === "left") left.set(body.node, { node: body.node, incarnation: body.incarnation });
    if (body.kind === "halted") for (const member of body.members) noteLife(left, member);
    draft.electorates = withElectorateOf(draft.electorates, entry).slice(-2);
    draft.state = machine.apply(draft.state, entry);
    draft.index = entry.index;
    draft.at = entry.at;
  }
  draft.submissions = sorted(submissions);
  draft.lives = sorted(lives);
  draft.left = sorted(left);
  draft.floors = sorted(floors);
  return draft;
}

function nothing(log: Log, machine: StateMachine): Checkpoint {
  return {
    format: checkpointFormat,
    index: 0,
    at: wallMs(0),
    electorates: log.electorates.filter(({ index }) => index === 0),
    submissions: [],
    lives: [],
    left: [],
    lastView: null,
    floors: [],
    state: machine.initial,
  };
}

function noteLife(lives: Map<string, Member>, { node, incarnation }: Member): void {
  const known = lives.get(node);
  if (known === undefined || known.incarnation < incarnation) lives.set(node, { node, incarnation });
}

function byNode<Item>(items: readonly Item[], nodeOf: (item: Item) => string): Map<string, Item> {
  return new Map(items.map((item) => [nodeOf(item), item]));
}

function sorted<Item>(items: ReadonlyMap<string, Item>): readonly Item[] {
  return [...items].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
}
