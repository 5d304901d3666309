import type { NoticeId } from "../model/notice.ts";
import { isSubmitted, patch, submit, type Work } from "./manager-work.ts";
import type { ClusterState } from "./services/cluster-state.ts";
import { noticesDone, noticesDue } from "./services/notices.ts";
import { queueNotice } from "./services/runner-state.ts";

/** [PRO-8] What the instances here are to be told before others go on. An instance that is unknown here is told nothing, which is an answer too. */
export function tellInstances(work: Work): void {
  const { cluster, self, incarnation } = work.state;
  if (work.facts.view === null || cluster.nodes[self]?.incarnation !== incarnation) return;
  for (const { instance, notice, clone, operation, entry } of noticesDue(cluster, self)) {
    const id: NoticeId = { clone, operation, entry };
    const { runner } = work.state;
    const key = keyOf(id);
    if (isSubmitted(work, key)) continue;
    const runtime = runner.runtimes[instance];
    if (runtime === undefined) answerNotice(work, id);
    else if (!runtime.notices.some(({ answers }) => answers !== null && keyOf(answers) === key))
      patch(work, { runner: queueNotice(runner, instance, { notice, answers: id }) });
  }
}

/** [PRO-9] What the last entry has brought to its end. */
export function tellWhatIsDone(work: Work, before: ClusterState): void {
  const { cluster, self } = work.state;
  for (const { instance, notice } of noticesDone(before, cluster, self))
    patch(work, { runner: queueNotice(work.state.runner, instance, { notice, answers: null }) });
}

/** The agent here has been told, or cannot be: who waits for it goes on. */
export function answerNotice(work: Work, id: NoticeId): void {
  const { self, incarnation } = work.state;
  submit(work, keyOf(id), { kind: "notified", node: self, incarnation, ...id });
}

function keyOf({ clone, operation, entry }: NoticeId): string {
  return `notified:${clone}:${operation}:${entry}`;
}
