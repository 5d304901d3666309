import type { AddressResource, ClusterConfig, ResourceConfig, ServiceConfig } from "../model/cluster-config.ts";
import type { Effect } from "../model/effect.ts";
import type { Entry, EntryBody } from "../model/entry.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import { parseDeviceId, parseNodeId, parseServiceId, resourceId, type NodeId, type ServiceId } from "../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../model/incarnation.ts";
import type { Moment } from "../model/input.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Notice, Notification } from "../model/notice.ts";
import type { OperationAction, OperationOutcome } from "../model/operation.ts";
import { treeOf } from "../model/resource-tree.ts";
import { durationMs, instantMs, never, wallMs } from "../model/units.ts";
import type { View } from "../model/view.ts";
import { type ManagerInput, type ManagerStep, noteSubmitted, startManager, stepManager } from "./manager.ts";
import type { ManagerState } from "./manager-work.ts";
import { explainServices } from "./services/explain.ts";

/**
 * Several managers under one hand, for tests: a group that is one list of entries, agents that are a table, and virtual time.
 *
 * Nothing of the group protocol is here: an entry is ordered when it is submitted in the view, and delivered to every member a
 * millisecond later. What runs where is kept beside the managers, as the kernels would know it, and is checked at every start:
 * two nodes with the same service end the test (SAFE-1), as does a start before the resource above runs (SAFE-6).
 */
export interface Driver {
  readonly config: ClusterConfig;
  readonly nodes: Map<NodeId, DriverNode>;
  readonly entries: Entry[];
  /** `12034 n1 start web/ip`, `12034 n2 event ...`, in order of time. */
  readonly log: string[];
  readonly answers: Map<number, Answer>;
  readonly behaviours: Behaviour[];
  /** What agents were told, in order of time. */
  readonly notices: { readonly node: NodeId; readonly notice: Notice }[];
  now: number;
  view: View | null;
  queue: Pending[];
  sequence: number;
  isFenceWorking: boolean;
  /** Somebody has taken a node as off that is not. */
  mayRunTwice: boolean;
  /** Fence agents whose devices do not answer. */
  readonly brokenAgents: Set<string>;
  /** Fence agents whose devices confirm what they do not do. */
  readonly lyingAgents: Set<string>;
  /** How long a fence device takes. */
  deviceMs: number;
}

/** A machine. */
export interface DriverNode {
  readonly id: NodeId;
  hasPower: boolean;
  manager: ManagerState | null;
  incarnation: Incarnation;
  boots: number;
  startedAt: number;
  leaseUntil: number;
  /** By the timers of its daemon. */
  leaseMs: number;
  isFrozen: boolean;
  arbiterFence: GroupFacts["arbiterFence"];
  wakeAt: number;
  isCut: boolean;
  hasLeft: boolean;
  /** Resources that run, whoever knows. */
  readonly running: Set<string>;
  submitted: number;
  readonly held: { readonly key: string; readonly body: EntryBody }[];
}

/** What an agent does instead of succeeding at once. */
export interface Behaviour {
  readonly resource: string;
  readonly action: OperationAction | "notify";
  readonly node?: string;
  readonly outcome?: Partial<OperationOutcome>;
  readonly takesMs?: number;
  times: number;
}

