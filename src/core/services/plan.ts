import type { ClusterConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { fencePerformer, noFence } from "../fencing/fence-record.ts";
import { canFence } from "../fencing/fence-runner.ts";
import { isArmed, isLive, isLost, type NodeRecord } from "../fencing/node-record.ts";
import { isResetByItself, ownWatchdog } from "../fencing/own-watchdog.ts";
import { type ClusterState, definitionOf, nodesInOrder, servicesInOrder } from "./cluster-state.ts";
import { concerns } from "../placement/clones.ts";
import { stoppedFirst } from "./after.ts";
import { clusterStop } from "./cluster-stop.ts";
import { isInTheWayOfOthers } from "./instance-in-the-way.ts";
import { failedStopOf } from "./node-against.ts";
import { blockersOf } from "./eligibility.ts";
import { frozenText } from "./frozen.ts";
import { untoldOf } from "./notices.ts";
import { waitsForWord } from "./unsure.ts";
import { isWanted, placesOf, type ServiceRecord } from "./service-record.ts";

/** What one node is to do with one service: carry out order `attempt`, keep it running as it is, or leave its hands off. */
export interface Order {
  readonly service: ServiceId;
  readonly action: "start" | "stop" | "keep" | "wait";
  readonly attempt: number;
  /** What was, or is to be, started. */
  readonly definition: ServiceConfig;
  /** It is left alone because somebody has frozen it; it is looked at anew afterwards. */
  readonly isFrozen?: true;
  /** The others wait for this node's word on it: what was not looked at for a while is asked first. */
  readonly isDoubted?: true;
}

/** Every service that concerns a node, as this state defines it: a running one as it was started, another as it would be. */
export function definitionsFor(state: ClusterState, node: NodeId): readonly ServiceConfig[] {
  return once(state, `definitions ${node}`, () => workOutDefinitions(state, node));
}

function workOutDefinitions(state: ClusterState, node: NodeId): readonly ServiceConfig[] {
  return servicesInOrder(state)
    .map((record) => (placesOf(record).length > 0 ? record.definition : definitionOf(state, record)))
    .filter((definition) => concerns(definition, node));
}

/** The orders addressed to a node. Pure: who holds the same state gives the same orders. */
export function ordersFor(state: ClusterState, node: NodeId): readonly Order[] {
  return once(state, `orders ${node}`, () => workOutOrders(state, node));
}

function workOutOrders(state: ClusterState, node: NodeId): readonly Order[] {
  const isHere = isLive(state.nodes[node]);
  return servicesInOrder(state).flatMap((record): readonly Order[] => {
    if (!concerns(record.definition, node)) return [];
    const base = { service: record.service, definition: record.definition };
    if (!isHere) return [{ ...base, action: "wait", attempt: record.order }];
    if (record.doubts.includes(node)) return [{ ...base, action: "wait", attempt: record.order, isDoubted: true }];
    const stray = record.strays.find((candidate) => candidate.node === node);
    if (stray !== undefined) return [{ ...base, action: stray.isBlocked ? "wait" : "stop", attempt: stray.attempt }];
    const { phase } = record;
    if (phase.kind === "stopped" || phase.kind === "failed" || phase.node !== node) return [];
    switch (phase.kind) {
      case "starting": {
        const isHeld = untoldOf(state, record).length > 0 || waitsForWord(state, record);
        return [{ ...base, action: isHeld ? "wait" : "start", attempt: record.order }];
      }
      case "started":
        return frozenText(state, record) === null
          ? [{ ...base, action: "keep", attempt: record.order }]
          : [{ ...base, action: "wait", attempt: record.order, isFrozen: true }];
      case "stopping": {
        // [REL-1, PRO-8] Until then its agents are left alone, but for what they are told.
        const isHeld = stoppedFirst(state, record).length > 0 || untoldOf(state, record).length > 0;
        return [{ ...base, action: isHeld ? "wait" : "stop", attempt: record.order }];
      }
      case "blocked":
        return [{ ...base, action: "wait", attempt: record.order }];
    }
  });
}

/** A service whose orders do not name the node, which must report on it. */
export function reportsDue(state: ClusterState, node: NodeId): readonly ServiceId[] {
  return once(state, `reports ${node}`, () =>
    servicesInOrder(state)
      .filter((record) => record.doubts.includes(node))
      .map((record) => record.service),
  );
}

/** A node that must be known to be off. */
export interface FenceNeed {
  readonly target: NodeId;
  readonly incarnation: Incarnation | null;
  /** Member that sees to it. */
  readonly by: NodeId;
  /** The attempt to announce. */
  readonly attempt: number;
  readonly reason: string;
  /**
   * device: fence it. time: it counts as off when `assume-off-after` has passed. watchdog: it resets itself. none: nobody can but an operator.
   */
  readonly means: "device" | "time" | "watchdog" | "none";
  /**
   * Its own watchdog is to do it, alone or besides: a member feeds it no more, an absent node counts as off when it has surely been reset.
   */
  readonly isResetting: boolean;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** Lost or never seen: patience (initdead, daemon grace) applies. A member is fenced at once. */
  readonly isAbsent: boolean;
  /** An operator asks for it. */
  readonly isWished: boolean;
}

/**
 * Every node that must be known to be off before something can go on, in file order.
 *
 * [FEN-20] Of members that could not stop something, only the one that is being fenced already: when an agent is broken everywhere,
 * nobody is served by nodes that fence each other. Who is fenced and still in the view is waited for by the quorum that the others need
 * (`spareMembers`), and not here: with a device that lies it stays there.
 *
 * Only these: a lost node that runs nothing for all that is known is left in peace, it cannot start anything without the group.
 */
export function fenceNeeds(state: ClusterState): readonly FenceNeed[] {
  return once(state, "fences", () => workOutFenceNeeds(state));
}

function workOutFenceNeeds(state: ClusterState): readonly FenceNeed[] {
  const { config } = state;
  if (config === null) return [];
  const nodes = nodesInOrder(state);
  const stuck = new Set(servicesInOrder(state).flatMap(stuckPlaces));
  const needs = nodes.flatMap((node): readonly FenceNeed[] => {
    // Most nodes are neither: no service need be looked at for them.
    if (!isLost(node) && !stuck.has(node.node) && !state.fences[node.node]?.wish) return [];
    const reason = needReason(state, node.node);
    if (reason === null) return [];
    const fence = state.fences[node.node] ?? noFence(node.node);
    const attempt = fence.inFlight === null ? fence.attempt + 1 : fence.attempt;
    const means = meansFor(config.config, node);
    const isResetting = isResetByItself(config.config, node, fence.failures);
    const by = fence.inFlight?.by ?? fencePerformer(nodes, node.node, attempt);
    if (by === null) return [];
    const { incarnation } = node;
    return [
      {
        target: node.node,
        incarnation,
        by,
        attempt,
        reason,
        means,
        isResetting,
        failures: fence.failures,
        isAbsent: !node.isMember,
        isWished: Boolean(fence.wish),
      },
    ];
  });
  const going = nodes.find((record) => isLive(record) && state.fences[record.node]?.inFlight);
  return going === undefined ? needs : needs.filter((need) => !isForService(need) || need.target === going.node);
}

/** Members that are taken as off: about to go from the view, or alive for all that their fence device says. */
export function offMembers(state: ClusterState): readonly NodeId[] {
  return nodesInOrder(state).flatMap(({ node, isMember, off }) => (isMember && off !== null ? [node] : []));
}

/** True of a member that is to be fenced only because it could not stop something. */
export function isForService(need: FenceNeed): boolean {
  return !need.isAbsent && !need.isWished;
}

/** Where it could not be stopped. */
function stuckPlaces({ phase, strays }: ServiceRecord): readonly NodeId[] {
  const blocked = strays.filter((stray) => stray.isBlocked).map((stray) => stray.node);
  return phase.kind === "blocked" ? [phase.node, ...blocked] : blocked;
}

function meansFor(config: ClusterConfig, record: NodeRecord): FenceNeed["means"] {
  const node = config.nodes.find(({ id }) => id === record.node);
  if (canFence(config, node)) return "device";
  if (ownWatchdog(config, record.node) !== null) return isArmed(record) ? "watchdog" : "none";
  return config.fencing.kind === "none" && !record.isMember ? "time" : "none";
}

/** The need of a member that must be reset, and does so itself: it feeds its watchdog no more. Undefined: it need not. */
export function condemnationOf(state: ClusterState, node: NodeId): FenceNeed | undefined {
  const condemned = fenceNeeds(state).filter(({ isResetting, isAbsent }) => isResetting && !isAbsent);
  const next = condemned.find(isForService);
  return condemned.find((need) => need.target === node && (need.isWished || need === next));
}

/**
 * [FEN-20] No member is fenced for a service when the others would have no quorum without it, and all their services would stop. Who has
 * a watchdog to reset it cannot know what the others would have.
 */
export function canBeSpared(need: FenceNeed, spare: readonly NodeId[]): boolean {
  return !isForService(need) || need.means !== "device" || spare.includes(need.target);
}

/** [FEN-20] The member that is to be fenced next because it could not stop something: the one that was tried least, of those that can be. */
export function nextForService(needs: readonly FenceNeed[], spare: readonly NodeId[]): FenceNeed | undefined {
  const able = needs.filter((need) => isForService(need) && need.means === "device" && canBeSpared(need, spare));
  return able.toSorted((a, b) => a.failures - b.failures)[0];
}

/** Why a node must be known to be off; null: it need not. */
export function needReason(
  state: Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "at" | "maintenance">,
  node: NodeId,
): string | null {
  const record = state.nodes[node];
  if (record === undefined || record.off !== null) return null;
  const wish = state.fences[node]?.wish;
  // [SVC-29] What is frozen is started nowhere, so nobody needs to be sure of its node.
  const services = servicesInOrder(state).filter((service) => frozenText(state, service) === null);
  const blocked = failedStopOf(state, record);
  // A node that leaves stops what is frozen, too, but in maintenance nobody is fenced for that.
  if (blocked !== undefined && !state.maintenance && frozenText(state, blocked) === null)
    return `it could not stop ${blocked.service}`;
  if (wish) return wish.reason;
  // [SVC-45] Nothing is started for which it would have to be sure.
  if (!isLost(record) || clusterStop(state) !== null) return null;
  const placed = services.find((service) => placesOf(service).includes(node) && isInTheWayOfOthers(state, service));
  if (placed !== undefined) return `it is lost and may run ${placed.service}`;
  const waiting = services.find(
    (service) =>
      isWanted(service) &&
      (service.phase.kind === "stopped" || service.phase.kind === "failed") &&
      blockersOf(state, service).some((blocker) => blocker.node === node) &&
      isInTheWayOfOthers(state, service),
  );
  return waiting === undefined ? null : `it is not here and may run ${waiting.service}`;
}

const workedOut = new WeakMap<ClusterState, Map<string, unknown>>();

/** A plan follows from the state alone, and most steps change nothing in it: it is worked out once per state. */
function once<Plan>(state: ClusterState, what: string, workOut: () => Plan): Plan {
  let plans = workedOut.get(state);
  if (plans === undefined) {
    plans = new Map();
    workedOut.set(state, plans);
  }
  if (!plans.has(what)) plans.set(what, workOut());
  return plans.get(what) as Plan;
}
