import type { Intent } from "../model/intent.ts";
import type { Input } from "../model/input.ts";
import { confirmForArbiter } from "./manager-fencing.ts";
import { isQuorate, patch, type Request, submit, type Work } from "./manager-work.ts";
import { refusalOf } from "./services/apply-intent.ts";
import { goalState } from "./services/goals.ts";

/** An operator asks this node: refused at once when it cannot be, else submitted. Its answer follows when its goal is reached. */
export function takeIntent(work: Work, input: Extract<Input, { kind: "intent" }>): void {
  const { request, intent, author } = input;
  const confirmed = confirmForArbiter(work, intent, author);
  if (!confirmed && !isQuorate(work)) {
    refuse(work, request, "NO_QUORUM", "Cannot decide it: this node has no quorum; ask where there is one, or wait");
    return;
  }
  const refusal = confirmed ? null : refusalOf(work.state.cluster, intent);
  if (refusal !== null) {
    refuse(work, request, refusal.code, refusal.text);
    return;
  }
  const key = `request:${request}`;
  patch(work, { requests: [...work.state.requests, { request, key, intent, goal: null }] });
  submit(work, key, { kind: "intent", intent, author });
}

/** This node's file was read again: it is proposed, and answered when it is in force. */
export function takeConfig(work: Work, input: Extract<Input, { kind: "config" }>): void {
  const { request, config, digest, author } = input;
  patch(work, { fileConfig: config, fileDigest: digest });
  if (work.state.cluster.config?.digest === digest) {
    work.effects.push({
      kind: "answer",
      request,
      answer: { ok: true, text: "this configuration is in force already" },
    });
    return;
  }
  if (!isQuorate(work)) {
    refuse(work, request, "NO_QUORUM", "Cannot apply the configuration: this node has no quorum");
    return;
  }
  const key = `request:${request}`;
  patch(work, { requests: [...work.state.requests, { request, key, intent: null, goal: null }] });
  submit(work, key, { kind: "config", config, digest, author });
}

/** Answers the requests whose goal is reached, or cannot be any more. */
export function answerRequests(work: Work): void {
  const open: Request[] = [];
  for (const request of work.state.requests) {
    const isDecided = request.goal !== null && !isVoteLeft(work, request.goal.intent);
    const outcome = isDecided ? goalState(work.state.cluster, request.goal) : null;
    if (outcome === null || outcome.kind === "pending") {
      open.push(request);
      continue;
    }
    const { text } = outcome;
    const answer =
      outcome.kind === "reached" ? { ok: true as const, text } : { ok: false as const, code: outcome.code, text };
    work.effects.push({ kind: "answer", request: request.request, answer });
  }
  if (open.length !== work.state.requests.length) patch(work, { requests: open });
}

/** [GRP-102] A node is removed when its vote is. */
function isVoteLeft({ facts }: Work, intent: Intent): boolean {
  if (intent.kind !== "remove-node") return false;
  return facts.electorate.voters.includes(intent.node) || facts.electorate.index > facts.delivered;
}

/** What was not ordered yet may still be, once there is a quorum again; nobody can wait for that. */
export function abandonRequests(work: Work): void {
  for (const { request } of work.state.requests) {
    refuse(
      work,
      request,
      "NO_QUORUM",
      "Not done yet: this node lost its quorum; it may still be carried out when there is one",
    );
  }
  patch(work, { requests: [] });
}

function refuse(work: Work, request: number, code: string, text: string): void {
  work.effects.push({ kind: "answer", request, answer: { ok: false, code, text } });
}
