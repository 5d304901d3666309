import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import { applyEntry } from "../../core/services/apply-entry.ts";
import { emptyClusterState } from "../../core/services/cluster-state.ts";
import type { ResourceTruth } from "../fake-kernel.ts";
import type { Bench, Checker } from "./checker.ts";

interface RealDouble {
  readonly service: ServiceConfig;
  readonly nodes: readonly NodeId[];
  readonly fromMs: number;
  /** Since when both daemons can act; null: one cannot. */
  ableSinceMs: number | null;
  isReported: boolean;
}

/** Whoever stopped it can tell of it, once it is a member and for as long as its daemon lives. */
interface Witnessed {
  readonly service: ServiceId;
  readonly by: NodeId;
  readonly nodes: readonly NodeId[];
  readonly fromMs: number;
  readonly toMs: number;
  isTold: boolean;
}

/**
 * LIVE-4: with `fencing: none`, a double ends within its bound once both daemons can act, and the cluster tells of it.
 *
 * Not told can be what nobody knows any more: the node lost its power, its daemon was killed, or the service died by itself before anybody
 * had stopped it.
 */
export function doublesChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  if (config.fencing.kind !== "none") return {};
  // What a new daemon keeps at first, a late notice, and the stops with their own time-outs.
  const stopMs = config.services
    .flatMap((service) => service.resources)
    .reduce((sum, each) => sum + each.stopTimeoutMs, 0);
  const boundMs = 4 * config.heartbeat.deadtimeMs + 2_000 + stopMs;
  const doubles = new Map<ServiceId, RealDouble>();
  const stops = new Map<string, number>();
  const lives = new Map<NodeId, Incarnation>();
  let witnessed: Witnessed[] = [];
  let read = 0;

  const look = (service: ServiceConfig, changed: NodeId | null): void => {
    const nodes = truth.activeNodes(service);
    const known = doubles.get(service.id);
    if (nodes.length > 1) {
      if (known === undefined)
        doubles.set(service.id, { service, nodes, fromMs: bench.now(), ableSinceMs: null, isReported: false });
      return;
    }
    if (known === undefined) return;
    doubles.delete(service.id);
    // Only who could not act before was taken as off, and is asked what it ran.
    if (changed === null || !truth.of(changed).isImpaired || !stops.has(`${changed} ${service.id}`)) return;
    const { nodes: both, fromMs } = known;
    // What was observed before says nothing of it.
    catchUp();
    witnessed.push({ service: service.id, by: changed, nodes: both, fromMs, toMs: bench.now(), isTold: false });
  };
  const forget = (node: NodeId): void => {
    witnessed = witnessed.filter(({ by, isTold }) => by !== node || isTold);
  };
  const catchUp = (): void => {
    for (; read < truth.entries.length; read += 1) {
      const body = truth.entries[read]?.body;
      if (body?.kind !== "observed") continue;
      for (const one of witnessed)
        if (one.by === body.node && body.services.some(({ service }) => service === one.service)) one.isTold = true;
    }
  };

  return {
    onOperation(node: NodeId, operation: Operation): void {
      const key = `${node} ${operation.service}`;
      if (operation.action === "stop") stops.set(key, bench.now());
      if (operation.action === "start") stops.delete(key);
    },
    onTruth(node: NodeId, resource: ResourceId, _now: ResourceTruth): void {
      const service = truth.serviceOf(resource);
      if (service !== undefined) look(service, node);
    },
    onPower(node: NodeId): void {
      catchUp();
      forget(node);
      for (const service of config.services) look(service, null);
    },
    onBody(node, incarnation): void {
      if (lives.get(node) === incarnation) return;
      lives.set(node, incarnation);
      catchUp();
      forget(node);
    },
    onSample(): void {
      for (const double of doubles.values()) {
        const isAble = double.nodes.every((node) => truth.of(node).hasDaemon && !truth.of(node).isPaused);
        double.ableSinceMs = isAble ? (double.ableSinceMs ?? bench.now()) : null;
        if (double.ableSinceMs === null || double.isReported || bench.now() - double.ableSinceMs < boundMs) continue;
        double.isReported = true;
        const text = `is active on ${double.nodes.join(" and ")} for ${boundMs} ms, and their daemons could act`;
        bench.report("LIVE-4", `service ${double.service.id} ${text}`);
      }
    },
    onQuiet(): void {
      catchUp();
      const due = witnessed.filter(({ isTold }) => isTold);
      if (due.length === 0) return;
      const told = toldDoubles(bench);
      for (const { service, nodes, fromMs, toMs } of due) {
        const isTold = told.some(
          (double) => double.service === service && nodes.every((node) => double.text.includes(node)),
        );
        if (!isTold)
          bench.report(
            "LIVE-4",
            `nobody tells that ${service} ran on ${nodes.join(" and ")} from ${fromMs} to ${toMs}`,
          );
      }
    },
  };
}

/** Every event about a double that the entries make. */
function toldDoubles({ truth }: Bench): readonly { readonly service: ServiceId; readonly text: string }[] {
  const told: { service: ServiceId; text: string }[] = [];
  let state = emptyClusterState;
  for (const entry of truth.entries) {
    const applied = applyEntry(state, entry);
    state = applied.state;
    for (const { service, level, text } of applied.events)
      if (service !== undefined && level === "error" && / and \S+ at once/.test(text)) told.push({ service, text });
  }
  return told;
}