interface Pending {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

const lease = 3_000;
const deadtime = 1_500;

/** A configuration for tests: services of one address and one daemon each. */
export function testConfig(
  nodes: readonly string[],
  services: readonly (Partial<ServiceConfig> & { name: string })[],
): ClusterConfig {
  return {
    cluster: "test",
    heartbeat: {
      keepaliveMs: durationMs(250),
      warntimeMs: durationMs(750),
      deadtimeMs: durationMs(deadtime),
      initdeadMs: durationMs(10_000),
      daemonGraceMs: durationMs(5_000),
      port: 6940,
    },
    nodes: nodes.map((node) => ({
      id: parseNodeId(node),
      addresses: [`192.0.2.${nodes.indexOf(node) + 1}`],
      fence: [[{ device: parseDeviceId("pdu"), plug: node }]],
    })),
    quorum: { kind: "majority" },
    fencing: {
      kind: "devices",
      devices: [
        {
          id: parseDeviceId("pdu"),
          agent: "fence_test",
          parameters: {},
          timeoutMs: durationMs(10_000),
          action: "off" as const,
          monitor: { intervalMs: durationMs(0), timeoutMs: durationMs(1_000) },
        },
      ],
    },
    services: services.map(({ name, ...given }) => testService(name, given)),
  };
}

/** A service of an address and a daemon. */
export function testService(name: string, given: Partial<ServiceConfig> = {}): ServiceConfig {
  const service = parseServiceId(name);
  return {
    id: service,
    domain: { nodes: [], ordered: false, restricted: false, failback: false },
    recovery: { policy: "restart", maxRestarts: 2, withinMs: durationMs(600_000) },
    resources: [testAddress(service), testDaemon(service)],
    enabled: true,
    ...given,
  };
}

const times = {
  startTimeoutMs: durationMs(20_000),
  stopTimeoutMs: durationMs(20_000),
  monitorTimeoutMs: durationMs(10_000),
  monitorIntervalMs: durationMs(5_000),
};

/** An address resource. */
export function testAddress(service: ServiceId): AddressResource {
  return { kind: "address", id: resourceId(service, "ip"), name: "ip", ip: "192.0.2.100", prefix: 24, ...times };
}

/** A resource with a script. */
export function testDaemon(service: ServiceId): ResourceConfig {
  return { kind: "lsb", id: resourceId(service, "daemon"), name: "daemon", script: "/etc/init.d/daemon", ...times };
}

/** All nodes without power, at time 0. */
export function newDriver(config: ClusterConfig): Driver {
  const nodes = config.nodes.map(({ id }): [NodeId, DriverNode] => [
    id,
    {
      id,
      hasPower: false,
      manager: null,
      incarnation: makeIncarnation({ boot: 1, startedAt: 0, random: 0 }),
      boots: 0,
      startedAt: 0,
      leaseUntil: 0,
      leaseMs: lease,
      isFrozen: false,
      arbiterFence: null,
      wakeAt: never,
      isCut: false,
      hasLeft: false,
      running: new Set(),
      submitted: 0,
      held: [],
    },
  ]);
  return {
    config,
    nodes: new Map(nodes),
    entries: [],
    log: [],
    answers: new Map(),
    behaviours: [],
    notices: [],
    now: 1_000,
    view: null,
    queue: [],
    sequence: 0,
    isFenceWorking: true,
    mayRunTwice: false,
    brokenAgents: new Set(),
    lyingAgents: new Set(),
    deviceMs: 100,
  };
}

/** The node of that name. */
export function nodeOf(driver: Driver, name: string): DriverNode {
  const node = driver.nodes.get(parseNodeId(name));
  if (node === undefined) throw new RangeError(`Cannot find node "${name}": it is not in the test's configuration`);
  return node;
}

/** Switches nodes on: their daemons start, and are taken into a view when there is a majority. */
export function powerOn(driver: Driver, ...names: readonly string[]): void {
  for (const name of names) {
    const node = nodeOf(driver, name);
    node.hasPower = true;
    startDaemon(driver, node);
  }
  reform(driver, 300);
}

/** Cuts the power: whatever ran is gone. */
export function powerOff(driver: Driver, name: string): void {
  const node = nodeOf(driver, name);
  node.hasPower = false;
  node.manager = null;
  node.running.clear();
  say(driver, node, "power off");
  reform(driver, deadtime);
}

/** The daemon dies, the kernel and the services go on. */
export function crashDaemon(driver: Driver, name: string): void {
  nodeOf(driver, name).manager = null;
  reform(driver, deadtime);
}

/** The daemon comes back on a living kernel. */
export function restartDaemon(driver: Driver, name: string): void {
  startDaemon(driver, nodeOf(driver, name));
  reform(driver, 300);
}

/** Entries of views that came and went before any of them was in force, one after the other in one delivery. */
export function deliverViews(driver: Driver, ...views: readonly (readonly string[])[]): void {
  const { view } = driver;
  if (view === null) throw new RangeError("Cannot deliver views: nobody is in one");
  const entries = views.map((names): Entry => {
    const members = names.map((name) => ({
      node: nodeOf(driver, name).id,
      incarnation: nodeOf(driver, name).incarnation,
    }));
    const index = driver.entries.length + 1;
    const id = { origin: view.coordinator, incarnation: view.id.incarnation, sequence: 3_000_000 + index };
    const body = { kind: "view" as const, members, coordinator: view.coordinator };
    const entry: Entry = { index, view: view.id, id, at: moment(driver).wall, body };
    driver.entries.push(entry);
    return entry;
  });
  for (const { node } of view.members) feed(driver, nodeOf(driver, node), null, entries);
}

/** The node hears nobody any more, and nobody it. */
export function cut(driver: Driver, name: string): void {
  nodeOf(driver, name).isCut = true;
  reform(driver, deadtime);
}

/** The network is whole again. */
export function heal(driver: Driver): void {
  for (const node of driver.nodes.values()) node.isCut = false;
  reform(driver, 300);
}

/** An operator asks one node; the answer is found under the number. */
export function ask(driver: Driver, name: string, intent: Intent): number {
  driver.sequence += 1;
  const request = driver.sequence;
  feed(driver, nodeOf(driver, name), { kind: "intent", request, intent, author: "root" });
  return request;
}

/** Gives a manager an input. */
export function feed(
  driver: Driver,
  node: DriverNode,
  input: ManagerInput | null,
  delivered: readonly Entry[] = [],
): void {
  if (node.manager === null) return;
  take(
    driver,
    node,
    stepManager(node.manager, input, { entries: delivered, isReplay: false }, factsOf(driver, node), moment(driver)),
  );
}

/** Lets time pass. */
export function run(driver: Driver, spanMs: number): void {
  const end = driver.now + spanMs;
  for (;;) {
    const next = nextAt(driver);
    if (next > end) break;
    driver.now = Math.max(driver.now, next);
    renewLeases(driver);
    const due = driver.queue
      .filter((pending) => pending.at <= driver.now)
      .toSorted((a, b) => a.at - b.at || a.number - b.number);
    const first = due[0];
    if (first !== undefined) {
      driver.queue = driver.queue.filter((pending) => pending !== first);
      first.run();
      continue;
    }
    for (const node of driver.nodes.values()) {
      if (node.manager === null || node.wakeAt > driver.now) continue;
      node.wakeAt = never;
      feed(driver, node, null);
    }
  }
  driver.now = end;
  renewLeases(driver);
}

/** Where the service runs by the kernels, `-` when nowhere: `n1`, or `n1(ip)` in parts. */
export function whereRuns(driver: Driver, service: string): string {
  const resources = driver.config.services.find((candidate) => candidate.id === service)?.resources ?? [];
  const places = [...driver.nodes.values()].flatMap((node) => {
    const running = resources.filter((resource) => node.running.has(resource.id));
    if (running.length === 0) return [];
    return [running.length === resources.length ? node.id : `${node.id}(${running.map(({ name }) => name).join(",")})`];
  });
  return places.join("+") || "-";
}

/** State and owner of a service as a node tells it. */
export function told(driver: Driver, name: string, service: string): string {
  const { manager } = nodeOf(driver, name);
  if (manager === null) return "no daemon";
  const found = explainServices(manager.cluster, manager.runner, manager.self).find((one) => one.service === service);
  return found === undefined ? "no such service" : `${found.state}${found.owner === null ? "" : ` on ${found.owner}`}`;
}

/** Log lines that contain the text. */
export function logged(driver: Driver, text: string): readonly string[] {
  return driver.log.filter((line) => line.includes(text));
}

function nextAt(driver: Driver): number {
  let next = Number.POSITIVE_INFINITY;
  for (const pending of driver.queue) next = Math.min(next, pending.at);
  for (const node of driver.nodes.values()) {
    if (node.manager !== null) next = Math.min(next, Math.max(node.wakeAt, driver.now));
  }
  return next;
}

/** The present instant of every node. */
export function moment(driver: Driver): Moment {
  return { now: instantMs(driver.now), wall: wallMs(1_000_000_000 + driver.now) };
}

function later(driver: Driver, delayMs: number, what: () => void): void {
  driver.sequence += 1;
  driver.queue.push({ at: driver.now + delayMs, number: driver.sequence, run: what });
}

function say(driver: Driver, node: { readonly id: NodeId }, text: string): void {
  driver.log.push(`${driver.now} ${node.id} ${text}`);
}

function startDaemon(driver: Driver, node: DriverNode): void {
  node.boots += 1;
  node.incarnation = makeIncarnation({ boot: node.boots, startedAt: driver.now, random: 1 });
  node.submitted = 0;
  node.held.length = 0;
  node.leaseUntil = 0;
  node.startedAt = driver.now;
  node.hasLeft = false;
  const { id: self, incarnation } = node;
  const boot = {
    self,
    incarnation,
    config: driver.config,
    configDigest: `digest-${JSON.stringify(driver.config).length}`,
  };
  node.manager = startManager(boot, moment(driver));
  take(
    driver,
    node,
    stepManager(node.manager, null, { entries: [], isReplay: true }, factsOf(driver, node), moment(driver)),
  );
}

/** After some time, the nodes that hear each other are a view, when they are a majority. */
function reform(driver: Driver, delayMs: number): void {
  later(driver, delayMs, () => {
    const here = [...driver.nodes.values()].filter((node) => node.manager !== null && !node.isCut && !node.hasLeft);
    const isQuorate = here.length * 2 > driver.nodes.size;
    const members = here.map((node) => ({ node: node.id, incarnation: node.incarnation }));
    const [coordinator] = here;
    if (!isQuorate || coordinator === undefined) {
      driver.view = null;
      for (const node of driver.nodes.values()) feed(driver, node, null);
      return;
    }
    if (JSON.stringify(driver.view?.members) === JSON.stringify(members)) return;
    const counter = (driver.view?.id.counter ?? driver.entries.length) + 1;
    const id = { counter, proposer: coordinator.id, incarnation: coordinator.incarnation };
    // What a newcomer lacks is delivered with the view; it is history to it like to everybody who was there.
    const before = driver.view;
    driver.view = { id, members, coordinator: coordinator.id };
    const newcomers = here.filter(
      (node) => !before?.members.some((m) => m.node === node.id && m.incarnation === node.incarnation),
    );
    for (const node of newcomers) {
      const known = node.manager?.cluster.index ?? 0;
      feed(
        driver,
        node,
        null,
        driver.entries.filter((entry) => entry.index > known),
      );
    }
    const isWithout = driver.now >= coordinator.leaseUntil;
    renewLeases(driver);
    const withoutLease = isWithout ? { withoutLease: true as const } : {};
    order(
      driver,
      coordinator,
      { kind: "view", members, coordinator: coordinator.id, ...withoutLease },
      1_000_000 + counter,
    );
    for (const node of here) {
      const held = node.held.splice(0);
      for (const { body } of held) submitNow(driver, node, body, Number.NaN);
    }
  });
}

function order(driver: Driver, origin: DriverNode, body: EntryBody, sequence: number): void {
  if (driver.view === null) return;
  const id = { origin: origin.id, incarnation: origin.incarnation, sequence };
  const entry: Entry = { index: driver.entries.length + 1, view: driver.view.id, id, at: moment(driver).wall, body };
  driver.entries.push(entry);
  const { members } = driver.view;
  later(driver, 1, () => {
    for (const { node, incarnation } of members) {
      const target = driver.nodes.get(node);
      const isThere = target?.incarnation === incarnation;
      const known = target?.manager?.cluster.index ?? entry.index;
      // Who is cut off has it on its disk, and does not learn that all others have.
      if (target !== undefined && isThere && !target.isCut && known < entry.index) feed(driver, target, null, [entry]);
    }
  });
}

function submitNow(driver: Driver, node: DriverNode, body: EntryBody, _sequence: number): number {
  node.submitted += 1;
  const sequence = node.submitted;
  const isMember = driver.view?.members.some(
    (member) => member.incarnation === node.incarnation && member.node === node.id,
  );
  if (isMember === true && !node.isCut) order(driver, node, body, sequence);
  return sequence;
}

function take(driver: Driver, node: DriverNode, step: ManagerStep): void {
  node.manager = step.state;
  node.wakeAt = Math.min(step.wakeAt, node.leaseUntil > driver.now ? node.leaseUntil : never);
  for (const effect of step.effects) execute(driver, node, effect);
  for (const toGroup of step.toGroup) {
    say(driver, node, `group ${JSON.stringify(toGroup)}`);
    if (toGroup.kind === "leave") leave(driver, node);
  }
  const { outbox } = step.state;
  for (const { key, body } of outbox) {
    const sequence = submitNow(driver, node, body, 0);
    if (node.manager !== null) {
      node.manager = noteSubmitted(node.manager, key, { origin: node.id, incarnation: node.incarnation, sequence });
    }
  }
}

function leave(driver: Driver, node: DriverNode): void {
  const { id, incarnation } = node;
  order(driver, node, { kind: "left", node: id, incarnation, voters: [] }, 2_000_000);
  later(driver, 5, () => {
    node.hasLeft = true;
    node.manager = null;
    reform(driver, 10);
  });
}

function renewLeases(driver: Driver): void {
  for (const node of driver.nodes.values()) {
    const isMember = driver.view?.members.some(
      (member) => member.node === node.id && member.incarnation === node.incarnation,
    );
    if (isMember === true && !node.isCut && node.manager !== null && !isMissing(driver))
      node.leaseUntil = driver.now + node.leaseMs;
  }
}

/** True while so many members of the view are gone that the others cannot renew their leases. */
function isMissing(driver: Driver): boolean {
  const members = driver.view?.members ?? [];
  const heard = members.filter(({ node }) => {
    const there = driver.nodes.get(node);
    return there !== undefined && there.manager !== null && !there.isCut;
  });
  return heard.length * 2 <= driver.nodes.size;
}

function factsOf(driver: Driver, node: DriverNode): GroupFacts {
  const isMember = driver.view?.members.some(
    (member) => member.node === node.id && member.incarnation === node.incarnation,
  );
  const others = [...driver.nodes.values()].filter((other) => other !== node);
  return {
    self: node.id,
    incarnation: node.incarnation,
    status: isMember === true ? "active" : "electing",
    view: isMember === true && !node.isCut ? driver.view : null,
    leaseUntil: instantMs(node.leaseUntil),
    isLeased: driver.now < node.leaseUntil,
    isFrozen: node.isFrozen,
    witness: null,
    electorate: { index: 0, voters: [...driver.nodes.keys()].toSorted() },
    counted: [...driver.nodes.keys()].toSorted(),
    arbiterFence: node.arbiterFence,
    heard: [node, ...others.filter((other) => other.manager !== null && !other.isCut && !node.isCut)]
      .map(({ id }) => id)
      .toSorted(),
    closed: others
      .filter((other) => other.hasPower && other.manager === null && !other.hasLeft)
      .map(({ id }) => id)
      .toSorted(),
    reach: [],
    awaited: [],
    length: driver.entries.length,
    delivered: driver.entries.length,
    bootAbove: null,
    leaseMs: node.leaseMs,
    removedBy: null,
    intruders: [],
    refusal: null,
  };
}

function execute(driver: Driver, node: DriverNode, effect: Effect): void {
  switch (effect.kind) {
    case "run":
      runAgent(driver, node, effect.operation);
      return;
    case "notify":
      tellAgent(driver, node, effect.notification);
      return;
    case "fence":
      runFence(driver, node, effect);
      return;
    case "event":
      say(driver, node, `event ${effect.event.entry ?? "-"} ${effect.event.service ?? ""} ${effect.event.text}`);
      return;
    case "answer":
      driver.answers.set(effect.request, effect.answer);
      say(driver, node, `answer ${effect.request} ${effect.answer.text}`);
      return;
    case "arm-watchdog": {
      const outcome = { ok: true as const, timeoutMs: effect.timeoutMs, identity: "test" };
      later(driver, 0, () => feed(driver, node, { kind: "watchdog-result", call: effect.call, outcome }));
      return;
    }
    case "announce":
      say(driver, node, `announces ${effect.address.id}`);
      return;
    case "cancel":
    case "cancel-fence":
    case "keep-away":
    case "disarm-watchdog":
    case "exit":
      say(driver, node, effect.kind);
      return;
    case "ask-witness":
    case "beat":
    case "persist":
    case "send":
    case "probe-port":
    case "count-reach":
    case "feed-watchdog":
    case "progress":
  }
}

function tellAgent(driver: Driver, node: DriverNode, { id, resource, notice }: Notification): void {
  say(driver, node, `${notice.when}-${notice.operation} ${resource.id}`);
  driver.notices.push({ node: node.id, notice });
  const behaviour = behaviourOf(driver, node, resource.id, "notify");
  const ok: OperationOutcome = { status: "ok", severity: "none", reason: "", output: "", durationMs: 10 };
  const { incarnation } = node;
  later(driver, behaviour?.takesMs ?? 10, () => {
    if (!node.hasPower || node.incarnation !== incarnation) return;
    feed(driver, node, { kind: "operation-result", operation: id, outcome: { ...ok, ...behaviour?.outcome } });
  });
}

/** Used up once. */
function behaviourOf(
  driver: Driver,
  node: DriverNode,
  resource: string,
  action: Behaviour["action"],
): Behaviour | undefined {
  const behaviour = driver.behaviours.find(
    (one) => one.resource === resource && one.action === action && one.times > 0 && (one.node ?? node.id) === node.id,
  );
  if (behaviour !== undefined) behaviour.times -= 1;
  return behaviour;
}

function runAgent(driver: Driver, node: DriverNode, operation: Extract<Effect, { kind: "run" }>["operation"]): void {
  const { id, resource, action } = operation;
  const behaviour = behaviourOf(driver, node, resource.id, action);
  if (action !== "monitor") say(driver, node, `${action} ${resource.id}`);
  if (action === "start") checkStart(driver, node, operation);
  const { incarnation } = node;
  const isOk = behaviour?.outcome === undefined;
  // A start takes effect at its beginning and a stop at its end: the worst for two nodes.
  if (isOk && action === "start") node.running.add(resource.id);
  later(driver, behaviour?.takesMs ?? 10, () => {
    if (!node.hasPower) return;
    if (isOk && action === "stop") node.running.delete(resource.id);
    if (node.incarnation !== incarnation) return;
    const status = action === "monitor" && !node.running.has(resource.id) ? "not-running" : "ok";
    const outcome: OperationOutcome = {
      status,
      severity: "none",
      reason: "",
      output: "",
      durationMs: behaviour?.takesMs ?? 10,
      ...(resource.kind === "ocf" && resource.clone?.isPromotable === true ? { score: 100 } : {}),
      ...behaviour?.outcome,
    };
    feed(driver, node, { kind: "operation-result", operation: id, outcome });
  });
}

function checkStart(driver: Driver, node: DriverNode, operation: Extract<Effect, { kind: "run" }>["operation"]): void {
  const { service, resource, notAfter } = operation;
  if (driver.now >= notAfter) throw new RangeError(`Started ${resource.id} on ${node.id} without a lease`);
  const resources = driver.config.services.find((one) => one.id === service)?.resources ?? [];
  for (const other of driver.nodes.values()) {
    const isDouble = !driver.mayRunTwice && other !== node && resources.some((one) => other.running.has(one.id));
    if (isDouble) throw new RangeError(`SAFE-1 broken: ${service} starts on ${node.id} while it runs on ${other.id}`);
  }
  const { upon } = treeOf(resources);
  const place = resources.findIndex(({ id }) => id === resource.id);
  for (const [position, { id }] of resources.entries()) {
    if (upon[position]?.includes(place) && !node.running.has(id))
      throw new RangeError(`SAFE-6 broken: ${resource.id} starts before ${id} runs`);
  }
}

function runFence(driver: Driver, node: DriverNode, { call, notAfter }: Extract<Effect, { kind: "fence" }>): void {
  if (notAfter !== undefined && driver.now >= notAfter) throw new RangeError(`Fences ${call.plug} without a lease`);
  say(driver, node, `fence ${call.action} ${call.plug ?? ""} by ${call.agent}`);
  later(driver, driver.deviceMs, () => {
    const confirmed = driver.isFenceWorking && !driver.brokenAgents.has(call.agent);
    const target = driver.nodes.get(parseNodeId(call.plug ?? node.id));
    const { fencing } = driver.config;
    const cutsOff =
      fencing.kind === "devices" && fencing.devices.some(({ agent, unfence }) => agent === call.agent && unfence);
    const isDone = confirmed && !cutsOff && !driver.lyingAgents.has(call.agent);
    if (isDone && call.action === "off" && target?.hasPower) powerOff(driver, target.id);
    const outcome = { confirmed, reason: confirmed ? "" : "no answer", output: "", durationMs: 100 };
    feed(driver, node, { kind: "fence-result", call: call.id, outcome });
  });
}
