import type { NodeId } from "../../model/ids.ts";
import type { Intent, ShutdownPolicy } from "../../model/intent.ts";
import type { ErrorCode } from "../../model/errors.ts";
import { intentWords } from "../../model/intent-words.ts";
import { unreachable } from "../../model/unreachable.ts";
import { isLive } from "../fencing/node-record.ts";
import { type ClusterState, servicesInOrder } from "./cluster-state.ts";
import { isAllStopped } from "./cluster-stop.ts";
import { awaitedBy } from "./after.ts";
import { eachOf, isForWhoCan } from "./clone-intents.ts";
import { blockersOf } from "./eligibility.ts";
import { frozenText } from "./frozen.ts";
import { isRemoved } from "./removed-nodes.ts";
import { timeText } from "./schedule.ts";
import { phaseNode, phaseText, placesOf, type ServiceRecord } from "./service-record.ts";

/** How far an accepted intent has come. */
export type GoalState =
  | { readonly kind: "pending" }
  | { readonly kind: "reached"; readonly text: string }
  | { readonly kind: "missed"; readonly code: ErrorCode; readonly text: string };

/** An accepted intent and where the order had come when it was. */
export interface Goal {
  readonly intent: Intent;
  /** The entry that accepted it. */
  readonly entry: number;
  /** The node's fence attempts then, for `fence-node`. */
  readonly attempt: number;
}

const pending: GoalState = { kind: "pending" };

/** Judges a goal by the state after some entry at or after its own. Pure. */
export function goalState(state: ClusterState, goal: Goal): GoalState {
  const { intent } = goal;
  const each = eachOf(state, intent);
  if (each.length === 1) return goalOfOne(state, goal);
  return goalOfAll(
    goal,
    each.map((one) => goalOfOne(state, { ...goal, intent: one })),
  );
}

/** [CLN-7] A clone: reached when nothing is pending, and what was wanted is so of those that could. */
function goalOfAll({ intent }: Goal, states: readonly GoalState[]): GoalState {
  if (states.some(({ kind }) => kind === "pending")) return pending;
  const texts = states.flatMap((state) => (state.kind === "pending" ? [] : [state.text]));
  const isReached = isForWhoCan(intent)
    ? states.some(({ kind }) => kind === "reached")
    : states.every(({ kind }) => kind === "reached");
  return isReached ? reached(texts.join("; ")) : missed(texts.join("; "));
}

function goalOfOne(state: ClusterState, goal: Goal): GoalState {
  const { intent } = goal;
  switch (intent.kind) {
    case "enable-service":
    case "start-service":
    case "restart-service":
      return startedGoal(state, state.services[intent.service], null);
    case "relocate-service":
      return startedGoal(state, state.services[intent.service], intent.to ?? null);
    case "stop-service":
      return stoppedGoal(state.services[intent.service]);
    case "freeze-service":
      return reached(`service ${intent.service} is frozen: it is left alone, and not looked at`);
    case "unfreeze-service":
      return reached(`service ${intent.service} is no longer frozen`);
    case "freeze-node":
      return reached(`node ${intent.node} is frozen: what runs there is left alone, and not looked at`);
    case "unfreeze-node":
      return reached(`node ${intent.node} is no longer frozen`);
    case "begin-maintenance":
      return reached("maintenance: nothing is started, stopped, moved, looked at or fenced until it ends");
    case "end-maintenance":
      return reached("maintenance has ended");
    case "disable-service":
      return disabledGoal(state.services[intent.service]);
    case "clear-service":
      return reached(`failures of service ${intent.service} forgotten`);
    case "standby-node":
      return standbyGoal(state, intent.node);
    case "online-node":
      return reached(`node ${intent.node} is online`);
    case "release-node":
      return reached(`node ${intent.node} is released`);
    case "shutdown-node":
      return shutdownGoal(state, intent.node, intent.services);
    case "stop-cluster":
      return clusterStopGoal(state);
    case "fence-node":
      return fenceGoal(state, intent.node, goal.attempt);
    case "confirm-off-node":
      return reached(`node ${intent.node} is taken as off`);
    case "remove-node":
      return isRemoved(state, intent.node)
        ? reached(`node ${intent.node} is removed`)
        : missed(`node ${intent.node} was readmitted meanwhile`);
    case "readmit-node":
      return reached(`node ${intent.node} may come again`);
    case "schedule":
      return reached(`scheduled as ${goal.entry} for ${timeText(intent.at)}: ${intentWords(intent.what)}`);
    case "cancel-scheduled":
      return reached(`${intent.id} is cancelled`);
    default:
      return unreachable(intent);
  }
}

