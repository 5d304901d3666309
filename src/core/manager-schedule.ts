import { after } from "../model/units.ts";
import { submit, wake, type Work } from "./manager-work.ts";
import { dueAt } from "./services/schedule.ts";

/** Whoever sets a clock is noticed within this. */
const lookMsMax = 60_000;

/** [SVC-42] Says what is due. The coordinator looks at its own clock; who takes over from it finds in the list what is left. */
export function sayWhatIsDue(work: Work): void {
  const { cluster, self } = work.state;
  const waiting = cluster.schedule?.waiting ?? [];
  if (waiting.length === 0 || work.facts.view?.coordinator !== self) return;
  const { now, wall } = work.moment;
  for (const { id } of dueAt(cluster, wall)) submit(work, `due:${id}`, { kind: "due", id, wall });
  const next = waiting.find(({ at }) => at > wall);
  if (next !== undefined) wake(work, after(now, Math.min(next.at - wall, lookMsMax)));
}
