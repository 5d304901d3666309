import type { WallMs } from "../../model/units.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { NodeSnapshot, ResourceSnapshot, ServiceSnapshot, Why } from "../../model/snapshot.ts";
import { isLive, type NodeRecord, shutdownText } from "../fencing/node-record.ts";
import { type ClusterState, definitionOf, nodesInOrder, servicesInOrder } from "./cluster-state.ts";
import { awaitedBy, stoppedFirst } from "./after.ts";
import { instancesOf } from "./clones.ts";
import { untoldOf } from "./notices.ts";
import { blockersOf } from "./eligibility.ts";
import { placementNow } from "./together.ts";
import { canRetry, retryBackOffMs } from "./failure-memory.ts";
import { deviceWarnings, survivalWarnings, unfenceWarnings } from "./explain-devices.ts";
import { canBeSpared, type FenceNeed, fenceNeeds } from "./plan.ts";
import type { RunnerState } from "./runner-state.ts";
import type { ResourceRuntime } from "./runtime.ts";
import { removedNodes } from "./removed-nodes.ts";
import { frozenText, frozenWarnings } from "./frozen.ts";
import { stopWarnings } from "./cluster-stop.ts";
import { awaitWarnings } from "./node-shutdown.ts";
import { scheduleWarnings } from "./schedule.ts";
import { isWanted, phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";
import { whyRules } from "./why-rules.ts";
import { doubleText } from "./double.ts";

/** The nodes of a snapshot, in file order. */
export function explainNodes(state: ClusterState): readonly Omit<NodeSnapshot, "links">[] {
  return nodesInOrder(state).map((record) => ({
    node: record.node,
    state: nodeState(state, record),
    isStandby: record.isStandby,
    ...(record.frozen ? { isFrozen: true as const } : {}),
    incarnation: record.incarnation,
    since: record.since === 0 ? null : record.since,
    reason: nodeReason(record),
    ...(record.watchdog ? { watchdog: record.watchdog } : {}),
    ...(record.quarantine ? { quarantine: record.quarantine } : {}),
  }));
}

function nodeReason({ isMember, isLeaving, shutdown, reason }: NodeRecord): string {
  if (!isMember || !(isLeaving || shutdown)) return reason;
  return shutdown ? `leaving: ${shutdownText(shutdown)}` : "leaving";
}

function nodeState(state: ClusterState, record: NodeRecord): NodeSnapshot["state"] {
  if (record.off !== null) return "off";
  if (state.fences[record.node]?.inFlight) return "fencing";
  if (record.isMember) {
    const isDoubted = servicesInOrder(state).some((service) => service.doubts.includes(record.node));
    return isDoubted ? "joining" : "member";
  }
  return record.incarnation === null ? "unknown" : "lost";
}

/** The services of a snapshot, in file order, with the telling node's own knowledge of resources. */
export function explainServices(state: ClusterState, runner: RunnerState, self: NodeId): readonly ServiceSnapshot[] {
  return servicesInOrder(state).map((record) => {
    const owner = phaseNode(record.phase);
    const resources = definitionOf(state, record).resources.map((config): ResourceSnapshot => {
      const runtime = runner.runtimes[record.service]?.resources.find((resource) => resource.config.id === config.id);
      const { id: resource, kind } = config;
      const about = { resource, kind, ...(config.after === undefined ? {} : { after: config.after }) };
      if (runtime === undefined || owner !== self) return { ...about, state: remoteState(record, resource) };
      const base = { ...about, state: runtime.state };
      if (runtime.last === null) return base;
      const { id: _, ...last } = runtime.last;
      return { ...base, last };
    });
    return {
      service: record.service,
      isEnabled: record.isEnabled,
      ...(record.isStopped === true ? { isStopped: true as const } : {}),
      ...(frozenText(state, record) === null ? {} : { isFrozen: true as const }),
      state: isUncertain(state, record) ? "unknown" : record.phase.kind,
      owner,
      since: record.since === 0 ? null : record.since,
      reason: reasonOf(state, record),
      ...(record.degraded ? { degraded: record.degraded.resources } : {}),
      resources,
    };
  });
}

function remoteState(record: ServiceRecord, resource: ResourceId): ResourceRuntime["state"] {
  if (record.degraded?.resources.includes(resource)) return "failed";
  if (record.phase.kind === "started") return "running";
  return record.phase.kind === "stopped" && record.strays.length === 0 ? "stopped" : "unknown";
}

/** True while nobody can say whether it runs: its node is away, or has not reported, or any node may run it. */
export function isUncertain(state: ClusterState, record: ServiceRecord): boolean {
  const node = phaseNode(record.phase);
  if (node !== null) return !isLive(state.nodes[node]) || record.doubts.includes(node);
  return record.doubts.length > 0 && isWanted(record);
}

function reasonOf(state: ClusterState, record: ServiceRecord): string {
  const frozen = frozenText(state, record);
  const reason = ownReason(state, record);
  return frozen === null ? reason : `frozen, for ${frozen}; before: ${reason}`;
}

function ownReason(state: ClusterState, record: ServiceRecord): string {
  const blockers = blockersOf(state, record);
  const node = phaseNode(record.phase);
  const isIdle = node === null;
  const waits = blockers
    .filter((blocker) => isIdle || blocker.node === node)
    .map((blocker) => `${blocker.node} ${blocker.reason}`);
  if (record.phase.kind === "stopped")
    waits.push(...awaitedBy(state, record).map(({ service, reason }) => `${service} ${reason}`));
  if (record.phase.kind === "stopping")
    waits.push(...stoppedFirst(state, record).map((service) => `${service} must stop first`));
  const untold = untoldOf(state, record);
  if (untold.length > 0) waits.push(`the agents on ${untold.join(", ")} are told first`);
  if (record.degraded && record.phase.kind === "started")
    return `${record.reason}; without ${record.degraded.resources.join(", ")}: ${record.degraded.reason}`;
  if (waits.length === 0 || (!isWanted(record) && isIdle)) return record.reason;
  return `waits: ${waits.join("; ")}`;
}

/** Why a service is where it is: the verdicts of the very question that placement answers. */
export function explainService(state: ClusterState, service: ServiceId): Why | null {
  const record = state.services[service];
  if (record === undefined) return explainClone(state, service);
  const answer = placementNow(state, record);
  const placed = record.history.findLast(
    ({ text }) => text.includes("-> starting") || text.includes(": found running"),
  );
  return {
    service,
    summary: `${record.isEnabled ? "enabled" : "disabled"}, ${phaseText(record.phase)}: ${reasonOf(state, record)}`,
    rules: whyRules(state, record, answer),
    ...(placed === undefined ? {} : { placed }),
    nodes: answer.verdicts,
    history: record.history.toReversed(),
    doubles: (record.doubles ?? [])
      .toReversed()
      .map(({ nodes, beganAt, endedAt, entry }) => ({ nodes, beganAt, endedAt, entry })),
    failures: record.failures
      .toReversed()
      .map(({ node, resource, action, at, outcome }) => ({ node, resource, action, at, outcome })),
  };
}

/** [CLN-9] A clone: of each instance what it says of its own node, and the first rule that keeps it from running. */
function explainClone(state: ClusterState, clone: ServiceId): Why | null {
  const instances = instancesOf(state, clone);
  const each = instances.flatMap((record) => {
    const why = explainService(state, record.service);
    return why === null ? [] : [{ record, why, node: definitionOf(state, record).instance?.node }];
  });
  if (each.length === 0) return null;
  const started = instances.filter((record) => record.phase.kind === "started" && !isUncertain(state, record));
  const [first] = instances;
  const limit = (first === undefined ? undefined : definitionOf(state, first).instance?.limit) ?? instances.length;
  const newestFirst = (a: { readonly at: WallMs }, b: { readonly at: WallMs }): number => b.at - a.at;
  return {
    service: clone,
    summary: `${started.length} of ${limit} instances are started: hale why ${first?.service ?? ""} explains one`,
    rules: each.map(({ record, why }) => {
      const unmet = why.rules?.find((rule) => !rule.isMet);
      const answer = unmet?.answer ?? phaseText(record.phase);
      return { rule: unmet?.rule ?? "CLN-1", question: `${record.service}?`, isMet: unmet === undefined, answer };
    }),
    nodes: each.flatMap(({ why, node }) => why.nodes.filter((verdict) => verdict.node === node)),
    history: each.flatMap(({ why }) => why.history).toSorted(newestFirst),
    doubles: each.flatMap(({ why }) => why.doubles ?? []),
    failures: each.flatMap(({ why }) => why.failures).toSorted(newestFirst),
  };
}

/** How long a double is shown that nobody has looked at. */
const doubleShownMs = 24 * 3_600_000;

/**
 * What somebody should look at, by the replicated state.
 *
 * @param spare members that the view can do without
 * @param wall the time by which doubles are old
 */
export function clusterWarnings(
  state: ClusterState,
  spare: readonly NodeId[],
  wall: WallMs = state.at,
): readonly string[] {
  const warnings = fenceNeeds(state).map((need) => needText(state, need, spare));
  warnings.push(...survivalWarnings(state), ...deviceWarnings(state), ...unfenceWarnings(state));
  warnings.push(
    ...frozenWarnings(state),
    ...awaitWarnings(state),
    ...stopWarnings(state),
    ...scheduleWarnings(state, wall),
  );
  for (const { node, quarantine } of nodesInOrder(state)) {
    if (!quarantine) continue;
    const what = "it is given a service only where no other node may run it";
    warnings.push(
      `node ${node} was lost ${quarantine.losses} times and is in quarantine: ${what}; hale node release ${node}`,
    );
  }
  for (const { node } of removedNodes(state)) {
    if (state.config?.config.nodes.some(({ id }) => id === node) !== true) continue;
    warnings.push(`node ${node} was removed: take it out of cluster.yaml on every node, then: hale config reload`);
  }
  for (const { node, watchdog, isMember } of nodesInOrder(state)) {
    if (!isMember || watchdog?.timeoutMs !== 0) continue;
    const { fence = [] } = state.config?.config.nodes.find(({ id }) => id === node) ?? {};
    const when = fence.length > 0 ? "when it is lost and its devices fail" : "when it is lost";
    warnings.push(
      `node ${node} cannot arm its watchdog: ${watchdog.detail}; ${when}, nothing of it moves before somebody says: hale node confirm-off ${node}`,
    );
  }
  for (const record of servicesInOrder(state)) {
    const { phase, service } = record;
    if (phase.kind === "blocked") {
      warnings.push(
        `service ${service} is blocked: ${record.reason}; fence ${phase.node}, or mend it and: hale service disable ${service}`,
      );
    }
    if (phase.kind === "failed") {
      const next = canRetry(record)
        ? `tried again every ${retryBackOffMs(record.rounds) / 1_000} s`
        : `mend it, then: hale service clear ${service}`;
      warnings.push(
        `service ${service} has failed: ${record.failures.at(-1)?.outcome.reason ?? record.reason}; ${next}`,
      );
    }
    if (record.degraded) {
      const { resources, reason } = record.degraded;
      warnings.push(`service ${service} goes on without ${resources.join(", ")}: ${reason}; tried again with back-off`);
    }
    for (const double of record.doubles ?? []) {
      if (wall - (double.endedAt ?? wall) >= doubleShownMs) continue;
      const ago = double.endedAt === null ? "" : `, ${minutesText(wall - double.endedAt)} ago`;
      const text = `service ${service} ${doubleText(double, wall)}${ago}`;
      warnings.push(`${text}; look at its data, then: hale service clear ${service}`);
    }
    for (const stray of record.strays)
      warnings.push(`service ${service} runs on ${stray.node} too, where it should not`);
  }
  return warnings;
}

function needText(state: ClusterState, need: FenceNeed, spare: readonly NodeId[]): string {
  const { target, means, reason, isAbsent } = need;
  if (means !== "none" && !canBeSpared(need, spare))
    return `node ${target} is not fenced while the others need it for their quorum: ${reason}`;
  switch (means) {
    case "device": {
      const last = state.fences[target]?.last;
      const how = last && !last.confirmed ? `; the last attempt failed: ${last.reason}` : "";
      return `node ${target} is to be fenced: ${reason}${how}${resettingText(need)}`;
    }
    case "watchdog":
      return isAbsent
        ? `node ${target} is waited for until its watchdog has surely reset it: ${reason}`
        : `node ${target} is to be reset by its watchdog: ${reason}`;
    case "time":
      return `node ${target} is waited for: ${reason}`;
    case "none": {
      const what = isAbsent ? `make sure that it is off, then: hale node confirm-off ${target}` : "mend it by hand";
      return `node ${target} must be known to be off, and nothing here can fence it: ${reason}; ${what}`;
    }
  }
}

/** [FEN-23] What its watchdog does while its devices are tried again. */
function resettingText({ isResetting, isAbsent }: FenceNeed): string {
  if (!isResetting) return "";
  return isAbsent ? "; its watchdog surely resets it within a time" : "; its watchdog is not fed any more";
}

function minutesText(spanMs: number): string {
  if (spanMs < 60_000) return "less than a minute";
  return spanMs < 3_600_000 ? `${Math.floor(spanMs / 60_000)} min` : `${Math.floor(spanMs / 3_600_000)} h`;
}