function startedGoal(state: ClusterState, record: ServiceRecord | undefined, to: string | null): GoalState {
  if (record === undefined) return missed("the service is gone from the configuration");
  const { phase, service } = record;
  if (phase.kind === "started") {
    if (to === null || phase.node === to) return reached(`service ${service} is started on ${phase.node}`);
    const why = record.failures.at(-1)?.outcome.reason;
    return missed(`service ${service} is started on ${phase.node}, not on ${to}${why === undefined ? "" : `: ${why}`}`);
  }
  if (phase.kind === "failed" || phase.kind === "blocked")
    return missed(`service ${service} is ${phaseText(phase)}: ${record.reason}`);
  if (!record.isEnabled) return missed(`service ${service} was disabled meanwhile`);
  if (record.isStopped === true) return missed(`service ${service} was stopped meanwhile`);
  const frozen = frozenText(state, record);
  if (frozen !== null) return missed(`service ${service} is ${phaseText(phase)}: ${frozen}`);
  if (phase.kind === "stopped" && blockersOf(state, record).length === 0) {
    const awaited = awaitedBy(state, record);
    const lacking = awaited.find(({ isComing }) => !isComing);
    if (lacking !== undefined)
      return missed(`service ${service} waits for service ${lacking.service}, which ${lacking.reason}`);
    if (awaited.length === 0) return missed(`service ${service}: ${record.reason}`);
  }
  return pending;
}

function shutdownGoal(state: ClusterState, node: NodeId, services: ShutdownPolicy): GoalState {
  // Its daemon ends as soon as it knows: it may be the one that is asked.
  if (services === "freeze")
    return reached(`the daemon of ${node} ends, and what runs there runs on, left alone until it is back`);
  const record = state.nodes[node];
  if (record === undefined || record.off === "left")
    return reached(services === "stop" ? `node ${node} has left; its services wait for it` : `node ${node} has left`);
  if (!record.isMember) return missed(`node ${node} was lost before it had left`);
  return record.shutdown ? pending : reached(`node ${node} had left, and is back`);
}

/** Those who end do so as soon as they know: whoever is asked is one of them. */
function clusterStopGoal(state: ClusterState): GoalState {
  const isThere = (node: NodeId): boolean => isLive(state.nodes[node]);
  for (const { service, phase, strays, reason } of servicesInOrder(state)) {
    const stray = strays.find(({ node, isBlocked }) => isBlocked && isThere(node));
    const stuck = phase.kind === "blocked" && isThere(phase.node) ? phase.node : stray?.node;
    if (stuck !== undefined)
      return missed(`service ${service} is blocked on ${stuck}: ${reason}; no daemon ends before it is stopped there`);
  }
  return isAllStopped(state) ? reached("all services are stopped, and the daemons end") : pending;
}

function stoppedGoal(record: ServiceRecord | undefined): GoalState {
  if (record === undefined) return reached("the service is gone from the configuration");
  const { service, phase } = record;
  if (record.isStopped !== true && record.isEnabled) return missed(`service ${service} was started meanwhile`);
  if (phase.kind === "blocked") return missed(`service ${service} is ${phaseText(phase)}: ${record.reason}`);
  const until = `until it is started or a node comes or goes; to keep it stopped: hale service disable ${service}`;
  return placesOf(record).length === 0 ? reached(`service ${service} is stopped, ${until}`) : pending;
}

function disabledGoal(record: ServiceRecord | undefined): GoalState {
  if (record === undefined) return reached("the service is gone from the configuration");
  if (record.isEnabled) return missed(`service ${record.service} was enabled meanwhile`);
  if (record.phase.kind === "blocked")
    return missed(`service ${record.service} is ${phaseText(record.phase)}: ${record.reason}`);
  return placesOf(record).length === 0 ? reached(`service ${record.service} is stopped`) : pending;
}

function standbyGoal(state: ClusterState, node: string): GoalState {
  const here = Object.values(state.services).filter((record) => placesOf(record).some((place) => place === node));
  const blocked = here.find((record) => record.phase.kind === "blocked" && phaseNode(record.phase) === node);
  if (blocked !== undefined)
    return missed(`node ${node} is on standby, but service ${blocked.service} could not be stopped there`);
  if (state.nodes[node as keyof typeof state.nodes]?.isStandby === false)
    return missed(`node ${node} was put online meanwhile`);
  return here.length === 0 ? reached(`node ${node} is on standby and has no services`) : pending;
}

function fenceGoal(state: ClusterState, node: string, attempt: number): GoalState {
  const record = state.nodes[node as keyof typeof state.nodes];
  if (record?.off !== null && record?.off !== undefined) return reached(`node ${node} is off: ${record.reason}`);
  const last = state.fences[node as keyof typeof state.fences]?.last;
  if (last && !last.confirmed && last.attempt > attempt)
    return missed(`node ${node} could not be fenced: ${last.reason}; it is tried again`);
  const isWished = state.fences[node as keyof typeof state.fences]?.wish;
  return isWished ? pending : reached(`node ${node} was fenced and is back`);
}

function reached(text: string): GoalState {
  return { kind: "reached", text };
}

function missed(text: string): GoalState {
  return { kind: "missed", code: "FAILED", text };
}
