import { patch, type ScoreQuestion, submit, type Work } from "./manager-work.ts";
import { isKeptThere } from "./services/apply-degraded.ts";
import { servicesInOrder } from "./services/cluster-state.ts";
import { hasFreshScore, roleOf, roundOf } from "./services/promotion.ts";
import { markSuspect } from "./services/runner-state.ts";
import type { ServiceRecord } from "./services/service-record.ts";

/** An instance that runs here, of a promotable clone. */
interface OwnInstance {
  readonly record: ServiceRecord;
  /** In which scores are wanted; null: somebody is promoted. */
  readonly round: number | null;
}

/** [PRO-3] Nobody is promoted any more: the agents here are asked at once, and what they said before counts no more. */
export function askScores(work: Work): void {
  for (const { record, round } of ownInstances(work)) {
    const { runner, scoresAsked } = work.state;
    if (round === null || hasFreshScore(record, round) || isAbout(scoresAsked[record.service], record, round)) continue;
    const [resource] = runner.runtimes[record.service]?.resources ?? [];
    if (resource === undefined) continue;
    const asked = markSuspect(runner, resource.config.id);
    if (asked === runner) continue;
    const question = { round, order: record.order, fromOperation: runner.nextOperation };
    patch(work, { runner: asked, scoresAsked: { ...scoresAsked, [record.service]: question } });
  }
}

/** Tells what the agents here have said: each answer while nobody is promoted; else only whether an instance may be. */
export function tellScores(work: Work): void {
  const { self, incarnation } = work.state;
  for (const { record, round } of ownInstances(work)) {
    const { service, score, order: attempt } = record;
    const [resource] = work.state.runner.runtimes[service]?.resources ?? [];
    if (resource?.state !== "running") continue;
    const { last } = resource;
    if (last === null || last.action !== "monitor" || last.outcome.status !== "ok") continue;
    const value = last.outcome.score ?? -1;
    const question = work.state.scoresAsked[service];
    if (round !== null && !(isAbout(question, record, round) && last.id >= question.fromOperation)) continue;
    const isTold =
      round === null
        ? score?.order === attempt && score.value >= 0 === value >= 0
        : hasFreshScore(record, round) && score?.value === value;
    if (isTold) continue;
    const body = { kind: "score", node: self, incarnation, service, attempt, round: round ?? -1, value } as const;
    submit(work, `score:${service}:${attempt}:${round}:${value}`, body);
  }
}

function ownInstances({ state, facts }: Work): readonly OwnInstance[] {
  const { cluster, self, incarnation } = state;
  if (facts.view === null || cluster.nodes[self]?.incarnation !== incarnation) return [];
  return servicesInOrder(cluster).flatMap((record): readonly OwnInstance[] => {
    if (!isKeptThere(cluster, record, self)) return [];
    const role = roleOf(cluster, record);
    return role === undefined ? [] : [{ record, round: roundOf(role) }];
  });
}

function isAbout(
  question: ScoreQuestion | undefined,
  { order }: ServiceRecord,
  round: number,
): question is ScoreQuestion {
  return question?.round === round && question.order === order;
}
