import { logOf } from "../../core/replication/replay-disk.ts";
import type { DiskRecord, DiskState } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import { compareViewIds, noView } from "../../model/view.ts";
import type { Electorate } from "../../model/message.ts";
import type { GroupHost } from "./group-host.ts";
import { witnessPlace } from "./group-witness.ts";
import type { GroupWorld } from "./group-world.ts";

/** Which faults a run may have. */
export interface FaultPlan {
  /** Disks may be wiped or put back from a backup, when all others are whole. */
  readonly wipes: boolean;
  /** The number of crashes is raised. */
  readonly hot: boolean;
  /** Nodes may leave cleanly and come back. */
  readonly leaves: boolean;
  /** They do so all the time: the electorate is always changing. */
  readonly churn: boolean;
  /** Some kinds are left out, others come often. */
  readonly swarm: boolean;
  /** Nodes are removed for ever, and readmitted as new ones, with their old disks or empty ones. */
  readonly roster: boolean;
}

type Fault = (world: GroupWorld, plan: FaultPlan) => void;

const faults: readonly (readonly [weight: number, fault: Fault])[] = [
  [10, cutGroups],
  [6, cutPair],
  [6, cutOneWay],
  [6, loseSome],
  [4, holdSome],
  [10, pauseOne],
  [5, hangOne],
  [14, crashOne],
  [5, killOne],
  [6, stallDisk],
  [2, powerLoss],
  [5, leaveOne],
  [5, wipeOne],
  [8, healCables],
  [14, hitWitness],
  [14, hitArbiterDisk],
  [4, setWallClock],
];

/** A swarm leaves a kind out, or takes it as it is, or makes it so many times as frequent. */
const weights = [0, 0, 1, 1, 4];

/** Faults at random moments until `until`. @returns how many of each kind, counted as they are made */
export function scheduleFaults(
  world: GroupWorld,
  plan: FaultPlan,
  from: number,
  until: number,
): ReadonlyMap<string, number> {
  const made = new Map<string, number>();
  // Where there is nothing to hit, the runs stay what they were.
  const isThere = (fault: Fault): boolean => {
    if (fault === hitWitness) return world.witness !== null;
    if (fault === hitArbiterDisk) return world.arbiterDisk !== null;
    return fault !== setWallClock || plan.swarm;
  };
  const possible = faults.filter(([, fault]) => isThere(fault));
  const drawn = plan.swarm
    ? possible.map(([weight, fault]) => [weight * world.dice.pick(weights), fault] as const)
    : possible;
  const total = drawn.reduce((sum, [weight]) => sum + weight, 0);
  const make = (fault: Fault): void => {
    made.set(fault.name, (made.get(fault.name) ?? 0) + 1);
    fault(world, plan);
  };
  if (world.dice.chance(0.6)) hitViewChanges(world, until);
  const one = (): void => {
    if (world.now >= until) return;
    let left = total === 0 ? 0 : world.dice.below(total);
    const found = drawn.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    if (found !== undefined) make(found[1]);
    if (plan.hot && world.dice.chance(0.4)) make(crashOne);
    if (plan.roster && world.dice.chance(0.4)) make(removeOne);
    if (plan.churn && world.dice.chance(0.5)) make(leaveOne);
    world.events.after(world.dice.between(20, 900), one);
  };
  world.events.after(from - world.now, one);
  return made;
}

/**
 * An adversary that knows when it hurts: while a view is being changed, somebody crashes (and is soon back), is cut off, stands still or
 * finds its disk slow, a few ms later.
 */
function hitViewChanges(world: GroupWorld, until: number): void {
  const phases = new Map<GroupHost, string>();
  const probability = world.dice.pick([0.02, 0.05, 0.15]);
  world.onStep = (host, { state }) => {
    const { kind } = state.phase;
    if (phases.get(host) === kind || world.now > until) return;
    phases.set(host, kind);
    if (kind === "electing" || !world.dice.chance(probability)) return;
    const target = world.dice.chance(0.5) ? host : world.dice.pick(world.hosts);
    world.events.after(world.dice.between(0, 60) / 10, () => hit(world, target));
  };
}

