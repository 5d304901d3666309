import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyEntry } from "../src/core/services/apply-entry.ts";
import { type ClusterState, emptyClusterState } from "../src/core/services/cluster-state.ts";
import { ordersFor } from "../src/core/services/plan.ts";
import type { ClusterConfig, ServiceConfig } from "../src/model/cluster-config.ts";
import type { EntryBody } from "../src/model/entry.ts";
import { type NodeId, parseNodeId, parseServiceId, resourceId, type ServiceId } from "../src/model/ids.ts";
import { makeIncarnation } from "../src/model/incarnation.ts";
import { durationMs, wallMs } from "../src/model/units.ts";
import { noView } from "../src/model/view.ts";
import { crmSimulateMs } from "./crm-simulate.ts";
import { drawCurves } from "./draw-curves.ts";
import type { Row } from "./row.ts";

const nodes = 300;
const sizes = [125, 250, 500, 1_000, 2_000];
const goalServices = 1_000;
const goalMs = 100;
/** Four times the services take some five times as long: for each that is placed it is counted what runs where. */
const growthMax = 8;
/** For so many services beside Pacemaker's scheduler, which takes seconds for them. */
const beside = 300;
const rounds = 15;
const span = durationMs(10_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
const life = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });

/**
 * From "this node is off" to the orders of all others, in the pure rules: every service is judged anew, those of the lost node are placed. Half of the services
 * have a domain, every tenth needs the one before it on its node, every tenth must not meet it. Larger than any cluster that hale runs; what grows faster than
 * the number of services shows here.
 */
export async function decision(say: (text: string) => void): Promise<readonly Row[]> {
  const lines = [
    { name: "services alone", isRelated: false },
    { name: "with relations and capacity", isRelated: true },
  ].map(({ name, isRelated }) => {
    const points = sizes.map((services): readonly [number, number] => [services, lossMs(services, isRelated)]);
    say(`${name}: ${points.map(([services, ms]) => `${services}: ${ms.toFixed(1)} ms`).join(", ")}`);
    return { name, points };
  });
  const curve = drawCurves(`Decision after a node loss, ${nodes} nodes`, "services", [{ title: "ms", lines }]);
  await writeFile(join(import.meta.dirname, "decision.svg"), curve);
  const theirs = await crmSimulateMs(nodes, beside);
  if (theirs === null) say("crm_simulate is not installed (pacemaker-cli-utils): nothing beside");
  const peer = { figure: `the same, ${nodes} nodes, ${beside} services`, unit: "ms", against: "crm_simulate" };
  const besides = theirs === null ? [] : [{ ...peer, hale: lossMs(beside, false), other: theirs, limit: theirs }];
  const own = lines.flatMap(({ name, points }) => {
    const at = (services: number): number => points.find(([count]) => count === services)?.[1] ?? Number.NaN;
    const figure = `decision after a node loss, ${nodes} nodes, ${goalServices} services, ${name}`;
    const growth = {
      figure: `the same: 2,000 services against 500`,
      unit: "ms",
      against: "500 services",
      other: at(500),
    };
    return [
      { figure, unit: "ms", hale: at(goalServices), against: "limit", other: goalMs, limit: goalMs },
      { ...growth, hale: at(2_000), limit: growthMax * at(500) },
    ];
  });
  return [...own, ...besides];
}

function lossMs(services: number, isRelated: boolean): number {
  const state = runningCluster(services, isRelated);
  const all = Object.keys(state.nodes) as NodeId[];
  const samples = Array.from({ length: rounds }, (_, round) => {
    const target = all[(round * 7) % nodes] as NodeId;
    const members = all.filter((node) => node !== target).map((node) => ({ node, incarnation: life }));
    const lost = next(state, { kind: "view", coordinator: members[0]?.node as NodeId, members });
    const from = performance.now();
    const by = members[0]?.node as NodeId;
    const off = next(lost, { kind: "assumed-off", target, incarnation: life, by, reason: "bench" });
    // Each node works out its own.
    ordersFor(off, by);
    const ms = performance.now() - from;
    const isDecided = Object.values(off.services).every(({ phase }) => !("node" in phase) || phase.node !== target);
    if (!isDecided) throw new Error(`Cannot count a decision that leaves something on ${target}`);
    return ms;
  });
  // What else runs on the machine only adds.
  return Math.min(...samples);
}

/** All nodes are members, all services are started, in turns. */
function runningCluster(count: number, isRelated: boolean): ClusterState {
  const config = bigConfig(count, isRelated);
  const empty = next(emptyClusterState, { kind: "config", config, digest: "bench", author: "bench" });
  const known = Object.entries(empty.nodes).map(([node, record]) => {
    return [node, { ...record, isMember: true, incarnation: life, enteredAt: 1, eligibleSince: 1, isAccounted: true }];
  });
  const running = config.services.map(({ id }, index) => {
    // Every tenth is with the one before it, which has the node of its own number.
    const place = isRelated && index % 10 === 1 ? index - 1 : index;
    const node = parseNodeId(`node${place % nodes}`);
    return [id, { ...empty.services[id], doubts: [], phase: { kind: "started", node }, lastOwner: node, placedAt: 2 }];
  });
  return {
    ...empty,
    nodes: Object.fromEntries(known) as ClusterState["nodes"],
    services: Object.fromEntries(running) as ClusterState["services"],
  };
}

function bigConfig(count: number, isRelated: boolean): ClusterConfig {
  return {
    cluster: "bench",
    heartbeat: {
      keepaliveMs: span,
      warntimeMs: span,
      deadtimeMs: span,
      initdeadMs: span,
      daemonGraceMs: span,
      port: 1,
    },
    nodes: Array.from({ length: nodes }, (_, index) => ({
      id: parseNodeId(`node${index}`),
      addresses: [],
      fence: [],
      ...(isRelated ? { offers: { memory: 64 } } : {}),
    })),
    quorum: { kind: "majority" },
    fencing: { kind: "none", assumeOffAfterMs: durationMs(0) },
    services: Array.from({ length: count }, (_, index) => bigService(index, isRelated)),
  };
}

function bigService(index: number, isRelated: boolean): ServiceConfig {
  const id = parseServiceId(`service${index}`);
  const domainNodes = [0, 1, 2, 3].map((offset) => parseNodeId(`node${(index + offset) % nodes}`));
  const before: readonly { readonly service: ServiceId }[] = [{ service: parseServiceId(`service${index - 1}`) }];
  const relation = index % 10 === 1 ? { with: before, after: before } : index % 10 === 5 ? { apart: before } : {};
  return {
    id,
    domain: { nodes: index % 2 === 0 ? domainNodes : [], ordered: true, restricted: false, failback: index % 4 === 0 },
    recovery: { policy: "restart", maxRestarts: 3, withinMs: span },
    resources: [{ kind: "lsb", id: resourceId(id, "d"), name: "d", script: `/${id}`, ...times }],
    enabled: true,
    ...(isRelated ? { ...relation, needs: { memory: 1 } } : {}),
  };
}

function next(state: ClusterState, body: EntryBody): ClusterState {
  const id = { origin: parseNodeId("node0"), incarnation: life, sequence: state.index + 1 };
  return applyEntry(state, { index: state.index + 1, view: noView, id, at: wallMs(1_000), body }).state;
}
