import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { compareViewIds, type View, type ViewId, viewIdText } from "../../model/view.ts";
import type { GroupStep } from "../../core/group.ts";
import { keyOf } from "./canonical.ts";

/** What has gone on that no state shows any more, as little as the promises need. Part of a world: two pasts are two worlds. */
export interface History {
  /** By index - 1: what was delivered first there. */
  readonly log: readonly Delivered[];
  /** Views that somebody was active in, by id. */
  readonly views: readonly Begun[];
}

interface Delivered {
  readonly key: string;
  readonly entry: Entry;
  /** The view that the first who delivered it was in. */
  readonly view: ViewId;
  readonly members: readonly NodeId[];
}

interface Begun {
  readonly id: ViewId;
  readonly content: string;
  /** Length of the log that it began with. */
  readonly base: number;
}

/** A promise that was not kept. */
export interface Broken {
  readonly rule: "V1" | "V2" | "V4" | "V6" | "order" | "once" | "promise" | "disk" | "lost" | "throw";
  readonly text: string;
}

export const noHistory: History = { log: [], views: [] };

/** The history after one more step of `node`. */
export function remembered(
  history: History,
  node: NodeId,
  before: number,
  step: GroupStep,
): { readonly history: History; readonly broken: Broken | null } {
  const { state, delivered } = step;
  let { log, views } = history;
  let broken: Broken | null = null;
  const fail = (rule: Broken["rule"], text: string): void => {
    broken ??= { rule, text };
  };
  const { phase } = state;
  if (phase.kind === "active") {
    const known = views.find(({ id }) => compareViewIds(id, phase.view.id) === 0);
    const content = contentOf(phase.view);
    if (known === undefined) views = sorted([...views, { id: phase.view.id, content, base: state.base }]);
    else if (known.content !== content)
      fail("V1", `view ${viewIdText(phase.view.id)} is ${known.content} and, at ${node}, ${content}`);
  }
  let expected = before + 1;
  for (const entry of delivered) {
    if (entry.index !== expected) fail("order", `${node} delivers ${entry.index} after ${expected - 1}`);
    expected = entry.index + 1;
    const key = keyOf(entry);
    const known = log[entry.index - 1];
    if (known !== undefined) {
      if (known.key !== key) fail("order", `${node} delivers at ${entry.index} ${key}, but it was ${known.key}`);
      continue;
    }
    if (isTwice(log, entry)) fail("once", `${node} delivers a submission again at ${entry.index}`);
    const members = state.viewMembers.map((member) => member.node);
    log = [...log, { key, entry, view: state.logView, members }];
  }
  return { history: log === history.log && views === history.views ? history : { log, views }, broken };
}

export function historyText({ log, views }: History): string {
  const last = log.map(({ key, view, members }) => `${key} ${viewIdText(view)} ${members.join("")}`).join("|");
  return `${last} ${views.map(({ id, content, base }) => `${viewIdText(id)} ${content} ${base}`).join("|")}`;
}

function contentOf({ id, members }: View): string {
  return `${id.incarnation} ${members.map(({ node, incarnation }) => `${node}.${incarnation}`).join()}`;
}

function sorted(views: readonly Begun[]): readonly Begun[] {
  return [...views].sort((a, b) => compareViewIds(a.id, b.id));
}

function isTwice(log: readonly Delivered[], { id }: Entry): boolean {
  if (id.sequence === 0) return false;
  return log.some(({ entry }) => {
    const other = entry.id;
    return other.origin === id.origin && other.incarnation === id.incarnation && other.sequence === id.sequence;
  });
}
