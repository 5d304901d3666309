import {
  type Amounts,
  type ArbiterConfig,
  type ClusterConfig,
  deviceMonitorDefault,
  type FailoverDomain,
  type FenceDeviceConfig,
  type FencingConfig,
  type FenceStep,
  type HeartbeatConfig,
  type NodeConfig,
  type QuorumConfig,
  type RecoveryConfig,
  type Relation,
  type ResourceConfig,
  type ServiceConfig,
  type WatchdogConfig,
  quarantineDefault,
} from "../model/cluster-config.ts";
import { type NodeId, parseDeviceId, parseNodeId, parseServiceId } from "../model/ids.ts";
import { sbdAgent } from "../model/sbd.ts";
import { type DurationMs, durationMs } from "../model/units.ts";
import { parseAmount } from "./amount.ts";
import { buildResource } from "./build-resource.ts";
import { notifyTimeoutDefault } from "./advised-timeouts.ts";
import { spreadClones } from "./spread-clones.ts";
import type { Path } from "./config-error.ts";
import { parseDayWindow } from "./day-window.ts";
import {
  assumeOffDefault,
  daemonGraceMax,
  heartbeatDefaults,
  isCutting,
  isUnfencing,
  watchdogTimeoutDefault,
} from "./defaults.ts";
import { parseEndpoint } from "./ip.ts";
import { type ClusterDocument, type ServiceDocument, type StepDocument, watchdogLevel } from "./schema.ts";
import { type SourceOf, spanOr, writtenParameters } from "./written.ts";

/**
 * Fills in the defaults and resolves shorthands.
 *
 * @param document has passed the schema and every check
 */
export function buildConfig(document: ClusterDocument, sourceOf: SourceOf): ClusterConfig {
  const heartbeat = buildHeartbeat(document);
  const nodes = Object.entries(document.nodes).map(([id, node]) => buildNode(id, node, sourceOf));
  const ids = nodes.map((node) => node.id);
  return {
    cluster: document.cluster,
    heartbeat,
    nodes,
    quorum: buildQuorum(document.quorum, ids),
    fencing: buildFencing(document.fencing, heartbeat.deadtimeMs, sourceOf),
    ...buildQuarantine(document.quarantine),
    services: buildServices(document.services ?? {}, ids, sourceOf),
  };
}

function buildServices(
  written: NonNullable<ClusterDocument["services"]>,
  nodes: readonly NodeId[],
  sourceOf: SourceOf,
): readonly ServiceConfig[] {
  const services = Object.entries(written).map(([id, service]) => buildService(id, service, nodes, sourceOf));
  const clones = new Map(
    services.flatMap(({ id }) => {
      const { clones: count, promotable: isPromotable = false, notify = false } = written[id] ?? {};
      if (count === undefined) return [];
      const told =
        notify === false
          ? {}
          : { notifyTimeoutMs: spanOr(notify === true ? undefined : notify.timeout, notifyTimeoutDefault) };
      return [[id, { clones: count, isPromotable, ...told }] as const];
    }),
  );
  return spreadClones(services, clones);
}

function buildHeartbeat({ heartbeat = {}, fencing }: ClusterDocument): HeartbeatConfig {
  const times = heartbeatDefaults(heartbeat);
  const watchdog = typeof fencing === "object" ? fencing.watchdog : undefined;
  if (watchdog === undefined || heartbeat["daemon-grace"] !== undefined)
    return { ...times, port: heartbeat.port ?? 6940 };
  const graceMax = daemonGraceMax(times.deadtimeMs, spanOr(watchdog.timeout, watchdogTimeoutDefault));
  const daemonGraceMs = durationMs(Math.min(times.daemonGraceMs, graceMax));
  return { ...times, daemonGraceMs, port: heartbeat.port ?? 6940 };
}

function buildNode(id: string, node: ClusterDocument["nodes"][string], sourceOf: SourceOf): NodeConfig {
  const levels = node.fence ?? [];
  const fence = levels.flatMap((level, index): readonly (readonly FenceStep[])[] => {
    if (level === watchdogLevel) return [];
    return Array.isArray(level)
      ? [level.map((step, inner) => buildStep(step, ["nodes", id, "fence", index, inner], sourceOf))]
      : [[buildStep(level, ["nodes", id, "fence", index], sourceOf)]];
  });
  const votes = node.votes === undefined || node.votes === 1 ? {} : { votes: node.votes };
  const watchdog = levels.includes(watchdogLevel) ? { watchdog: true as const } : {};
  const offers = node.offers === undefined ? {} : { offers: buildAmounts(node.offers) };
  return { id: parseNodeId(id), addresses: node.addresses, ...votes, fence, ...watchdog, ...offers };
}