function hit(world: GroupWorld, target: GroupHost): void {
  const { dice } = world;
  if (!target.isRunning) return;
  switch (dice.below(5)) {
    case 0:
    case 1:
      target.cutPower();
      startLater(world, target, dice.chance(0.7) ? dice.between(0, 60) : dice.between(0, 2_000));
      return;
    case 2:
      for (const other of world.hosts) if (dice.chance(0.6)) world.network.cutBoth(target.node, other.node);
      healLater(world);
      return;
    case 3:
      target.frozenUntil = world.now + dice.between(10, 1_500);
      return;
    default:
      target.disk.stalledUntil = world.now + dice.between(10, 1_200);
  }
}

/** Ends every fault: pauses and stalls too. Hosts that are off come back soon. */
export function healAll(world: GroupWorld): void {
  const { network, dice } = world;
  network.heal();
  network.loss = 0;
  network.duplication = 0;
  network.holding = 0;
  world.fenceFailure = 0;
  const { witness } = world;
  if (witness !== null) {
    witness.frozenUntil = Math.min(witness.frozenUntil, world.now);
    witness.disk.stalledUntil = Math.min(witness.disk.stalledUntil, world.now);
    if (!witness.isRunning) world.events.after(dice.between(0, 300), () => witness.start());
  }
  healArbiterDisk(world);
  for (const host of world.hosts) {
    host.frozenUntil = Math.min(host.frozenUntil, world.now);
    host.hungUntil = Math.min(host.hungUntil, world.now);
    host.disk.stalledUntil = Math.min(host.disk.stalledUntil, world.now);
    host.disk.latencyMax = 2;
    if (!host.isRunning) world.events.after(dice.between(0, 300), () => host.start());
  }
}

/** The coordinator is hit more often than chance would. */
function victim(world: GroupWorld): GroupHost {
  const coordinator = world.coordinator();
  return coordinator !== undefined && world.dice.chance(0.4) ? coordinator : world.dice.pick(world.hosts);
}

function cutGroups(world: GroupWorld): void {
  const left = world.hosts.filter(() => world.dice.chance(0.5));
  for (const a of left) for (const b of world.hosts) if (!left.includes(b)) world.network.cutBoth(a.node, b.node);
  healLater(world);
}

function cutPair(world: GroupWorld): void {
  world.network.cutBoth(victim(world).node, world.dice.pick(world.hosts).node);
  healLater(world);
}

function cutOneWay(world: GroupWorld): void {
  const from = victim(world);
  for (const to of world.hosts) if (world.dice.chance(0.5)) world.network.cut(from.node, to.node);
  healLater(world);
}

function healLater(world: GroupWorld): void {
  world.events.after(world.dice.between(50, 3_000), () => world.network.heal());
}

function healCables(world: GroupWorld): void {
  world.network.heal();
}

function loseSome(world: GroupWorld): void {
  world.network.loss = world.dice.below(30) / 100;
  world.network.duplication = world.dice.below(20) / 100;
  world.events.after(world.dice.between(100, 3_000), () => {
    world.network.loss = 0;
    world.network.duplication = 0;
  });
}

function holdSome(world: GroupWorld): void {
  world.network.holding = world.dice.below(20) / 100;
  world.network.heldMax = world.dice.pick([20, 200, 4_000]);
  world.events.after(world.dice.between(100, 3_000), () => {
    world.network.holding = 0;
  });
}

function pauseOne(world: GroupWorld): void {
  const host = victim(world);
  host.stampsAtReading = world.dice.chance(0.5);
  host.frozenUntil = world.now + world.dice.between(20, 2_500);
}

function hangOne(world: GroupWorld): void {
  victim(world).hungUntil = world.now + world.dice.between(20, 2_500);
}

function crashOne(world: GroupWorld): void {
  const host = victim(world);
  if (!host.isRunning) return;
  host.cutPower();
  // Half of them are back before anyone has noticed.
  startLater(world, host, world.dice.chance(0.5) ? world.dice.between(0, 200) : world.dice.between(0, 3_000));
}

function killOne(world: GroupWorld): void {
  const host = victim(world);
  if (!host.isRunning) return;
  host.killProcess();
  startLater(world, host, world.dice.between(0, 1_500));
}

function startLater(world: GroupWorld, host: GroupHost, delay: number): void {
  world.events.after(delay, () => host.start());
}

function stallDisk(world: GroupWorld): void {
  const { disk } = victim(world);
  if (world.dice.chance(0.5)) disk.stalledUntil = world.now + world.dice.between(50, 3_000);
  else {
    disk.latencyMax = 60;
    world.events.after(2_000, () => {
      disk.latencyMax = 2;
    });
  }
}

