import type { ServiceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { besideOn } from "../placement/clones.ts";
import { relationsOf } from "../placement/relations.ts";
import { besideInstance, instancesOf } from "./clones.ts";
import { type DecisionView, definitionOf } from "./cluster-state.ts";
import { frozenText } from "./frozen.ts";
import { blockersOf } from "./eligibility.ts";
import { isWanted, phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";
import { awaitedScores } from "./promotion.ts";
import { isCloneUnsure, isUnsure } from "./unsure.ts";
import { placementOf } from "./together.ts";

/** A service that must be started first. */
export interface Awaited {
  readonly service: ServiceId;
  /** What it does instead. */
  readonly reason: string;
  /** It is on its way, or may be once something is known. */
  readonly isComing: boolean;
}

/** What a service waits for before it may start: hard, until that is started; soft, as long as it is on its way. */
export function awaitedBy(state: DecisionView, record: ServiceRecord): readonly Awaited[] {
  if (state.config === null) return [];
  const after = relationsOf(state.config.config)
    .after(record.service)
    .flatMap(({ service, soft = false }): readonly Awaited[] => {
      const first = state.services[service];
      if (first === undefined || isUp(state, first)) return [];
      const isComing = isOnItsWay(state, first);
      if (soft && !isComing) return [];
      const isKnown = blockersOf(state, first).length === 0;
      return [{ service, reason: whatItDoes(state, first), isComing: isComing || (isWanted(first) && !isKnown) }];
    });
  return [...after, ...awaitedBeside(state, record), ...awaitedOfRole(state, record)];
}

/** [PRO-3] Instances that have yet to say how new their data is. Who is frozen does not before an operator unfreezes it. */
export function awaitedOfRole(state: DecisionView, record: ServiceRecord): readonly Awaited[] {
  return awaitedScores(state, record).map((service) => {
    const instance = state.services[service];
    const frozen = instance === undefined ? null : frozenText(state, instance);
    const reason =
      frozen === null ? "has not told its promotion score yet" : `cannot be asked for its promotion score: ${frozen}`;
    return { service, reason, isComing: frozen === null };
  });
}

/** [CLN-6] A clone of which no instance is started anywhere yet. */
export function awaitedBeside(state: DecisionView, record: ServiceRecord): readonly Awaited[] {
  const { beside = [] } = definitionOf(state, record);
  return beside.flatMap((service): readonly Awaited[] => {
    const instances = instancesOf(state, service);
    if (instances.some((instance) => isUp(state, instance))) return [];
    const isComing = instances.some((instance) => isWanted(instance) && blockersOf(state, instance).length > 0);
    return [
      {
        service,
        reason: isCloneUnsure(state, service)
          ? "has no instance whose node has said yet that it still runs"
          : "has no instance that is started",
        isComing: isComing || instances.some((instance) => isOnItsWay(state, instance)),
      },
    ];
  });
}

/** [REL-2] A service without which this one may not go on, and which is known not to be started. */
export function missingFor(state: DecisionView, record: ServiceRecord): ServiceRecord | undefined {
  if (state.config === null) return undefined;
  const hard = relationsOf(state.config.config)
    .after(record.service)
    .filter(({ soft }) => soft !== true);
  const node = phaseNode(record.phase);
  const beside = node === null ? [] : besideOn(definitionOf(state, record), node);
  const firsts = [...hard.map(({ service }) => service), ...beside];
  return firsts.flatMap((service) => state.services[service] ?? []).find((first) => isKnownDown(state, first));
}

/** [REL-1] Services that are to be stopped before this one is: its node is told to stop it when there are none left. */
export function stoppedFirst(state: DecisionView, record: ServiceRecord): readonly ServiceId[] {
  if (state.config === null) return [];
  const after = relationsOf(state.config.config)
    .before(record.service)
    .flatMap(({ service, soft = false }) => {
      const later = state.services[service];
      return later !== undefined && isInTheWay(state, later, soft) ? [service] : [];
    });
  const here = phaseNode(record.phase);
  const beside = besideInstance(state, record).filter((service) => {
    const later = state.services[service];
    return later !== undefined && phaseNode(later.phase) === here && isInTheWay(state, later, false);
  });
  return [...after, ...beside];
}

/** Who could not stop, or is away, is waited for by nobody: its node is fenced, or an operator mends it. */
function isInTheWay(state: DecisionView, later: ServiceRecord, isSoft: boolean): boolean {
  const { kind } = later.phase;
  const node = phaseNode(later.phase);
  if (
    node === null ||
    kind === "blocked" ||
    frozenText(state, later) !== null ||
    !isLive(state.nodes[node]) ||
    later.doubts.includes(node)
  )
    return false;
  return !isSoft || kind === "stopping";
}

function isUp(state: DecisionView, record: ServiceRecord): boolean {
  const { phase, doubts } = record;
  if (phase.kind !== "started" || doubts.includes(phase.node)) return false;
  return isLive(state.nodes[phase.node]) && !isUnsure(state, record);
}

/** Where nobody can say what a service does, it is not known to be down: whoever depends on it goes on until it is. */
function isKnownDown(state: DecisionView, { phase, doubts }: ServiceRecord): boolean {
  if (phase.kind === "started") return false;
  const node = phaseNode(phase);
  return node === null ? doubts.length === 0 : isLive(state.nodes[node]) && !doubts.includes(node);
}

function isOnItsWay(state: DecisionView, record: ServiceRecord): boolean {
  const { phase } = record;
  if (!isWanted(record)) return false;
  if (phase.kind === "started") return isUnsure(state, record);
  if (phase.kind === "starting" || phase.kind === "stopping") return isLive(state.nodes[phase.node]);
  if (phase.kind !== "stopped" || blockersOf(state, record).length > 0) return false;
  return placementOf(state, record).chosen !== null && awaitedBy(state, record).every((awaited) => awaited.isComing);
}

function whatItDoes(state: DecisionView, record: ServiceRecord): string {
  if (!record.isEnabled) return "is disabled";
  if (record.isStopped === true) return "is stopped by an operator";
  const node = phaseNode(record.phase);
  if (node !== null && !isLive(state.nodes[node])) return `was on ${node}, which is not here`;
  if (node !== null && record.doubts.includes(node)) return `is on ${node}, which has not reported yet`;
  if (record.phase.kind === "started" && isUnsure(state, record))
    return `is on ${node}, which has not said yet that it still runs`;
  return `is ${phaseText(record.phase)}`;
}
