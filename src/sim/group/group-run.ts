import type { ArbiterConfig, HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { isWitness, type NodeId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { viewIdText } from "../../model/view.ts";
import { type LogLimits, logLimits } from "../../core/replication/log-limits.ts";
import type { Dice } from "./dice.ts";
import { type FaultPlan, healAll, scheduleFaults } from "./group-faults.ts";
import { driftMax } from "../fake-clock.ts";
import type { RareState } from "../rare-states/rare-states.ts";
import type { Violation } from "./group-checkers.ts";
import type { GroupHost } from "./group-host.ts";
import { witnessPlace } from "./group-witness.ts";
import { type GroupRules, rightRules } from "./group-rules.ts";
import { GroupWorld } from "./group-world.ts";
import { votesByName } from "./stage.ts";
import { watchBeginning } from "./watch-beginning.ts";

/** A kind of cluster that seeds are run on. */
export interface RunKind {
  readonly name: string;
  readonly nodes: number;
  readonly arbiter: "majority" | "fencing" | "reachlist" | "witness" | "disk";
  /** A letter for each vote of each node, "any": every life has another idea of them. Default: one each. */
  readonly votes?: string;
  /** Nobody begins before all are there. */
  readonly waitForAll?: boolean;
  /** After healing one pair stays cut, one way or both. */
  readonly mesh?: boolean;
  /** More crashes, and disks that are lost. */
  readonly hot?: boolean;
  /** Nodes leave cleanly all the time. */
  readonly churn?: boolean;
  /** Nodes are removed and readmitted all the time. */
  readonly roster?: boolean;
  /** Logs are trimmed every few entries, journals rewritten all the time, and checkpoints travel in many parts. */
  readonly tiny?: boolean;
  /** Kinds of faults are left out by the seed, others come often; clocks run at different rates. */
  readonly swarm?: boolean;
}

/** What a seed gave. */
export interface RunResult {
  readonly violations: readonly Violation[];
  readonly steps: number;
  readonly entries: number;
  readonly views: number;
  /** From healing until all were in one view; null when they never were. */
  readonly healedInMs: number | null;
  /** Virtual time of the whole run. */
  readonly ranMs: number;
  readonly faults: ReadonlyMap<string, number>;
  /** Rare states that it has been in. */
  readonly rareStates: ReadonlySet<RareState>;
}

const heartbeat: HeartbeatConfig = {
  keepaliveMs: durationMs(100),
  warntimeMs: durationMs(300),
  deadtimeMs: durationMs(450),
  initdeadMs: durationMs(3_000),
  daemonGraceMs: durationMs(1_000),
  port: 6940,
};

const faultsFromMs = 1_000;
const faultsUntilMs = 9_000;
/** Bound of V6 in these runs; a fence or a reboot in flight comes on top. */
const oneViewMs = 5_000;
const fenceMs = 7_000;
/** A view counts once it has stayed for so long. */
const stableMs = 3_000;

type Outcome = Omit<RunResult, "ranMs" | "faults" | "rareStates">;

/** A window of three entries. */
export const tinyLimits: LogLimits = {
  keepEntries: 3,
  spareEntries: 2,
  keepBytes: 4_000,
  rewriteBytes: 3_000,
  partCharacters: 500,
};

/** 32 letters, in order. */
const names = "abcdefghijklmnopqrstuvwxyzàáâãäå".split("");

/** Runs one seed: cold start, faults, healing, and whether everything that was promised held. */
export function runSeed(
  kind: RunKind,
  seed: number,
  rules: GroupRules = rightRules,
  trace: GroupWorld["trace"] = null,
): RunResult {
  const used = names.slice(0, kind.nodes);
  const quorum = quorumOf(kind);
  const limits = kind.tiny === true ? tinyLimits : logLimits;
  const drift = kind.swarm === true ? driftMax : 0;
  const letters = used.join("");
  const votes = (dice: Dice) =>
    kind.votes === "any" ? anyVotes(used, dice) : votesByName(letters, kind.votes ?? letters);
  const world = new GroupWorld({ names: used, heartbeat, quorum, votes, rules, seed, limits, drift });
  world.trace = trace;
  world.fenceFailure = 0.2;
  if (world.dice.chance(0.3)) world.found(...used);
  else world.found(used[0] ?? "a");
  for (const host of world.hosts) world.events.after(world.dice.below(400), () => host.start());
  submitAll(world);
  if (kind.waitForAll === true) watchBeginning(world);
  const plan: FaultPlan = {
    wipes: kind.hot === true,
    hot: kind.hot === true,
    // A disk that is lost while a vote is being withdrawn may need the operator (specified limit).
    leaves: kind.churn === true || (kind.hot !== true && world.dice.chance(0.5)),
    churn: kind.churn === true,
    swarm: kind.swarm === true,
    roster: kind.roster === true,
  };
  const faults = scheduleFaults(world, plan, faultsFromMs, faultsUntilMs);
  world.run(faultsUntilMs);
  healAll(world);
  // A fence in flight, a host that is just being restarted or one that leaves, without a view for 8 s, is a fault that goes on.
  for (
    let more = 0;
    more < 40 && (world.fencesOut > 0 || world.hosts.some(({ state }) => state === null || state.leave !== null));
    more += 1
  ) {
    world.run(300);
    healAll(world);
  }
  if (kind.roster === true) readmitAll(world);
  const cut = kind.mesh === true && canHaveCentre(world) ? cutOnePair(world) : null;
  return { ...judge(world, kind, cut), ranMs: world.now, faults, rareStates: world.rareStates };
}

/** The operators want everybody back. A removed node that is started before it is readmitted ends again. */
function readmitAll(world: GroupWorld): void {
  for (let more = 0; more < 60; more += 1) {
    const removed = world.coordinator()?.state?.setup.removed ?? [];
    if (more > 10 && removed.length === 0 && world.hosts.every(({ isRunning }) => isRunning)) return;
    for (const node of removed)
      world.coordinator()?.submit({ kind: "intent", intent: { kind: "readmit-node", node }, author: "operator" });
    world.run(300);
    healAll(world);
  }
}

function judge(world: GroupWorld, kind: RunKind, cut: readonly [string, string] | null): Outcome {
  const all = world.hosts.map(({ node }) => node as string);
  const isWhole = (): boolean => (cut === null ? world.isOneView(all) : isMeshView(world, all, cut));
  const bound = oneViewMs + (kind.arbiter === "fencing" || kind.arbiter === "reachlist" ? fenceMs : 0);
  const healedInMs = settles(world, isWhole, bound);
  if (healedInMs === null) world.checkers.report("V6", world.now, `not one view that stays: ${describe(world)}`);
  else watchEnd(world, kind, cut === null);
  const { violations, log, viewCount } = world.checkers;
  return {
    violations,
    steps: world.steps,
    entries: log.length,
    views: viewCount,
    healedInMs,
  };
}

/** Runs until one view has stayed for a while; returns after how long it had begun, or null when none did within the bound. */
function settles(world: GroupWorld, isWhole: () => boolean, boundMs: number): number | null {
  const begin = world.now;
  while (world.now < begin + boundMs) {
    if (world.runUntil(isWhole, begin + boundMs - world.now) === null) return null;
    const [since, views] = [world.now, world.checkers.viewCount];
    world.run(stableMs);
    if (isWhole() && world.checkers.viewCount === views) return since - begin;
  }
  return null;
}

/** At the end: everything submitted by a life that is still there is delivered, and everyone has its vote. */
function watchEnd(world: GroupWorld, kind: RunKind, all: boolean): void {
  const wanted = kind.votes ?? world.hosts.map(({ node }) => node).join("");
  for (const host of world.hosts) {
    const { state } = host;
    if (state === null) continue;
    const isMember = state.phase.kind === "active";
    if (isMember && state.pending.length > 5)
      world.checkers.report("V6", world.now, `${host.node} waits for ${state.pending.length} submissions`);
    const voters = host.facts()?.electorate.voters ?? [];
    if (kind.votes === "any") continue;
    const third = thirdVoter(world);
    const isCounted = third === null || wanted.length % 2 === 1 || voters.includes(third);
    if (all && !isCounted) world.checkers.report("V6", world.now, `${host.node} does not count the witness`);
    const counted = voters.filter((voter) => !isWitness(voter)).join("");
    if (all && counted !== wanted) world.checkers.report("V6", world.now, `${host.node} counts ${counted || "nobody"}`);
  }
}

/** The name of the witness's disk, or of the shared one; null without either. */
function thirdVoter({ witness, arbiterDisk }: GroupWorld): NodeId | null {
  if (arbiterDisk !== null) return arbiterDisk.id;
  return witness === null ? null : (witness.id ?? witnessPlace);
}

/** Up to three votes for each, and one for somebody at least. */
function anyVotes(names: readonly string[], dice: Dice): ReadonlyMap<NodeId, number> {
  const votes = new Map(names.map((name) => [name as NodeId, dice.below(4)]));
  const somebody = names[dice.below(names.length)] as NodeId;
  return votes.set(somebody, Math.max(1, votes.get(somebody) ?? 0));
}

/** In a mesh: a view that holds everyone its coordinator hears both ways, and all of those are in it. */
function isMeshView(world: GroupWorld, all: readonly string[], cut: readonly [string, string]): boolean {
  const coordinator = world.coordinator();
  const view = coordinator?.facts()?.view;
  if (coordinator === undefined || view === null || view === undefined) return false;
  const deaf = cut.includes(coordinator.node) ? cut.filter((node) => node !== coordinator.node) : [];
  const hears = all.filter((node) => !deaf.includes(node)).sort();
  return hears.length === all.length && world.isOneView(hears);
}

/** A pair that does not hear each other needs a third node that is not blank (specified limit). */
function canHaveCentre(world: GroupWorld): boolean {
  return world.hosts.every((host) => !host.setup.rules.replayDisk(host.disk.records).isBlank);
}

function cutOnePair(world: GroupWorld): readonly [string, string] {
  const [first, second] = [world.dice.below(world.hosts.length), world.dice.between(1, world.hosts.length - 1)];
  const a = world.hosts[first]?.node ?? ("a" as NodeId);
  const b = world.hosts[(first + second) % world.hosts.length]?.node ?? ("b" as NodeId);
  world.network.lastingCuts.add(`${a}>${b}`);
  if (world.dice.chance(0.5)) world.network.lastingCuts.add(`${b}>${a}`);
  return [a, b];
}

function submitAll(world: GroupWorld): void {
  for (const host of world.hosts) submitSome(world, host);
}

function submitSome(world: GroupWorld, host: GroupHost): void {
  const body: EntryBody = { kind: "intent", intent: { kind: "online-node", node: host.node }, author: `${host.node}` };
  const more = (): void => {
    for (let count = world.dice.between(1, 3); count > 0; count -= 1) host.submit(body);
    world.events.after(world.dice.between(20, 600), more);
  };
  world.events.after(world.dice.below(500), more);
}

function quorumOf(kind: RunKind): QuorumConfig {
  const arbiter = arbiterOf(kind);
  return kind.waitForAll === true ? { ...arbiter, waitForAll: true } : arbiter;
}

function arbiterOf(kind: RunKind): ArbiterConfig {
  if (kind.arbiter === "witness") return { kind: "witness", ip: "192.0.2.1", port: 6941 };
  if (kind.arbiter === "disk") return { kind: "disk", path: "/dev/arbiter" };
  if (kind.arbiter === "majority") return { kind: "majority" };
  const prefer = "a" as NodeId;
  if (kind.arbiter === "reachlist")
    return { kind: "fencing", prefer, delayMs: durationMs(300), reachlist: ["192.0.2.1", "192.0.2.2"] };
  return { kind: "fencing", prefer, delayMs: durationMs(1_000) };
}

function describe(world: GroupWorld): string {
  return world.hosts
    .map((host) => {
      const facts = host.facts();
      if (facts === null || host.state === null) return `${host.node} off`;
      const members = facts.view?.members.map(({ node }) => node).join("") ?? "-";
      const { promised, logView, isBlank } = host.state;
      const { voters, index } = facts.electorate;
      return [
        `${host.node} ${facts.status} [${members}], promised ${viewIdText(promised)}, installed ${viewIdText(logView)}`,
        `voters ${voters.join("")}@${index}, length ${facts.length}, delivered ${facts.delivered}`,
        `blank ${isBlank}, frozen ${facts.isFrozen}, fence ${JSON.stringify(facts.arbiterFence)}, hears ${facts.heard.join("")}`,
        ...(thirdVoter(world) === null ? [] : [`knows ${JSON.stringify(host.state.witness)}`]),
      ].join(", ");
    })
    .join("; ");
}
