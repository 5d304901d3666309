import type { EntryBody } from "../../model/entry.ts";
import { intentWords } from "../../model/intent-words.ts";
import { applyIntent } from "./apply-intent.ts";
import type { Draft } from "./draft.ts";
import { endScheduled, lateMsMax, tellScheduled, timeText } from "./schedule.ts";

/** [SVC-42, SVC-43] The time of what waits has come, by the clock of who says so: it is done, as if it were asked for now, or it is told why not. */
export function applyDue(draft: Draft, { id, wall }: Extract<EntryBody, { kind: "due" }>): void {
  const item = draft.schedule?.waiting.find((one) => one.id === id);
  if (item === undefined || wall < item.at) return;
  const name = `${intentWords(item.what)}, scheduled by ${item.by} as ${id} for ${timeText(item.at)}`;
  if (wall - item.at > lateMsMax) {
    const why = `nobody could do it before ${timeText(wall)}`;
    endScheduled(draft, item, "dropped", why);
    tellScheduled(draft, item, "error", `not done: ${name}: ${why}`);
    return;
  }
  const refusal = applyIntent(draft, item.what, `${item.by} on ${timeText(item.askedAt)}, scheduled as ${id}`);
  endScheduled(draft, item, refusal === null ? "done" : "refused", refusal?.text ?? "");
  if (refusal === null) tellScheduled(draft, item, "info", `done now: ${name}`);
  else tellScheduled(draft, item, "error", `not done: ${name}: ${refusal.text}`);
}