function buildStep(step: StepDocument, path: Path, sourceOf: SourceOf): FenceStep {
  const plug = sourceOf([...path, "plug"]);
  const delayMs = spanOr(step.delay, 0);
  return {
    device: parseDeviceId(step.device),
    ...(plug === undefined || plug === "" ? {} : { plug }),
    ...(delayMs === 0 ? {} : { delayMs }),
  };
}

function buildQuorum(quorum: ClusterDocument["quorum"], nodes: readonly NodeId[]): QuorumConfig {
  const arbiter = buildArbiter(quorum, nodes);
  return typeof quorum === "object" && quorum["wait-for-all"] === true ? { ...arbiter, waitForAll: true } : arbiter;
}

function buildArbiter(quorum: ClusterDocument["quorum"], nodes: readonly NodeId[]): ArbiterConfig {
  if (quorum === undefined || quorum === "majority" || !("arbiter" in quorum)) return { kind: "majority" };
  const { arbiter } = quorum;
  if (typeof arbiter === "object" && "disk" in arbiter) return { kind: "disk", path: arbiter.disk };
  if (typeof arbiter === "object" && "witness" in arbiter) {
    const { ip, port } = parseEndpoint(arbiter.witness) ?? { ip: "", port: 0 };
    return { kind: "witness", ip, port };
  }
  const prefer = ("prefer" in quorum ? quorum.prefer : undefined) ?? nodes[0] ?? "";
  const delayMs = spanOr("delay" in quorum ? quorum.delay : undefined, 2_000);
  const reachlist = typeof arbiter === "object" ? { reachlist: arbiter.reachlist } : {};
  return { kind: "fencing", prefer: parseNodeId(prefer), delayMs, ...reachlist };
}

function buildFencing(fencing: ClusterDocument["fencing"], deadtimeMs: DurationMs, sourceOf: SourceOf): FencingConfig {
  const watchdog = fencing === "none" || fencing.watchdog === undefined ? null : buildWatchdog(fencing.watchdog);
  if (fencing === "none" || fencing.devices === undefined) {
    if (watchdog !== null) return { kind: "watchdog", ...watchdog };
    const written = fencing === "none" ? undefined : fencing.none?.["assume-off-after"];
    return { kind: "none", assumeOffAfterMs: spanOr(written, assumeOffDefault(deadtimeMs)) };
  }
  const devices = Object.entries(fencing.devices).map(
    ([id, { agent, timeout, action, monitor, unfence, ...parameters }]) => ({
      id: parseDeviceId(id),
      agent,
      parameters: writtenParameters(Object.keys(parameters), ["fencing", "devices", id], sourceOf),
      timeoutMs: spanOr(timeout, 60_000),
      ...(isCutting(agent, unfence) ? { action: "off" as const } : actionOf(agent, action)),
      ...(isUnfencing(agent, unfence) ? { unfence: true as const } : {}),
      ...(monitor === undefined ? {} : buildMonitor(monitor)),
    }),
  );
  return { kind: "devices", devices, ...(watchdog === null ? {} : { watchdog }) };
}

function buildWatchdog(written: { device?: string | undefined; timeout?: string | undefined }): WatchdogConfig {
  const { device = "/dev/watchdog", timeout } = written;
  return { device, timeoutMs: spanOr(timeout, watchdogTimeoutDefault) };
}

/** Nothing where it is the default, so that a file which says so means the same as one that does not. */
function buildQuarantine(written: ClusterDocument["quarantine"]): Pick<ClusterConfig, "quarantine"> {
  if (written === "none") return { quarantine: { kind: "none" } };
  const { losses, withinMs, forMs } = quarantineDefault;
  const quarantine = {
    kind: "timed" as const,
    losses: written?.losses ?? losses,
    withinMs: spanOr(written?.within, withinMs),
    forMs: spanOr(written?.for, forMs),
  };
  const isDefault = quarantine.losses === losses && quarantine.withinMs === withinMs && quarantine.forMs === forMs;
  return isDefault ? {} : { quarantine };
}

