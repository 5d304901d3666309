import { Document, isCollection, isPair, visit } from "yaml";
import { resourceKinds } from "./kinds/resource-kinds.ts";
import {
  type Amounts,
  type ClusterConfig,
  deviceMonitorDefault,
  type FailoverDomain,
  type FencingConfig,
  type NodeConfig,
  type QuarantineConfig,
  type QuorumConfig,
  type Relation,
  type ResourceConfig,
  type WatchdogConfig,
  quarantineDefault,
} from "../model/cluster-config.ts";
import { formatAmount } from "./amount.ts";
import { formatDayWindow } from "./day-window.ts";
import { formatDuration } from "./duration.ts";
import { watchdogLevel } from "./schema.ts";
import { gatherClones, type GatheredService } from "./spread-clones.ts";

/** The configuration as text of cluster.yaml with every default written out. `parseConfig` makes the same of it again. */
export function writeConfig(config: ClusterConfig): string {
  const { heartbeat } = config;
  const document = {
    cluster: config.cluster,
    heartbeat: {
      keepalive: formatDuration(heartbeat.keepaliveMs),
      warntime: formatDuration(heartbeat.warntimeMs),
      deadtime: formatDuration(heartbeat.deadtimeMs),
      initdead: formatDuration(heartbeat.initdeadMs),
      "daemon-grace": zeroOr(heartbeat.daemonGraceMs),
      port: heartbeat.port,
    },
    nodes: Object.fromEntries(config.nodes.map((node) => [node.id, writeNode(node, config.fencing)])),
    quorum: writeQuorum(config.quorum),
    fencing: writeFencing(config.fencing),
    quarantine: writeQuarantine(config.quarantine ?? quarantineDefault),
    services: Object.fromEntries(gatherClones(config.services).map((service) => [service.id, writeService(service)])),
  };
  return writeDocument(document);
}

/** Short lists and mappings stand on one line, as people write them. */
function writeDocument(value: object): string {
  // Without aliases: services without a domain of their own share one list of nodes.
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Collection(_key, node, path) {
      const isSection = path.length <= 3;
      const isNested = node.items.some((item) => isCollection(isPair(item) ? item.value : item));
      const isShort = JSON.stringify(node.toJSON()).length <= 110;
      if (isShort && path.length > 2 && !(isSection && isNested)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

function zeroOr(span: number): string | 0 {
  return span === 0 ? 0 : formatDuration(span);
}

function writeNode({ addresses, votes = 1, fence, watchdog, offers }: NodeConfig, fencing: FencingConfig): object {
  const written = fence.map((steps) =>
    steps.map(({ delayMs, ...step }) => ({ ...step, ...(delayMs ? { delay: formatDuration(delayMs) } : {}) })),
  );
  const levels: unknown[] = written.map((steps) => (steps.length === 1 ? steps[0] : steps));
  if (watchdog === true) levels.push(watchdogLevel);
  const fenced = fencing.kind === "devices" || levels.length > 0 ? { fence: levels } : {};
  return { addresses, votes, ...fenced, ...(offers === undefined ? {} : { offers: writeAmounts(offers) }) };
}

function writeQuorum(quorum: QuorumConfig): unknown {
  const arbiter = writeArbiter(quorum);
  const waits = { "wait-for-all": quorum.waitForAll === true };
  return quorum.kind === "majority" && !waits["wait-for-all"] ? "majority" : { ...arbiter, ...waits };
}

function writeArbiter(quorum: QuorumConfig): object {
  if (quorum.kind === "majority") return {};
  if (quorum.kind === "witness") return { arbiter: { witness: addressText(quorum) } };
  if (quorum.kind === "disk") return { arbiter: { disk: quorum.path } };
  const { reachlist } = quorum;
  return {
    arbiter: reachlist === undefined ? "fencing" : { reachlist },
    prefer: quorum.prefer,
    delay: zeroOr(quorum.delayMs),
  };
}

function addressText({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function writeFencing(fencing: FencingConfig): object {
  if (fencing.kind === "none") return { none: { "assume-off-after": zeroOr(fencing.assumeOffAfterMs) } };
  if (fencing.kind === "watchdog") return { watchdog: writeWatchdog(fencing) };
  const devices = fencing.devices.map(
    ({ id, agent, parameters, timeoutMs, action = "off-on", monitor = deviceMonitorDefault, unfence = false }) => [
      id,
      {
        agent,
        action,
        unfence,
        timeout: formatDuration(timeoutMs),
        monitor: { interval: zeroOr(monitor.intervalMs), timeout: formatDuration(monitor.timeoutMs) },
        ...parameters,
      },
    ],
  );
  const watchdog = fencing.watchdog === undefined ? {} : { watchdog: writeWatchdog(fencing.watchdog) };
  return { devices: Object.fromEntries(devices) as object, ...watchdog };
}

function writeWatchdog({ device, timeoutMs }: WatchdogConfig): object {
  return { device, timeout: formatDuration(timeoutMs) };
}

function writeQuarantine(quarantine: QuarantineConfig): unknown {
  if (quarantine.kind === "none") return "none";
  const { losses, withinMs, forMs } = quarantine;
  return { losses, within: formatDuration(withinMs), for: formatDuration(forMs) };
}

function writeService(service: GatheredService): object {
  const { enabled, domain, recovery, resources, withoutQuorum, clones, promotable, notifyTimeoutMs } = service;
  const { after = [], with: beside = [], apart = [], exclusive = false } = service;
  return {
    ...(clones === undefined ? {} : { clones }),
    ...(promotable === true ? { promotable } : {}),
    ...(notifyTimeoutMs === undefined ? {} : { notify: { timeout: formatDuration(notifyTimeoutMs) } }),
    enabled,
    ...(after.length > 0 ? { after: writeRelations(after) } : {}),
    ...(beside.length > 0 ? { with: writeRelations(beside) } : {}),
    ...(apart.length > 0 ? { apart: writeRelations(apart) } : {}),
    ...(exclusive ? { exclusive } : {}),
    ...(service.needs === undefined ? {} : { needs: writeAmounts(service.needs) }),
    "without-quorum": withoutQuorum ?? "stop",
    domain: clones === undefined ? writeDomain(domain) : { nodes: domain.nodes },
    recovery: {
      policy: recovery.policy,
      "max-restarts": recovery.maxRestarts,
      within: formatDuration(recovery.withinMs),
    },
    resources: resources.map(writeResource),
  };
}

function writeDomain({ nodes, ordered, restricted, failback, ...more }: FailoverDomain): object {
  const { priorities, stickiness = 0, failbackBetween } = more;
  return {
    nodes,
    ...(priorities === undefined ? { ordered } : {}),
    restricted,
    failback: failbackBetween === undefined ? failback : { between: formatDayWindow(failbackBetween) },
    ...(priorities === undefined ? {} : { priority: priorities }),
    ...(stickiness > 0 ? { stickiness } : {}),
  };
}

function writeAmounts(amounts: Amounts): object {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, formatAmount(amount)]));
}

function writeRelations(relations: readonly Relation[]): readonly unknown[] {
  return relations.map(({ service, soft }) => (soft === true ? { service, soft } : service));
}

function writeResource(resource: ResourceConfig): object {
  const kind = resourceKinds.find((one) => one.isOf(resource));
  if (kind === undefined) throw new TypeError(`Cannot write resource "${resource.id}": no kind is known for it`);
  return { [kind.key]: kind.write(resource) };
}
