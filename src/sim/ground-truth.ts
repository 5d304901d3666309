import type { Checkpoint } from "../model/checkpoint.ts";
import type { ClusterConfig, ServiceConfig } from "../model/cluster-config.ts";
import type { DiskRecord } from "../model/disk.ts";
import type { Entry } from "../model/entry.ts";
import type { NodeId, ResourceId, ServiceId } from "../model/ids.ts";
import type { HeartbeatBody } from "../model/message.ts";
import { treeOf } from "../model/resource-tree.ts";
import { compareViewIds, sameViewId, viewIdText } from "../model/view.ts";
import { isActiveTruth, type ResourceTruth } from "./fake-kernel.ts";
import { OperatorWishes } from "./operator-wishes.ts";

/** What is so on one simulated machine. */
export interface NodeTruth {
  readonly node: NodeId;
  hasPower: boolean;
  isPaused: boolean;
  /** A daemon process exists. */
  hasDaemon: boolean;
  /** Something keeps its daemon from stopping services in time: it was paused, killed, or could not stop one. */
  isImpaired: boolean;
  readonly resources: Map<ResourceId, ResourceTruth>;
  /** Its log as it is on disk; entry of index i at position i-1. */
  log: Entry[];
  /** What its daemon last told its beat thread; null without daemon. */
  body: HeartbeatBody | null;
  /** Entries delivered by the present daemon. */
  delivered: number;
}

/** Two things that cannot both be true. */
export interface LogConflict {
  readonly index: number;
  readonly text: string;
}

/** Everything that is really so in a world: what checkers compare promises with. */
export class GroundTruth {
  readonly config: ClusterConfig;
  readonly nodes: ReadonlyMap<NodeId, NodeTruth>;
  /** The one order: the entry first delivered at each index, by anybody. */
  readonly entries: Entry[] = [];
  /** What operators want by those. */
  readonly wishes: OperatorWishes;
  /** Told of each checkpoint that comes to a disk. */
  onCheckpoint: (node: NodeId, checkpoint: Checkpoint) => void = () => undefined;

  constructor(config: ClusterConfig) {
    this.config = config;
    this.wishes = new OperatorWishes(config, this.entries);
    this.nodes = new Map(
      config.nodes.map((node) => [
        node.id,
        {
          node: node.id,
          hasPower: false,
          isPaused: false,
          hasDaemon: false,
          isImpaired: false,
          resources: new Map(),
          log: [],
          body: null,
          delivered: 0,
        },
      ]),
    );
  }

  of(node: NodeId): NodeTruth {
    const truth = this.nodes.get(node);
    if (truth === undefined) throw new RangeError(`Cannot look at "${node}": no such node`);
    return truth;
  }

  serviceOf(resource: ResourceId): ServiceConfig | undefined {
    return this.config.services.find((service) => service.resources.some((each) => each.id === resource));
  }

  service(id: ServiceId): ServiceConfig | undefined {
    return this.config.services.find((service) => service.id === id);
  }

  resourceTruth(node: NodeId, resource: ResourceId): ResourceTruth {
    return this.of(node).resources.get(resource) ?? "stopped";
  }

  /** True when the node holds any resource of the service, or may. */
  isActive(node: NodeId, service: ServiceConfig): boolean {
    return service.resources.some((resource) => isActiveTruth(this.resourceTruth(node, resource.id)));
  }