function actionOf(agent: string, action: "off-on" | "off" | "reboot" | undefined): Pick<FenceDeviceConfig, "action"> {
  // No message on a disk switches a machine on again.
  if (agent === sbdAgent) return { action: action === "off" ? "off" : "reboot" };
  return action === undefined || action === "off-on" ? {} : { action };
}

/** Nothing where the defaults were written out: it is the same configuration. */
function buildMonitor({
  interval,
  timeout,
}: {
  interval?: string | 0 | undefined;
  timeout?: string | undefined;
}): Partial<FenceDeviceConfig> {
  const { intervalMs, timeoutMs } = deviceMonitorDefault;
  const monitor = { intervalMs: spanOr(interval, intervalMs), timeoutMs: spanOr(timeout, timeoutMs) };
  return monitor.intervalMs === intervalMs && monitor.timeoutMs === timeoutMs ? {} : { monitor };
}

function buildService(
  id: string,
  service: ServiceDocument,
  nodes: readonly NodeId[],
  sourceOf: SourceOf,
): ServiceConfig {
  const serviceId = parseServiceId(id);
  return {
    id: serviceId,
    domain: buildDomain(service.domain, nodes),
    recovery: buildRecovery(service.recovery),
    resources: withAddresses(
      service.resources.map((resource, index) =>
        buildResource(resource, { service: serviceId, path: ["services", id, "resources", index], sourceOf }),
      ),
    ),
    enabled: service.enabled ?? true,
    ...(service["without-quorum"] === "freeze" ? { withoutQuorum: "freeze" } : {}),
    ...(service.after?.length ? { after: buildRelations(service.after) } : {}),
    ...(service.with?.length ? { with: buildRelations(service.with) } : {}),
    ...(service.apart?.length ? { apart: buildRelations(service.apart) } : {}),
    ...(service.exclusive === true ? { exclusive: true } : {}),
    ...(service.needs === undefined ? {} : { needs: buildAmounts(service.needs) }),
  };
}

/** A file server that names no addresses listens on those of its service. */
function withAddresses(resources: readonly ResourceConfig[]): readonly ResourceConfig[] {
  const addresses = resources.flatMap((one) => (one.kind === "address" ? [one.ip] : []));
  return resources.map((one) => (one.kind === "samba" && one.addresses.length === 0 ? { ...one, addresses } : one));
}

function buildRelations(written: NonNullable<ServiceDocument["after"]>): readonly Relation[] {
  return written.map((relation): Relation => {
    if (typeof relation === "string") return { service: parseServiceId(relation) };
    const service = parseServiceId(relation.service);
    return relation.soft === true ? { service, soft: true } : { service };
  });
}

function buildDomain(domain: ServiceDocument["domain"], nodes: readonly NodeId[]): FailoverDomain {
  const written = domain?.nodes?.map((node) => parseNodeId(node)) ?? [];
  const { failback = false, priority, stickiness = 0 } = domain ?? {};
  const between = typeof failback === "object" ? parseDayWindow(failback.between) : undefined;
  const priorities = Object.entries(priority ?? {}).map(([node, value]) => [parseNodeId(node), value] as const);
  return {
    nodes: written.length > 0 ? written : nodes,
    ordered: domain?.ordered ?? false,
    restricted: domain?.restricted ?? false,
    failback: failback !== false,
    ...(priorities.length > 0 ? { priorities: Object.fromEntries(priorities) } : {}),
    ...(stickiness > 0 ? { stickiness } : {}),
    ...(between === undefined ? {} : { failbackBetween: between }),
  };
}

function buildAmounts(written: Readonly<Record<string, string | number>>): Amounts {
  return Object.fromEntries(Object.entries(written).map(([name, amount]) => [name, parseAmount(amount) ?? 0]));
}

function buildRecovery(recovery: ServiceDocument["recovery"]): RecoveryConfig {
  return {
    policy: recovery?.policy ?? "restart",
    maxRestarts: recovery?.["max-restarts"] ?? 3,
    withinMs: spanOr(recovery?.within, 600_000),
  };
}
