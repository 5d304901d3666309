import { applyEntry } from "../core/services/apply-entry.ts";
import { type Applied, type ClusterState, emptyClusterState } from "../core/services/cluster-state.ts";
import { phaseNode } from "../core/services/service-record.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { Entry, EntryBody } from "../model/entry.ts";
import type { NodeId, ServiceId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Intent } from "../model/intent.ts";
import type { Member } from "../model/view.ts";
import { unreachable } from "../model/unreachable.ts";

/** What operators want, by the entries up to one of them. */
interface Wishes {
  /** Where nobody wanted anything, the file counts. */
  readonly enabled: ReadonlyMap<ServiceId, boolean>;
  /** Until a node comes or goes. */
  readonly stopped: ReadonlySet<ServiceId>;
  readonly standby: ReadonlySet<NodeId>;
  readonly frozenServices: ReadonlySet<ServiceId>;
  readonly frozenNodes: ReadonlySet<NodeId>;
  readonly isMaintenance: boolean;
  /** Stopped with their node, by that. */
  readonly awaiting: ReadonlyMap<ServiceId, NodeId>;
  /** Frozen until they are back. */
  readonly frozenAway: ReadonlySet<NodeId>;
  /** Lives that end with the whole cluster: it is being stopped as long as one is there. */
  readonly ending: ReadonlySet<Incarnation>;
}

const nobodysWishes: Wishes = {
  enabled: new Map(),
  stopped: new Set(),
  standby: new Set(),
  frozenServices: new Set(),
  frozenNodes: new Set(),
  isMaintenance: false,
  awaiting: new Map(),
  frozenAway: new Set(),
  ending: new Set(),
};

/**
 * What operators want at each place of the one order, counted here and not by the manager, whose promises are held against it. Only two things
 * are taken from what the entries add up to: whether an intent was refused at its place, and which node has a service.
 *
 * Indexes are those of entries; up to 0 there are none.
 */
export class OperatorWishes {
  readonly #config: ClusterConfig;
  readonly #entries: readonly Entry[];
  readonly #states: ClusterState[] = [emptyClusterState];
  readonly #wishes: Wishes[] = [nobodysWishes];
  #view: readonly Member[] = [];

  /** @param entries grows */
  constructor(config: ClusterConfig, entries: readonly Entry[]) {
    this.#config = config;
    this.#entries = entries;
  }

  /** What the entries up to `index` add up to. */
  stateAt(index: number): ClusterState {
    this.#catchUp();
    return this.#states[Math.min(index, this.#states.length - 1)] ?? emptyClusterState;
  }

  isEnabled(service: ServiceId, index: number): boolean {
    const inFile = this.#config.services.find(({ id }) => id === service)?.enabled ?? false;
    return this.#at(index).enabled.get(service) ?? inFile;
  }

  /** An operator has stopped it, and no node came or went since. */
  isStopped(service: ServiceId, index: number): boolean {
    return this.#at(index).stopped.has(service);
  }

  /** It was shut down with its node, and waits for that. */
  isAwaiting(service: ServiceId, index: number): boolean {
    return this.#at(index).awaiting.has(service);
  }

  /** An operator has the whole cluster stopped. */
  isClusterStopping(index: number): boolean {
    return this.#at(index).ending.size > 0;
  }

  isStandby(node: NodeId, index: number): boolean {
    return this.#at(index).standby.has(node);
  }

  /** Nothing more is given to the node. */
  isNodeFrozen(node: NodeId, index: number): boolean {
    return this.isMaintenance(index) || this.#at(index).frozenNodes.has(node);
  }

  isMaintenance(index: number): boolean {
    return this.#at(index).isMaintenance;
  }

  /** The service is to be left alone: itself, the node that has it, or everything is frozen. Not on a node that leaves, which takes it down. */
  isFrozen(service: ServiceId, index: number): boolean {
    const record = this.stateAt(index).services[service];
    const node = record === undefined ? null : phaseNode(record.phase);
    if (node !== null && this.stateAt(index).nodes[node]?.isLeaving === true) return false;
    const { frozenServices, frozenNodes, isMaintenance } = this.#at(index);
    return isMaintenance || frozenServices.has(service) || (node !== null && frozenNodes.has(node));
  }

