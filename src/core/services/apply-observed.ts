import type { EntryBody, Observation } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { treeOf } from "../../model/resource-tree.ts";
import { definitionOf, servicesInOrder } from "./cluster-state.ts";
import { type Draft, movePhase, patchNode, patchService } from "./draft.ts";
import { forgive } from "./failure-memory.ts";
import { frozenText } from "./frozen.ts";
import { isWanted, phaseNode, type ServiceRecord } from "./service-record.ts";
import { isQuarantined, leaseToldBy } from "../fencing/node-record.ts";
import { leftoversOf } from "./leftovers.ts";
import { endShutdown } from "./node-shutdown.ts";
import { hasThawed } from "./thaw.ts";
import { beginDouble, endDouble, meetAgain } from "./double.ts";

/**
 * A node reports what it found running. That is the truth about this node, whatever was written before.
 *
 * - All of a service runs there: it is started there and left alone (a daemon that crashed adopts what it had started).
 * - Parts run, or may run: they are stopped there first.
 * - It runs in a second place: that one is stopped at once, the first keeps it.
 * - Nothing runs where it was thought to: it is stopped, and settled anew.
 */
export function applyObserved(draft: Draft, body: Extract<EntryBody, { kind: "observed" }>): void {
  const node = draft.nodes[body.node];
  if (node === undefined || node.incarnation !== body.incarnation || node.enteredAt !== body.since || !node.isMember)
    return;
  patchNode(draft, body.node, leaseToldBy(body.leaseMs));
  if (body.sureOf !== undefined && body.sureOf === node.unsureSince) patchNode(draft, body.node, { unsureSince: null });
  for (const observation of body.services) {
    const record = draft.services[observation.service];
    if (record !== undefined) applyObservation(draft, record, body.node, observation);
  }
  const isReported = !servicesInOrder(draft).some((service) => service.doubts.includes(body.node));
  if (!isReported || node.eligibleSince >= node.enteredAt) return;
  endShutdown(draft, patchNode(draft, body.node, { eligibleSince: draft.index }));
}

function applyObservation(draft: Draft, before: ServiceRecord, node: NodeId, observation: Observation): void {
  const { phase } = before;
  const isHere = phaseNode(phase) === node;
  const doubted = before.doubts.includes(node);
  // What was asked of it after it looked is answered by the result of that, not by this.
  if (isHere && !doubted && before.order > observation.attempt) return;
  const { [node]: _, ...unable } = before.unable;
  const told = patchService(draft, before, {
    ...hasThawed(before, node, observation.attempt),
    doubts: before.doubts.filter((other) => other !== node),
    unable: observation.unable === undefined ? unable : { ...unable, [node]: observation.unable },
    failures: doubted
      ? forgive(before, (failure) => failure.node === node && failure.outcome.severity === "hard")
      : before.failures,
  });
  // [SVC-27] It is the other service's, and about to be stopped.
  const isOthers = leftoversOf(draft, before).some((leftover) => leftover.node === node);
  if (isOthers && !isHere) return dropStray(draft, told, node);
  const runs = extent(draft, told, observation);
  // A probe that failed leaves open whether it runs: it is stopped, but nobody can say that it ran.
  const isActive = observation.running.length > 0;
  const met = meetAgain(draft, told, node, { isActive, ranMsAgo: observation.ranMsAgo });
  const place = isHere ? null : (phaseNode(phase) ?? met.strays.find((stray) => stray.node !== node)?.node ?? null);
  const record = isActive && place !== null ? beginDouble(draft, met, node, place) : met;
  if (isHere) seenAtItsPlace(draft, record, node, runs);
  else if (phaseNode(phase) === null) seenWhileStopped(draft, record, node, runs);
  else seenElsewhere(draft, record, node, runs);
}

type Extent = "all" | "parts" | "nothing";

