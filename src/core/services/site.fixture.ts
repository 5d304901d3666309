import type { ClusterConfig, FailoverDomain, NodeConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { EntryBody, ServiceResult } from "../../model/entry.ts";
import {
  type NodeId,
  parseDeviceId,
  parseNodeId,
  parseServiceId,
  resourceId,
  type ServiceId,
} from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import type { Intent } from "../../model/intent.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState, type Refusal } from "./cluster-state.ts";
import { type Order, ordersFor } from "./plan.ts";
import { phaseText } from "./service-record.ts";

const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };

/** What a service of a test says beside its name. */
export type GivenService = Partial<Omit<ServiceConfig, "id" | "domain">> & {
  readonly domain?: Partial<FailoverDomain>;
};

/** Services by name, in file order. */
export type GivenServices = Readonly<Record<string, GivenService>>;

/** A list of relations: `db` is hard, `db?` soft. */
export function those(...names: readonly string[]): NonNullable<ServiceConfig["after"]> {
  return names.map((name) =>
    name.endsWith("?") ? { service: parseServiceId(name.slice(0, -1)), soft: true } : { service: parseServiceId(name) },
  );
}

/** A domain of these nodes, in order, and no other. */
export function only(...nodes: readonly string[]): Partial<FailoverDomain> {
  return { nodes: nodes.map(parseNodeId), ordered: true, restricted: true };
}

/** A configuration without fence devices. */
export function siteConfig(
  nodes: readonly string[],
  services: GivenServices,
  more: Partial<ClusterConfig> & { readonly node?: (id: NodeId) => Partial<NodeConfig> } = {},
): ClusterConfig {
  const { node = () => ({}), ...rest } = more;
  return {
    cluster: "test",
    heartbeat: {
      keepaliveMs: span,
      warntimeMs: span,
      deadtimeMs: span,
      initdeadMs: span,
      daemonGraceMs: span,
      port: 1,
    },
    nodes: nodes.map(parseNodeId).map((id) => ({ id, addresses: [], fence: [], ...node(id) })),
    quorum: { kind: "majority" },
    fencing: { kind: "none", assumeOffAfterMs: durationMs(0) },
    quarantine: { kind: "none" },
    services: Object.entries(services).map(([name, { domain, ...given }]): ServiceConfig => {
      const id = parseServiceId(name);
      return {
        id,
        domain: { nodes: [], ordered: false, restricted: false, failback: false, ...domain },
        recovery: { policy: "restart", maxRestarts: 0, withinMs: durationMs(600_000) },
        resources: [{ kind: "lsb", id: resourceId(id, "d"), name: "d", script: `/${name}`, ...times }],
        enabled: true,
        ...given,
      };
    }),
    ...rest,
  };
}

const device = { id: parseDeviceId("pdu"), agent: "fence", parameters: {}, timeoutMs: span };

/** For `siteConfig`: one fence device, at which every node has its plug. */
export const guarded = {
  fencing: { kind: "devices" as const, devices: [device] },
  node: () => ({ fence: [[{ device: device.id }]] }),
};

/** A cluster of any size, by its entries alone: nodes come and go, and do what they are told when the test says so. */
export class Site {
  state: ClusterState = emptyClusterState;
  readonly texts: string[] = [];
  /** By service, how often it was told to start. */
  readonly starts = new Map<string, number>();
  refusal: Refusal | null = null;
  at = 1_000_000;
  readonly #boots = new Map<NodeId, number>();
  #members: readonly NodeId[] = [];

