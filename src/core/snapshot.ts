import type { QuorumConfig } from "../model/cluster-config.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import { isWitness, type NodeId } from "../model/ids.ts";
import type { Moment } from "../model/input.ts";
import type { CoreSnapshot, GroupSnapshot, VotesSnapshot } from "../model/snapshot.ts";
import { viewIdText } from "../model/view.ts";
import { runsAnything } from "./manager.ts";
import { managerConfig, type ManagerState } from "./manager-work.ts";
import { spareMembers } from "./quorum/spare-members.ts";
import { differentVoters, evenFellow, votesOf } from "./quorum/votes.ts";
import { offMembers } from "./services/plan.ts";
import { frozenServices } from "./services/runner-state.ts";
import { explainDevices } from "./services/explain-devices.ts";
import { explainSchedule } from "./services/schedule.ts";
import { clusterWarnings, explainNodes, explainServices } from "./services/explain.ts";

/** What the core knows of the cluster at one instant, as this node sees it. Pure. */
export function takeSnapshot(manager: ManagerState, facts: GroupFacts, version: string, moment: Moment): CoreSnapshot {
  const { cluster, self, runner } = manager;
  const config = managerConfig(manager);
  const spare = spareMembers(facts, config.quorum.kind, offMembers(cluster));
  return {
    cluster: config.cluster,
    node: self,
    at: moment.wall,
    version,
    config: { digest: cluster.config?.digest ?? manager.fileDigest, entry: cluster.config?.entry ?? 0 },
    group: groupSnapshot(facts, config.quorum, moment),
    nodes: explainNodes(cluster),
    services: explainServices(cluster, runner, self),
    devices: explainDevices(cluster, config, manager.deviceWatches),
    schedule: explainSchedule(cluster),
    warnings: [...localWarnings(manager, facts), ...clusterWarnings(cluster, spare, moment.wall)],
  };
}

function groupSnapshot(facts: GroupFacts, quorum: QuorumConfig, moment: Moment): GroupSnapshot {
  const { voters } = facts.electorate;
  const votes = votesSnapshot(facts);
  const { expected, needed } = votes;
  const isRace = quorum.kind === "fencing" && evenFellow(voters, facts.self) !== null;
  const arbiter = isRace ? ", or the one who fenced the other" : "";
  return {
    status: facts.status,
    isQuorate: facts.view !== null,
    view: facts.view === null ? null : viewIdText(facts.view.id),
    coordinator: facts.view?.coordinator ?? null,
    members: facts.view?.members.map((member) => member.node) ?? [],
    electorate: differentVoters(voters),
    votes,
    awaited: facts.awaited,
    reach: facts.reach,
    quorum: `${needed} of ${expected}${arbiter}`,
    witness: witnessSnapshot(facts, quorum, moment),
    leaseMs: Math.max(0, facts.leaseUntil - moment.now),
    length: facts.length,
    delivered: facts.delivered,
  };
}

function votesSnapshot(facts: GroupFacts): VotesSnapshot {
  const { voters } = facts.electorate;
  const nodes = facts.view?.members.map(({ node }) => node) ?? facts.heard;
  const isThere = (voter: NodeId): boolean =>
    isWitness(voter) ? facts.witness?.isHeard === true && facts.witness.hasVote : nodes.includes(voter);
  return {
    present: voters.filter(isThere).length,
    expected: voters.length,
    needed: Math.floor(voters.length / 2) + 1,
    of: Object.fromEntries(differentVoters(voters).map((voter) => [voter, votesOf(voters, voter)])),
  };
}

function witnessSnapshot({ witness }: GroupFacts, quorum: QuorumConfig, { now }: Moment): GroupSnapshot["witness"] {
  if (witness === null || (quorum.kind !== "witness" && quorum.kind !== "disk")) return null;
  const { isHeard, heardAt, hasVote } = witness;
  const silentMs = heardAt === null ? null : Math.max(0, Math.round(now - heardAt));
  return { address: witnessAddress(quorum), isDisk: quorum.kind === "disk", isHeard, silentMs, hasVote };
}

function witnessAddress(quorum: Extract<QuorumConfig, { kind: "witness" | "disk" }>): string {
  if (quorum.kind === "disk") return quorum.path;
  return quorum.ip.includes(":") ? `[${quorum.ip}]:${quorum.port}` : `${quorum.ip}:${quorum.port}`;
}

/** What somebody should know of the witness; null when all is well, or there is none. */
function witnessWarning({ self, witness, electorate, view }: GroupFacts): string | null {
  if (witness === null) return null;
  const nodes = electorate.voters.filter((voter) => !isWitness(voter));
  const half = nodes.length / 2;
  const what = differentVoters(nodes).length === nodes.length ? "nodes" : "votes";
  const isPair = evenFellow(nodes, self) !== null;
  const danger = isPair ? "the next node that is lost stops the other" : `the loss of ${half} ${what} stops the rest`;
  if (!witness.isHeard) {
    if (view === null) return `${witness.name} is not heard, and without it the nodes that are left are no majority`;
    return nodes.length % 2 === 0 ? `${witness.name} is not heard: ${danger}` : `${witness.name} is not heard`;
  }
  if (witness.hasVote || nodes.length === 0 || nodes.length % 2 === 1) return null;
  return `${witness.name} has no vote yet: ${danger}; it gets it when a majority of the nodes are there without it`;
}

function localWarnings(manager: ManagerState, facts: GroupFacts): readonly string[] {
  const warnings: string[] = [];
  if (manager.isFrozen)
    warnings.push(`frozen: ${manager.self} keeps what runs and starts nothing until it is decided who goes on`);
  else if (facts.view === null && !facts.isLeased) {
    const frozen = frozenServices(manager.runner);
    const what = runsAnything(manager) ? "stops its services" : "runs no services";
    warnings.push(
      frozen.length > 0
        ? `no quorum: ${manager.self} keeps ${frozen.join(", ")}, frozen: two owners, if somebody swears that it is off`
        : `no quorum: ${manager.self} ${what}`,
    );
  }
  for (const { node, reached, of } of facts.reach)
    if (reached < of) warnings.push(`${node} reaches ${reached} of the ${of} hosts of the reachlist`);
  if (facts.awaited.length > 0)
    warnings.push(
      `wait-for-all: no view before all nodes are there at one moment; not heard: ${facts.awaited.join(", ")}`,
    );
  const witness = witnessWarning(facts);
  if (witness !== null) warnings.push(witness);
  for (const node of facts.closed) {
    if (manager.cluster.nodes[node]?.off === null) warnings.push(`node ${node} answers, but its daemon does not run`);
  }
  for (const node of facts.intruders)
    warnings.push(`node ${node} was removed, but its daemon runs: stop it, or: hale node readmit ${node}`);
  if (facts.refusal !== null)
    warnings.push(`${manager.self} stays outside, it is older than the others: ${facts.refusal}`);
  const { config } = manager.cluster;
  if (config !== null && !config.config.nodes.some(({ id }) => id === manager.self))
    warnings.push(`${manager.self} is not in the configuration in force: add it, then on a member: hale config reload`);
  if (config !== null && config.digest !== manager.fileDigest) {
    warnings.push(`the configuration file of ${manager.self} differs from the one in force`);
  }
  return warnings;
}
