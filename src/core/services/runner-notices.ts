import type { OperationOutcome } from "../../model/operation.ts";
import type { ResourceRuntime, Runtime } from "./runtime.ts";
import { beginNotify, put, type RunnerWork, say, withResources } from "./runner-work.ts";

/** [PRO-8] Tells the agent what is next to be told. One that does not run, or is being started or stopped, is told nothing, and nobody waits for it. */
export function tellNext(work: RunnerWork, runtime: Runtime): Runtime {
  const [next] = runtime.notices;
  if (next === undefined) return runtime;
  const [resource] = runtime.resources;
  if (runtime.task !== null || resource?.state !== "running" || resource.config.kind !== "ocf") {
    for (const { answers } of runtime.notices) if (answers !== null) work.answered.push(answers);
    return { ...runtime, notices: [] };
  }
  if (resource.operation !== null) return runtime;
  const told = beginNotify(work, runtime, { ...resource, config: resource.config }, next.notice);
  return withResources(runtime, (one) => (one === resource ? told : one));
}

/** The agent was told. What came of it changes nothing (OCF 1.1), and is no reason to wait longer. */
export function onNotified(
  work: RunnerWork,
  runtime: Runtime,
  position: number,
  ended: ResourceRuntime,
  outcome: OperationOutcome,
): void {
  const [told, ...others] = runtime.notices;
  // One that hangs would do so again: it is spared what nobody waits for, and its monitors come.
  const notices = outcome.status === "timed-out" ? others.filter(({ answers }) => answers !== null) : others;
  put(work, { ...runtime, notices }, position, ended);
  if (told === undefined) return;
  if (told.answers !== null) work.answered.push(told.answers);
  if (outcome.status === "ok") return;
  const { when, operation } = told.notice;
  say(work, runtime, `notify (${when} ${operation}) of ${ended.config.id}`, outcome, "; nothing waits for it");
}
