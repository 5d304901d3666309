import { randomBytes } from "node:crypto";
import type { LabHost } from "../host.ts";
import type { Lab } from "../lab.ts";
import { attackCommand, callCommand, onPathAttackCommand } from "./attack-command.ts";
import type { AttackPlan } from "./attacker-main.ts";
import { changed, otherKey, oversizedLengths, sealedWith, truncated } from "./spoiled-packets.ts";

/** Who is flooded by whom. */
export interface FloodSite {
  readonly lab: Lab;
  /** The node that is flooded. */
  readonly victim: string;
  /** The other nodes: those in whose name it may be. */
  readonly members: readonly string[];
  /** A host that is no node, on all networks. The lab's client is on the first alone. */
  readonly stranger: string;
  readonly port: number;
  /** Packets of the cluster as they were on the wire. */
  readonly captured: readonly Buffer[];
  readonly forMs: number;
}

/** Datagrams, as fast as they go. */
export interface Flood {
  readonly payloads: (site: FloodSite) => readonly Buffer[];
  /** As of an attack plan. */
  readonly lengths?: readonly number[];
}

const endsWithinMs = 30_000;
const unknownKey = "auth 9\n9 hmac-sha256 a-secret-of-somebody-else\n";

const garbage: Flood = { payloads: () => Array.from({ length: 50 }, (_, index) => randomBytes(index * 25)) };
const repeated: Flood = { payloads: ({ captured }) => captured };
const otherKeys: Flood = { payloads: ({ captured, victim }) => sealedWith(captured, victim, [otherKey, unknownKey]) };
const cutOff: Flood = { payloads: ({ captured }) => truncated(captured) };
const oversized: Flood = { payloads: ({ captured }) => captured, lengths: oversizedLengths };

/** What a neighbour sends to one link, from its own address. */
export const strangersFloods = {
  garbage,
  "altered in one bit": { payloads: ({ captured }) => captured.map((packet) => changed(packet, packet.length - 1)) },
  "truncated anywhere": cutOff,
  "sealed with another key, of a number that is known or not": otherKeys,
  "another version": { payloads: ({ captured }) => captured.map((packet) => changed(packet, 2)) },
  "another cluster": { payloads: ({ captured }) => captured.map((packet) => changed(packet, 30)) },
  "longer than anything hale sends, up to what UDP can carry": oversized,
  "packets of the cluster, repeated": repeated,
} satisfies Readonly<Record<string, Flood>>;

/** What a neighbour sends to all links, with a member's addresses on it. */
export const forgedFloods = {
  garbage,
  // All is right but the random part of the incarnation, which nobody knows who has not seen the member's packets.
  "packets that look like the member's": { payloads: ({ captured }) => captured.map((packet) => changed(packet, 16)) },
  "the member's own, truncated anywhere": cutOff,
  "what the member says, sealed with other keys": otherKeys,
  "the member's own, filled up to what UDP can carry": oversized,
} satisfies Readonly<Record<string, Flood>>;

/**
 * From the client's own address to the victim's first network.
 *
 * @param how where it differs
 * @returns how many datagrams went out
 */
export async function floodAsStranger(site: FloodSite, flood: Flood, how: Partial<AttackPlan> = {}): Promise<number> {
  const targets = [site.lab.host(site.victim).ip()];
  return send(site.lab.client, { ...planOf(site, flood), targets, ...how });
}

/** From the stranger to all networks of the victim, in the name of one member. @returns how many datagrams went out */
export async function floodAsMember(site: FloodSite, flood: Flood): Promise<number> {
  const { lab, victim, members, stranger } = site;
  const ips = (host: string): string[] => lab.networks.map(({ name }) => lab.host(host).ip(name));
  const plan = { ...planOf(site, flood), targets: ips(victim), sources: ips(members[0] ?? "") };
  return send(lab.host(stranger), plan);
}

/**
 * By who sees all packets, a process on each network: nothing but copies of the newest packet of either member.
 *
 * @returns for each network how many copies went out, and of how many packets
 */
export async function floodOnPath(
  { lab, victim, members, port, forMs }: FloodSite,
  isAltered: boolean,
): Promise<readonly { readonly frames: number; readonly packets: number }[]> {
  const attacks = lab.networks.map(({ name }) => {
    const ipOf = (host: string): string => lab.host(host).ip(name);
    const plan = { device: name, members: members.map(ipOf), victim: ipOf(victim), port, forMs, isAltered };
    return `(${onPathAttackCommand(plan)}) &`;
  });
  const told = await lab.inSwitch(`{ ${attacks.join(" ")} wait; }`);
  return [...told.matchAll(/^sent (\d+) of (\d+)$/gm)].map(([, frames, packets]) => {
    return { frames: Number(frames), packets: Number(packets) };
  });
}

/** Connections to the victim, as fast as they go, from the client and the stranger. @returns how many each has tried */
export async function floodWithCalls({ lab, victim, stranger, port, forMs }: FloodSite): Promise<readonly number[]> {
  const command = callCommand({ target: lab.host(victim).ip(), port, forMs });
  const callers = [lab.client, lab.host(stranger)].map(async (host) => host.spawn(command));
  return Promise.all(
    callers.map(async (caller) => Number((await (await caller).waitForOutput(/^called (\d+)$/m, endsWithinMs))[1])),
  );
}

function planOf(site: FloodSite, { payloads, lengths }: Flood): Omit<AttackPlan, "targets"> {
  const { port, forMs } = site;
  const base64 = payloads(site).map((payload) => payload.toString("base64"));
  return { port, forMs, payloads: base64, ...(lengths === undefined ? {} : { lengths }) };
}

async function send(from: LabHost, plan: AttackPlan): Promise<number> {
  const attack = await from.spawn(attackCommand(plan));
  return Number((await attack.waitForOutput(/^sent (\d+)$/m, endsWithinMs))[1]);
}