function powerLoss(world: GroupWorld): void {
  if (world.witness !== null && world.dice.chance(0.5)) {
    world.witness.cutPower();
    world.events.after(world.dice.between(0, 2_000), () => world.witness?.start());
  }
  for (const host of world.hosts) {
    if (!host.isRunning) continue;
    host.cutPower();
    startLater(world, host, world.dice.between(0, 2_000));
  }
}

function leaveOne(world: GroupWorld, plan: FaultPlan): void {
  const host = victim(world);
  // One that stands still would take the wish up long after the faults have ended.
  if (!plan.leaves || !host.isRunning || world.now < Math.max(host.frozenUntil, host.hungUntil)) return;
  if (isDiskLost(world)) return;
  host.input(() => ({ kind: "leave" }));
  startLater(world, host, world.dice.between(500, 3_000));
}

function setWallClock(world: GroupWorld): void {
  victim(world).wallSkew += world.dice.between(-18_000_000, 18_000_000);
}

/** Somebody who is down is removed; who was removed tries to come back, and may do so later. */
function removeOne(world: GroupWorld): void {
  const host = world.dice.pick(world.hosts);
  const asked = world.coordinator();
  if (asked === undefined || asked === host || isDiskLost(world)) return;
  const say = (kind: "remove-node" | "readmit-node"): void => {
    asked.submit({ kind: "intent", intent: { kind, node: host.node }, author: "operator" });
  };
  if (asked.state?.setup.removed.includes(host.node) === true) {
    // What is on the disk of a removed node is nobody's, once its vote is withdrawn, and nobody can forget that any more (specified limit).
    const known = asked.setup.rules.replayDisk(asked.disk.records);
    const counted = lastElectorate(known);
    const isWithdrawn =
      counted !== undefined && counted.index <= known.committed && !counted.voters.includes(host.node);
    if (!host.isRunning && isWithdrawn && world.dice.chance(0.5)) {
      host.disk.replace([]);
      world.checkers.wipedAt.set(host.node, world.now);
    }
    if (world.dice.chance(0.6)) say("readmit-node");
    return startLater(world, host, world.dice.between(0, 500));
  }
  host.cutPower();
  world.events.after(world.dice.between(0, 1_500), () => {
    if (!isDiskLost(world)) say("remove-node");
  });
  startLater(world, host, world.dice.between(0, 4_000));
}

/** The witness is cut off from some, stands still, crashes, has a slow disk or a new one. */
function hitWitness(world: GroupWorld): void {
  const { witness, dice, network, events } = world;
  if (witness === null) return;
  switch (dice.below(7)) {
    case 0:
    case 1:
      for (const { node } of world.hosts) {
        if (dice.chance(0.5)) network.cut(node, witnessPlace);
        if (dice.chance(0.5)) network.cut(witnessPlace, node);
      }
      return healLater(world);
    case 2:
      witness.frozenUntil = world.now + dice.between(20, 2_500);
      return;
    case 3:
      witness.disk.stalledUntil = world.now + dice.between(20, 1_500);
      return;
    case 4:
      witness.killProcess();
      break;
    case 5:
      witness.cutPower();
      break;
    default:
      if (!maySpareWitnessDisk(world)) return;
      witness.loseDisk();
      world.checkers.forgetGrants(witness);
  }
  events.after(dice.chance(0.5) ? dice.between(0, 200) : dice.between(0, 3_000), () => witness.start());
}

/** The shared disk is slow, stands still, is out of reach of some or gives them errors, or is made anew. */
function hitArbiterDisk(world: GroupWorld): void {
  const { arbiterDisk: disk, dice, events, hosts } = world;
  if (disk === null) return;
  switch (dice.below(6)) {
    case 0:
    case 1:
      for (const { node } of hosts) if (dice.chance(0.5)) disk.cuts.add(node);
      break;
    case 2:
      for (const { node } of hosts) if (dice.chance(0.5)) disk.errors.add(node);
      break;
    case 3:
      disk.stalledUntil = world.now + dice.between(20, 1_500);
      return;
    case 4:
      disk.latencyMax = dice.pick([10, 40, 200]);
      break;
    default:
      if (maySpareWitnessDisk(world)) disk.makeAnew();
      return;
  }
  events.after(dice.between(50, 3_000), () => healArbiterDisk(world));
}

function healArbiterDisk({ arbiterDisk: disk, now }: GroupWorld): void {
  if (disk === null) return;
  disk.cuts.clear();
  disk.errors.clear();
  disk.latencyMax = 2;
  disk.stalledUntil = Math.min(disk.stalledUntil, now);
}