  /** Every resource that the service cannot do without runs there. */
  isStarted(node: NodeId, service: ServiceConfig): boolean {
    const { isCritical } = treeOf(service.resources);
    return service.resources.every(({ id }, position) => !isCritical[position] || this.#runs(node, id));
  }

  /** Every resource of the service runs there. */
  isWhole(node: NodeId, service: ServiceConfig): boolean {
    return service.resources.every(({ id }) => this.#runs(node, id));
  }

  #runs(node: NodeId, resource: ResourceId): boolean {
    return this.resourceTruth(node, resource) === "running";
  }

  activeNodes(service: ServiceConfig): readonly NodeId[] {
    return this.config.nodes.map((node) => node.id).filter((node) => this.isActive(node, service));
  }

  /** Follows what has become durable on a node's disk. */
  onDurable(node: NodeId, records: readonly DiskRecord[]): void {
    const truth = this.of(node);
    for (const record of records) {
      if (record.kind === "log") this.#replaceLog(truth, truth.log, record.checkpoint, record.entries);
      if (record.kind === "install" && record.checkpoint !== undefined) {
        this.#replaceLog(truth, this.entries, record.checkpoint, record.entries);
        continue;
      }
      if (record.kind === "append") for (const entry of record.entries) truth.log[entry.index - 1] = entry;
      if (record.kind === "install") truth.log = [...truth.log.slice(0, record.from - 1), ...record.entries];
    }
  }

  /**
   * Follows what a node has delivered.
   *
   * @returns where it delivered something else than others, or what it does not have on disk
   */
  onDelivered(node: NodeId, delivered: number): readonly LogConflict[] {
    const truth = this.of(node);
    const conflicts: LogConflict[] = [];
    for (let index = truth.delivered + 1; index <= delivered; index += 1) {
      const entry = truth.log[index - 1];
      const known = this.entries[index - 1];
      if (entry === undefined)
        conflicts.push({ index, text: `${node} delivered entry ${index}, which is not on its disk` });
      else if (known === undefined) this.#first(node, entry, conflicts);
      else if (!sameEntry(known, entry)) {
        conflicts.push({ index, text: `${node} delivered ${entryText(entry)}, others ${entryText(known)}` });
      }
    }
    truth.delivered = delivered;
    return conflicts;
  }

  /** Index of the last view entry, up to `delivered`, that has `node` as a member; 0 when none. */
  lastMembership(node: NodeId, delivered: number): number {
    for (let index = Math.min(delivered, this.entries.length); index > 0; index -= 1) {
      const body = this.entries[index - 1]?.body;
      if (body?.kind === "view" && body.members.some((member) => member.node === node)) return index;
    }
    return 0;
  }

  /** The electorate that the delivered entries add up to. */
  electorate(): readonly NodeId[] {
    for (let index = this.entries.length; index > 0; index -= 1) {
      const body = this.entries[index - 1]?.body;
      if (body?.kind === "electorate" || body?.kind === "left") return body.voters;
    }
    return this.config.nodes.flatMap(({ id, votes = 1 }) => Array.from({ length: votes }, () => id));
  }

  /** What a checkpoint stands for is what was delivered; that it says the same is checked where it is written. */
  #replaceLog(
    truth: NodeTruth,
    before: readonly Entry[],
    checkpoint: Checkpoint | null,
    entries: readonly Entry[],
  ): void {
    const log = before.slice(0, checkpoint?.index ?? 0);
    for (const entry of entries) log[entry.index - 1] = entry;
    truth.log = log;
    if (checkpoint !== null) this.onCheckpoint(truth.node, checkpoint);
  }

  #first(node: NodeId, entry: Entry, conflicts: LogConflict[]): void {
    const previous = this.entries.at(-1);
    if (previous !== undefined && compareViewIds(entry.view, previous.view) < 0) {
      conflicts.push({
        index: entry.index,
        text: `${node} delivered ${entryText(entry)} after ${entryText(previous)}`,
      });
    }
    this.entries[entry.index - 1] = entry;
  }
}

/** The same thing at the same place. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return (
    a.index === b.index &&
    sameViewId(a.view, b.view) &&
    a.id.origin === b.id.origin &&
    a.id.incarnation === b.id.incarnation &&
    a.id.sequence === b.id.sequence &&
    a.body.kind === b.body.kind
  );
}

/** `entry 12 intent of view 3/n1`. */
export function entryText(entry: Entry): string {
  return `entry ${entry.index} ${entry.body.kind} of view ${viewIdText(entry.view)}`;
}