  constructor(config: ClusterConfig, members: readonly string[] = config.nodes.map(({ id }) => id)) {
    this.#members = members.map(parseNodeId);
    this.#view();
    this.say({ kind: "config", config, digest: "d", author: "root" });
    for (const node of this.#members) this.report(node);
    for (const { id } of config.nodes)
      if (!this.#members.includes(id))
        this.say({
          kind: "assumed-off",
          target: id,
          incarnation: null,
          by: this.#members[0] as NodeId,
          reason: "time",
        });
    this.done();
  }

  say(body: EntryBody, ms = 1_000): this {
    this.at += ms;
    const index = this.state.index + 1;
    const origin = this.#members[0] ?? parseNodeId("n1");
    const view = { counter: 1, proposer: origin, incarnation: this.#life(origin) };
    const id = { origin, incarnation: this.#life(origin), sequence: index };
    const applied = applyEntry(this.state, { index, view, id, at: wallMs(this.at), body });
    this.state = applied.state;
    this.refusal = applied.refusal;
    for (const { service, text } of applied.events) {
      this.texts.push(service === undefined ? text : `${service}: ${text}`);
      if (service !== undefined && text.includes("-> starting"))
        this.starts.set(service, (this.starts.get(service) ?? 0) + 1);
    }
    return this;
  }

  ask(intent: Intent): this {
    return this.say({ kind: "intent", intent, author: "ann" });
  }

  reload(config: ClusterConfig): this {
    return this.say({ kind: "config", config, digest: `d${this.state.index}`, author: "ann" });
  }

  /** They are lost and known to be off. */
  lose(...names: readonly string[]): this {
    this.vanish(...names);
    for (const node of names.map(parseNodeId)) this.off(node);
    return this;
  }

  /** They are lost, nothing more is known. */
  vanish(...names: readonly string[]): this {
    this.#members = this.#members.filter((node) => !names.includes(node));
    return this.#view();
  }

  /** The same members, after a time in which they were none: who comes was given nothing before. */
  regain(...coming: readonly string[]): this {
    for (const node of coming.map(parseNodeId)) this.#boots.set(node, (this.#boots.get(node) ?? 1) + 1);
    this.#members = [...new Set([...this.#members, ...coming.map(parseNodeId)])].toSorted();
    return this.#view(true);
  }

  off(name: string): this {
    const target = parseNodeId(name);
    const by = this.#members[0] ?? target;
    return this.say({ kind: "assumed-off", target, incarnation: this.#life(target), by, reason: "time" });
  }

  /** They come with a new life and run nothing. */
  join(...names: readonly string[]): this {
    this.enter(...names);
    for (const node of names) this.report(node);
    return this;
  }

  /** They come with a new life, and have not reported. */
  enter(...names: readonly string[]): this {
    for (const node of names.map(parseNodeId)) {
      this.#boots.set(node, (this.#boots.get(node) ?? 1) + 1);
      this.#members = [...this.#members, node].toSorted();
    }
    return this.#view();
  }

  /** They are heard again in the life in which they were lost, and have not reported. */
  comeBack(...names: readonly string[]): this {
    this.#members = [...this.#members, ...names.map(parseNodeId)].toSorted();
    return this.#view();
  }

  lifeOf(name: string): Incarnation {
    return this.#life(parseNodeId(name));
  }

  report(name: string, running: readonly string[] = []): this {
    const node = parseNodeId(name);
    const services = Object.values(this.state.services).map(({ service, attempt }) => ({
      service,
      running: running.includes(service) ? [resourceId(service, "d")] : [],
      unclear: [],
      attempt,
    }));
    const since = this.state.nodes[node]?.enteredAt ?? 0;
    return this.say({ kind: "observed", node, incarnation: this.#life(node), since, services }, 0);
  }

  /** It has told all that has changed since this view. */
  sure(name: string, sureOf = this.state.nodes[parseNodeId(name)]?.unsureSince ?? 0): this {
    const node = parseNodeId(name);
    const since = this.state.nodes[node]?.enteredAt ?? 0;
    return this.say({ kind: "observed", node, incarnation: this.#life(node), since, services: [], sureOf }, 0);
  }

  /** What nodes are told to do and have not done. */
  get orders(): readonly (Order & { readonly node: NodeId })[] {
    return this.#members.flatMap((node) =>
      ordersFor(this.state, node).flatMap((order) =>
        order.action === "start" || order.action === "stop" ? [{ ...order, node }] : [],
      ),
    );
  }

  /** One order is carried out. */
  obey(): boolean {
    const [order] = this.orders;
    if (order === undefined) return false;
    const kind = order.action === "start" ? "started" : "stopped";
    this.#answer(order.node, order.service, order.attempt, { kind, durationMs: 1 });
    return true;
  }

  /** Everything that anybody is told is done. */
  done(): this {
    for (let steps = 0; this.obey(); steps += 1) if (steps > 1_000) throw new RangeError("It never comes to rest");
    return this;
  }

  /** The next operation of the service on its node ends badly. */
  fail(name: string, action: OperationAction, severity: OperationOutcome["severity"] = "soft"): this {
    const service = parseServiceId(name);
    const record = this.state.services[service];
    if (record === undefined || record.phase.kind === "stopped" || record.phase.kind === "failed") return this;
    const outcome: OperationOutcome = { status: "failed", severity, reason: "broken", output: "", durationMs: 1 };
    const resource = resourceId(service, "d");
    return this.#answer(record.phase.node, service, record.order, { kind: "failed", resource, action, outcome });
  }

  retry(name: string): this {
    const service = parseServiceId(name);
    return this.say({ kind: "retry", service, attempt: this.state.services[service]?.attempt ?? 0 });
  }

  later(ms: number): this {
    this.at += ms;
    return this;
  }

  /** `started on n1`. */
  phase(name: string): string {
    const record = this.state.services[parseServiceId(name)];
    return record === undefined ? "gone" : phaseText(record.phase);
  }

  /** All of them, `web n1, mail n2`; those without a node by their phase. */
  get places(): string {
    return Object.values(this.state.services)
      .map(({ service, phase }) => `${service} ${phase.kind === "started" ? phase.node : phaseText(phase)}`)
      .join(", ");
  }

  /** Since this many lines were there. */
  since(count: number): string {
    return this.texts.slice(count).join("\n");
  }

  #view(isWithoutLease = false): this {
    const members = this.#members.map((node) => ({ node, incarnation: this.#life(node) }));
    const [coordinator = parseNodeId("n1")] = this.#members;
    return this.say({ kind: "view", coordinator, members, ...(isWithoutLease ? { withoutLease: true } : {}) });
  }

  #life(node: NodeId): Incarnation {
    return makeIncarnation({ boot: this.#boots.get(node) ?? 1, startedAt: 0, random: 0 });
  }

  #answer(node: NodeId, service: ServiceId, attempt: number, result: ServiceResult): this {
    return this.say({ kind: "service-result", node, incarnation: this.#life(node), service, attempt, result });
  }
}
