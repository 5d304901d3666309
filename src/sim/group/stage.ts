import type { HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Message } from "../../model/message.ts";
import { durationMs } from "../../model/units.ts";
import { type LogLimits, logLimits } from "../../core/replication/log-limits.ts";
import type { GroupArbiterDisk } from "./group-arbiter-disk.ts";
import type { GroupHost } from "./group-host.ts";
import { type GroupRules, rightRules } from "./group-rules.ts";
import { type GroupWitness, witnessPlace } from "./group-witness.ts";
import { GroupWorld } from "./group-world.ts";

/** keepalive 100 ms, deadtime 300 ms: the set-up in which a takeover must cost little more than the deadtime. */
export const quickHeartbeat: HeartbeatConfig = {
  keepaliveMs: durationMs(100),
  warntimeMs: durationMs(200),
  deadtimeMs: durationMs(300),
  initdeadMs: durationMs(3_000),
  daemonGraceMs: durationMs(2_000),
  port: 6940,
};

/** What a story's world is made of. */
export interface Stage {
  readonly rules?: GroupRules;
  readonly quorum?: QuorumConfig;
  /** A letter for each vote of each node. Default: one each. */
  readonly votes?: string;
  readonly seed?: number;
  readonly limits?: LogLimits;
  /** Started first; the rest joins. Default: all at once. */
  readonly first?: readonly string[];
}

/** A cluster whose founders are all its nodes, in one view. @throws Error when it does not come to one */
export function formed(names: string, stage: Stage = {}): GroupWorld {
  const { rules = rightRules, quorum = { kind: "majority" }, seed = 1, first, limits = logLimits } = stage;
  const votes = () => votesByName(names, stage.votes ?? names);
  const nodes = names.split("");
  const world = new GroupWorld({ names: nodes, heartbeat: quickHeartbeat, quorum, votes, rules, seed, limits });
  world.found(...(stage.votes ?? names).split(""));
  for (const name of first ?? names) world.host(name).start();
  world.run(1_000);
  for (const host of world.hosts) host.start();
  world.run(1_500);
  if (!world.isOneView(names.split(""))) throw new Error(`Cannot form a view of ${names}`);
  return world;
}

/** How often each of these one-letter names is in `votes`. */
export function votesByName(names: string, votes: string): ReadonlyMap<NodeId, number> {
  return new Map(names.split("").map((name) => [name as NodeId, votes.split(name).length - 1]));
}

/** `arbiter: fencing`, node a preferred. */
export const racing = { kind: "fencing", prefer: "a" as NodeId, delayMs: durationMs(5_000) } satisfies QuorumConfig;

/** Every packet sent from now on, with the time. */
export function record(world: GroupWorld): readonly { at: number; from: string; to: string; message: Message }[] {
  const sent: { at: number; from: string; to: string; message: Message }[] = [];
  const before = world.onSend;
  world.onSend = (from, to, packet) => {
    sent.push({ at: world.now, from: from.node, to, message: packet.message });
    return before?.(from, to, packet) ?? true;
  };
  return sent;
}

/** Submits one harmless entry. */
export function submitOnce(host: GroupHost): void {
  host.submit({ kind: "intent", intent: { kind: "online-node", node: host.node }, author: host.node });
}

/** Cuts one node off from all others. */
export function isolate(world: GroupWorld, name: string): void {
  for (const { node } of world.hosts) if (node !== name) world.network.cutBoth(name as NodeId, node);
}

/** Drops messages of a kind to a node, from now on. */
export function drop(world: GroupWorld, kind: Message["kind"], to: string): void {
  world.onSend = (_, receiver, { message }) => !(message.kind === kind && receiver === to);
}

/** One more life, taken into the view. @throws Error when it is not */
export function restart(world: GroupWorld, host: GroupHost): void {
  host.killProcess();
  host.start();
  world.run(20);
  const took = world.runUntil(() => world.isOneView(world.hosts.map(({ node }) => node)), 3_000);
  if (took === null) throw new Error(`Cannot bring ${host.node} back: not in one view after 3 s`);
}

/** `arbiter: witness`. */
export const witnessed: QuorumConfig = { kind: "witness", ip: "192.0.2.1", port: 6941 };

/** Nodes a and b and their witness, which has its vote. @throws Error when it does not get it */
export function formedWithWitness(names = "ab", stage: Stage = {}): { world: GroupWorld; witness: GroupWitness } {
  const world = formed(names, { ...stage, quorum: witnessed });
  const { witness } = world;
  if (witness === null) throw new Error("Cannot form a view with a witness: there is none");
  const counts = (): boolean => world.hosts.every((host) => host.facts()?.electorate.voters.includes(voterOf(witness)));
  if (world.runUntil(counts, 2_000) === null) throw new Error("Cannot form a view with a witness: it has no vote");
  world.run(300);
  return { world, witness };
}

/** The name by which the disk of the witness votes. */
export function voterOf(witness: GroupWitness): NodeId {
  return witness.id ?? witnessPlace;
}

/** Nodes that share a disk, which has its vote. @throws Error when it does not get it */
export function formedWithDisk(names = "ab", seed = 1): { world: GroupWorld; disk: GroupArbiterDisk } {
  const world = formed(names, { seed, quorum: { kind: "disk", path: "/dev/arbiter" } });
  const { arbiterDisk: disk } = world;
  if (disk === null) throw new Error("Cannot form a view with a disk: there is none");
  const counts = (): boolean => world.hosts.every((host) => host.facts()?.electorate.voters.includes(disk.id));
  if (world.runUntil(counts, 3_000) === null) throw new Error("Cannot get the disk its vote");
  world.run(500);
  return { world, disk };
}
