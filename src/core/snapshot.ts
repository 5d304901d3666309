import type { QuorumConfig } from "../model/cluster-config.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import type { Moment } from "../model/input.ts";
import type { CoreSnapshot, GroupSnapshot } from "../model/snapshot.ts";
import { viewIdText } from "../model/view.ts";
import { runsAnything } from "./manager.ts";
import { managerConfig, type ManagerState } from "./manager-work.ts";
import { clusterWarnings, explainNodes, explainServices } from "./services/explain.ts";

/** What the core knows of the cluster at one instant, as this node sees it. Pure. */
export function takeSnapshot(manager: ManagerState, facts: GroupFacts, version: string, moment: Moment): CoreSnapshot {
  const { cluster, self, runner } = manager;
  const config = managerConfig(manager);
  return {
    cluster: config.cluster,
    node: self,
    at: moment.wall,
    version,
    config: { digest: cluster.config?.digest ?? manager.fileDigest, entry: cluster.config?.entry ?? 0 },
    group: groupSnapshot(facts, config.quorum, moment),
    nodes: explainNodes(cluster),
    services: explainServices(cluster, runner, self),
    warnings: [...localWarnings(manager, facts, moment), ...clusterWarnings(cluster)],
  };
}

function groupSnapshot(facts: GroupFacts, quorum: QuorumConfig, moment: Moment): GroupSnapshot {
  const { voters } = facts.electorate;
  const needed = Math.floor(voters.length / 2) + 1;
  const arbiter = quorum.kind === "fencing" && voters.length === 2 ? ", or the one who fenced the other" : "";
  return {
    status: facts.status,
    isQuorate: facts.view !== null,
    view: facts.view === null ? null : viewIdText(facts.view.id),
    coordinator: facts.view?.coordinator ?? null,
    members: facts.view?.members.map((member) => member.node) ?? [],
    electorate: voters,
    quorum: `${needed} of ${voters.length}${arbiter}`,
    leaseMs: Math.max(0, facts.leaseUntil - moment.now),
    length: facts.length,
    delivered: facts.delivered,
  };
}

function localWarnings(manager: ManagerState, facts: GroupFacts, moment: Moment): readonly string[] {
  const warnings: string[] = [];
  if (manager.isFrozen)
    warnings.push(`frozen: ${manager.self} keeps what runs and starts nothing until it is decided who goes on`);
  else if (facts.view === null && moment.now >= facts.leaseUntil) {
    const what = runsAnything(manager) ? "stops its services" : "runs no services";
    warnings.push(`no quorum: ${manager.self} ${what}`);
  }
  for (const node of facts.closed) {
    if (manager.cluster.nodes[node]?.off === null) warnings.push(`node ${node} answers, but its daemon does not run`);
  }
  if (facts.refusal !== null)
    warnings.push(`${manager.self} stays outside, it is older than the others: ${facts.refusal}`);
  const { config } = manager.cluster;
  if (config !== null && config.digest !== manager.fileDigest) {
    warnings.push(`the configuration file of ${manager.self} differs from the one in force`);
  }
  return warnings;
}