  #at(index: number): Wishes {
    this.#catchUp();
    return this.#wishes[Math.min(index, this.#wishes.length - 1)] ?? nobodysWishes;
  }

  #catchUp(): void {
    for (let next = this.#states.length; next <= this.#entries.length; next += 1) {
      const [state, entry, wishes] = [this.#states[next - 1], this.#entries[next - 1], this.#wishes[next - 1]];
      if (state === undefined || entry === undefined || wishes === undefined) return;
      const applied = applyEntry(state, entry);
      this.#states.push(applied.state);
      const done = { body: entry.body, intent: intentDone(entry.body, applied, state) };
      this.#wishes.push(this.#wished(wishes, done, state));
    }
  }

  /** Who names a clone means all of its instances; it is started where it may be. */
  #afterIntent(before: Wishes, intent: Exclude<Intent, { kind: "shutdown-node" | "stop-cluster" }>): Wishes {
    if (!("service" in intent)) return afterIntent(before, intent);
    const instances = this.#config.services.filter(
      ({ instance, promotes }) => instance?.of === intent.service || promotes === intent.service,
    );
    if (instances.length === 0) return afterIntent(before, intent);
    const meant =
      intent.kind === "start-service"
        ? instances.filter(({ id, enabled }) => before.enabled.get(id) ?? enabled)
        : instances;
    return meant.reduce((wishes, { id }) => afterIntent(wishes, { ...intent, service: id }), before);
  }

  #wished(wishes: Wishes, { body, intent }: Done, state: ClusterState): Wishes {
    if (intent?.kind === "stop-cluster")
      return { ...wishes, ending: new Set(this.#view.map(({ incarnation }) => incarnation)) };
    if (intent !== null)
      return intent.kind === "shutdown-node" ? afterShutdown(wishes, intent, state) : this.#afterIntent(wishes, intent);
    if (body.kind !== "view") return wishes;
    const returned = body.members.filter((member) => member.incarnation !== state.nodes[member.node]?.incarnation);
    const before = returned.reduce(afterReturn, wishes);
    const hasChanged = membersText(body.members) !== membersText(this.#view);
    this.#view = body.members;
    const ending = new Set(
      [...before.ending].filter((life) => body.members.some(({ incarnation }) => incarnation === life)),
    );
    return hasChanged ? { ...before, ending, stopped: new Set() } : before;
  }
}

function membersText(members: readonly Member[]): string {
  const texts = members.map(({ node, incarnation }) => `${node}/${incarnation}`);
  return texts.toSorted().join(" ");
}

/** An entry, and what was wanted and done by it. */
interface Done {
  readonly body: EntryBody;
  readonly intent: Intent | null;
}

/** What was wanted and not refused at this place: now, or before, for this time. */
function intentDone(body: EntryBody, { state: after, refusal }: Applied, before: ClusterState): Intent | null {
  if (body.kind === "intent") return refusal === null ? body.intent : null;
  if (body.kind !== "due") return null;
  const item = before.schedule?.waiting.find(({ id }) => id === body.id);
  const isDone = after.schedule?.past.at(-1)?.id === body.id && after.schedule.past.at(-1)?.result === "done";
  return item !== undefined && isDone ? item.what : null;
}

/** What waited for a node that was shut down goes on when it is back. */
function afterReturn(before: Wishes, { node }: Member): Wishes {
  return {
    ...before,
    awaiting: new Map([...before.awaiting].filter(([, awaited]) => awaited !== node)),
    frozenNodes: before.frozenAway.has(node) ? without(before.frozenNodes, node) : before.frozenNodes,
    frozenAway: without(before.frozenAway, node),
  };
}

function afterShutdown(before: Wishes, intent: Intent & { kind: "shutdown-node" }, state: ClusterState): Wishes {
  const { node, services } = intent;
  if (services === "move") return before;
  if (services === "freeze")
    return {
      ...before,
      frozenNodes: new Set([...before.frozenNodes, node]),
      frozenAway: new Set([...before.frozenAway, node]),
    };
  const here = Object.values(state.services).filter(({ phase }) => phaseNode(phase) === node);
  return { ...before, awaiting: new Map([...before.awaiting, ...here.map(({ service }) => [service, node] as const)]) };
}

function afterIntent(before: Wishes, intent: Exclude<Intent, { kind: "shutdown-node" | "stop-cluster" }>): Wishes {
  switch (intent.kind) {
    case "enable-service":
    case "start-service":
    case "disable-service": {
      const enabled = new Map(before.enabled).set(intent.service, intent.kind !== "disable-service");
      const stopped = intent.kind === "disable-service" ? before.stopped : without(before.stopped, intent.service);
      const awaiting = new Map([...before.awaiting].filter(([service]) => service !== intent.service));
      return { ...before, enabled, stopped, awaiting };
    }
    case "stop-service":
      return { ...before, stopped: new Set([...before.stopped, intent.service]) };
    case "standby-node":
      return { ...before, standby: new Set([...before.standby, intent.node]) };
    case "online-node":
      return { ...before, standby: without(before.standby, intent.node) };
    case "freeze-service":
      return { ...before, frozenServices: new Set([...before.frozenServices, intent.service]) };
    case "unfreeze-service":
      return { ...before, frozenServices: without(before.frozenServices, intent.service) };
    case "freeze-node":
      return { ...before, frozenNodes: new Set([...before.frozenNodes, intent.node]) };
    case "unfreeze-node":
      return {
        ...before,
        frozenNodes: without(before.frozenNodes, intent.node),
        frozenAway: without(before.frozenAway, intent.node),
      };
    case "begin-maintenance":
    case "end-maintenance":
      return { ...before, isMaintenance: intent.kind === "begin-maintenance" };
    case "remove-node":
    case "readmit-node":
      return {
        ...before,
        standby: without(before.standby, intent.node),
        frozenNodes: without(before.frozenNodes, intent.node),
      };
    case "schedule":
    case "cancel-scheduled":
    case "clear-service":
    case "restart-service":
    case "relocate-service":
    case "release-node":
    case "fence-node":
    case "confirm-off-node":
      return before;
    default:
      return unreachable(intent);
  }
}

function without<Id>(ids: ReadonlySet<Id>, id: Id): ReadonlySet<Id> {
  return new Set([...ids].filter((other) => other !== id));
}
