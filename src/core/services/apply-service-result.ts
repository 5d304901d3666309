import type { EntryBody } from "../../model/entry.ts";
import { isLive, isQuarantined } from "../fencing/node-record.ts";
import { definitionOf } from "./cluster-state.ts";
import { type Draft, movePhase, patchService } from "./draft.ts";
import { failureAgainst, failureText, withFailure } from "./failure-memory.ts";
import { type FailureRecord, phaseNode, type ServiceRecord } from "./service-record.ts";
import { frozenText } from "./frozen.ts";
import { endDouble } from "./double.ts";
import { recoveryPlace } from "./settle-relations.ts";
import { withParts } from "./step-times.ts";
import { bindGroup } from "./together.ts";

type ResultBody = Extract<EntryBody, { kind: "service-result" }>;

/** A node answers an order, or reports that what it ran has failed. Answers to older orders change nothing. */
export function applyServiceResult(draft: Draft, body: ResultBody): void {
  const node = draft.nodes[body.node];
  const record = draft.services[body.service];
  if (record === undefined || node?.incarnation !== body.incarnation || !isLive(node)) return;
  if (record.strays.some((stray) => stray.node === body.node && stray.attempt === body.attempt)) {
    applyStrayResult(draft, record, body);
    return;
  }
  const { result } = body;
  if (record.order !== body.attempt || phaseNode(record.phase) !== body.node) return;
  // What a monitor has found is true, whatever else its node has still to say.
  const isFinding = result.kind === "failed" && result.action === "monitor";
  if (record.doubts.includes(body.node) && !isFinding) return;
  switch (result.kind) {
    case "started":
      if (record.phase.kind !== "starting") return;
      noteTimes(draft, record, "start", result);
      movePhase(draft, record, { kind: "started", node: body.node }, record.reason);
      return;
    case "stopped": {
      const { phase } = record;
      if (phase.kind !== "stopping" && phase.kind !== "blocked") return;
      noteTimes(draft, record, "stop", result);
      movePhase(draft, record, { kind: "stopped", next: phase.next }, record.reason);
      return;
    }
    case "failed":
      applyFailure(draft, record, body, result);
      return;
  }
}

/** [SVC-31] For the dry runs to come. */
function noteTimes(
  draft: Draft,
  record: ServiceRecord,
  action: "start" | "stop",
  { durationMs, parts }: Extract<ResultBody["result"], { kind: "started" | "stopped" }>,
): void {
  const { measured, definition } = record;
  const whole = action === "start" ? { startMs: durationMs } : { stopMs: durationMs };
  const more = withParts(measured, definition.resources, action, parts);
  patchService(draft, record, { measured: { ...measured, ...whole, ...more } });
}

function applyFailure(
  draft: Draft,
  before: ServiceRecord,
  body: ResultBody,
  result: Extract<ResultBody["result"], { kind: "failed" }>,
): void {
  const failure: FailureRecord = {
    node: body.node,
    entry: draft.index,
    at: draft.at,
    resource: result.resource,
    action: result.action,
    outcome: result.outcome,
    isCleared: false,
  };
  const text = failureText(failure);
  draft.events.push({ node: body.node, service: body.service, level: "error", text });
  if (result.action === "monitor" && frozenText(draft, before) !== null) return;
  const record = patchService(draft, before, { failures: withFailure(before, failure) });
  const { phase } = record;
  if (result.action === "stop") {
    const next = phase.kind === "stopping" || phase.kind === "blocked" ? phase.next : null;
    movePhase(draft, record, { kind: "blocked", node: body.node, next }, text);
    return;
  }
  // A failed start has been cleaned up by its node before it said so: it runs nothing there.
  if (result.action === "start" && phase.kind === "starting") {
    movePhase(draft, record, { kind: "stopped", next: null }, text);
    return;
  }
  if (result.action === "monitor" && phase.kind === "started") recover(draft, record, body, text);
}

function recover(draft: Draft, record: ServiceRecord, body: ResultBody, text: string): void {
  const { node } = body;
  const { recovery } = definitionOf(draft, record);
  if (recovery.policy === "disable") {
    const disabled = patchService(draft, record, { isEnabled: false });
    movePhase(draft, disabled, { kind: "stopping", node, next: null }, `${text}; its policy is to be disabled then`);
    return;
  }
  const mayStay = failureAgainst(record, recovery, node, draft.at) === null && !isQuarantined(draft.nodes[node]);
  const next = mayStay ? node : recoveryPlace(draft, record);
  if (next !== null && next !== node) bindGroup(draft, record, next);
  const then = next === node ? "restarted" : next === null ? "stopped" : `relocated to ${next}`;
  movePhase(draft, record, { kind: "stopping", node, next }, `${text}; ${then}`);
}

function applyStrayResult(draft: Draft, record: ServiceRecord, body: ResultBody): void {
  const { result } = body;
  if (result.kind === "stopped") {
    patchService(draft, record, { strays: record.strays.filter((stray) => stray.node !== body.node) });
    draft.events.push({ node: body.node, service: body.service, level: "info", text: "stopped beside its owner" });
    endDouble(draft, record, body.node);
    return;
  }
  if (result.kind !== "failed") return;
  const strays = record.strays.map((stray) => (stray.node === body.node ? { ...stray, isBlocked: true } : stray));
  patchService(draft, record, { strays });
  const text = `${result.action} of ${result.resource} failed beside its owner: ${result.outcome.reason}`;
  draft.events.push({ node: body.node, service: body.service, level: "error", text });
}