function extent(draft: Draft, record: ServiceRecord, observation: Observation): Extent {
  if (observation.running.length === 0 && observation.unclear.length === 0) return "nothing";
  const resources = definitionOf(draft, record).resources;
  // [TREE-7] What it can do without is brought up by its node.
  const { isCritical } = treeOf(resources);
  const runsAll = resources.every(({ id }, position) => !isCritical[position] || observation.running.includes(id));
  return runsAll ? "all" : "parts";
}

function seenAtItsPlace(draft: Draft, record: ServiceRecord, node: NodeId, runs: Extent): void {
  const { phase } = record;
  const next = phase.kind === "stopping" || phase.kind === "blocked" ? phase.next : homeOf(draft, record, node);
  if (runs === "nothing") {
    movePhase(draft, record, { kind: "stopped", next }, `found not running on ${node}`);
    return;
  }
  if (runs === "all" && (phase.kind === "starting" || phase.kind === "started")) {
    if (phase.kind === "starting") movePhase(draft, record, { kind: "started", node }, `found running on ${node}`);
    return;
  }
  const isNews = runs === "parts" && phase.kind !== "stopping";
  const reason = isNews ? `found running in parts on ${node}` : record.reason;
  const isLeftAlone = (phase.kind === "starting" || phase.kind === "started") && frozenText(draft, record) !== null;
  if (!isLeftAlone) movePhase(draft, record, { kind: "stopping", node, next }, reason);
  else if (phase.kind === "starting") movePhase(draft, record, { kind: "started", node }, `${reason}, and frozen`);
}

function seenWhileStopped(draft: Draft, record: ServiceRecord, node: NodeId, runs: Extent): void {
  if (runs === "nothing") return dropStray(draft, record, node);
  const current = patchService(draft, record, { strays: record.strays.filter((stray) => stray.node !== node) });
  const isOnlyPlace = current.strays.length === 0;
  const isLeftAlone = frozenText(draft, record) !== null;
  if (isOnlyPlace && ((runs === "all" && isWanted(record)) || isLeftAlone)) {
    // [REL-8] It may have been said before a time without a lease.
    const { unsureSince } = draft.nodes[node] ?? {};
    patchService(draft, current, { placedAt: unsureSince ? unsureSince - 1 : draft.index });
    movePhase(draft, current, { kind: "started", node }, `found running on ${node}`);
    return;
  }
  if (!isOnlyPlace) return addStray(draft, current, node);
  const reason = runs === "parts" ? `found running in parts on ${node}` : `found running on ${node} while disabled`;
  movePhase(draft, current, { kind: "stopping", node, next: homeOf(draft, current, node) }, reason);
}

/** Where to start again what was found stopped: where it was, but with failback, or in quarantine, the best node: it is down anyway. */
function homeOf(draft: Draft, record: ServiceRecord, node: NodeId): NodeId | null {
  return definitionOf(draft, record).domain.failback || isQuarantined(draft.nodes[node]) ? null : node;
}

function seenElsewhere(draft: Draft, record: ServiceRecord, node: NodeId, runs: Extent): void {
  if (runs === "nothing") return dropStray(draft, record, node);
  addStray(draft, record, node);
}

function addStray(draft: Draft, record: ServiceRecord, node: NodeId): void {
  const place = phaseNode(record.phase) ?? record.strays.find((stray) => stray.node !== node)?.node;
  const attempt = record.attempt + 1;
  const strays = record.strays.filter((stray) => stray.node !== node);
  patchService(draft, record, { attempt, strays: [...strays, { node, attempt, isBlocked: false }] });
  const text = `runs on ${node} beside ${place ?? "others"}: stopped there at once`;
  draft.events.push({ node, service: record.service, level: "error", text });
}

function dropStray(draft: Draft, record: ServiceRecord, node: NodeId): void {
  if (!record.strays.some((stray) => stray.node === node)) return;
  patchService(draft, record, { strays: record.strays.filter((stray) => stray.node !== node) });
  endDouble(draft, record, node);
}