/** A vote that is withdrawn while somebody comes back without its disk may need the operator (specified limit): one at a time. */
function isDiskLost({ hosts }: GroupWorld): boolean {
  return hosts.some(({ disk, setup }) => !disk.isWhole || setup.rules.replayDisk(disk.records).isBlank);
}

/** A lost witness and a lost disk of a node at once may need the operator: one at a time. */
function maySpareWitnessDisk(world: GroupWorld): boolean {
  return world.hosts.every(
    ({ disk, setup }) => disk.isWhole && !setup.rules.replayDisk(disk.records).isBlank && disk.records.length > 0,
  );
}

/** One disk at a time: what a quorum has is never lost, so that nothing may be. */
function wipeOne(world: GroupWorld, plan: FaultPlan): void {
  if (!plan.wipes) return;
  const host = victim(world);
  const { rules } = host.setup;
  if (world.hosts.some(({ state }) => state !== null && state.leave !== null)) return;
  const contents = world.hosts.map((other) => rules.replayDisk(other.disk.records));
  // A change of the electorate in flight plus a lost disk may need the operator (specified limit): spare it.
  const electorates = new Set(contents.map((content) => JSON.stringify(lastElectorate(content))));
  if (electorates.size > 1 || contents.some(({ isBlank }) => isBlank) || world.hosts.some(({ disk }) => !disk.isWhole))
    return;
  // One lost disk of two voters needs the operator when the other voter reboots meanwhile (specified limit): spare it too.
  if (contents.some((content) => (lastElectorate(content)?.voters.length ?? 0) < 3)) return;
  // So does the disk of a node without whose votes the others are no majority.
  if (contents.some((content) => !isMajorityWithout(host.node, lastElectorate(content)?.voters ?? []))) return;
  if (contents.some((content) => (lastElectorate(content)?.index ?? 0) > content.committed)) return;
  // Nor while a new disk of the witness has no vote yet.
  const voters: readonly NodeId[] = contents.flatMap((content) => lastElectorate(content)?.voters ?? []);
  const third = world.arbiterDisk?.id ?? world.witness?.id ?? null;
  const isWitnessed = (world.witness === null && world.arbiterDisk === null) || voteSum(world) % 2 === 1;
  if (!isWitnessed && (third === null || !voters.includes(third))) return;
  // Nor the only disk that has what was ordered with the witness's vote, or is being so at this moment (specified limit).
  const others = contents.filter((_, place) => world.hosts[place] !== host);
  const own = third === null ? [] : contents.filter((_, place) => world.hosts[place] === host);
  const claimed = world.arbiterDisk?.slots.flatMap(({ votes }) => votes.map((vote) => vote?.logView ?? noView)) ?? [];
  const witnessed = rules.replayDisk(world.witness?.disk.records ?? []).logView;
  const granted = [witnessed, ...claimed, ...own.map(({ logView }) => logView)];
  if (granted.some((view) => others.every(({ logView }) => compareViewIds(logView, view) < 0))) return;
  const older = host.disk.earlier(world.dice);
  // A backup is known for what it is only to those who know more. One from before a change of the electorate may even hold an electorate
  // in which its node needs nobody. Both are specified limits.
  // With a witness the other of two need not be there for a vote, and the witness has no log to know by: that limit again.
  const isPair = (world.witness !== null || world.arbiterDisk !== null) && world.hosts.length === 2;
  const isKnown = world.isOneView(world.hosts.map(({ node }) => node));
  const isSameElectorate = electorates.has(JSON.stringify(lastElectorate(rules.replayDisk(older))));
  const kept: readonly DiskRecord[] = isKnown && isSameElectorate && !isPair && world.dice.chance(0.5) ? older : [];
  host.cutPower();
  host.disk.replace(kept);
  world.checkers.wipedAt.set(host.node, world.now);
  startLater(world, host, world.dice.between(0, 2_000));
}

function voteSum({ hosts }: GroupWorld): number {
  return hosts.reduce((sum, { node, setup }) => sum + (setup.votes().get(node) ?? 1), 0);
}

function isMajorityWithout(node: NodeId, voters: readonly NodeId[]): boolean {
  return 2 * voters.filter((voter) => voter !== node).length > voters.length;
}

function lastElectorate(content: DiskState): Electorate | undefined {
  return logOf(content).electorates.at(-1);
}
