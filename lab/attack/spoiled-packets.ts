import { randomInt } from "node:crypto";
import { parseNodeId } from "../../src/model/ids.ts";
import { parseKeys } from "../../src/wire/keys.ts";
import { Opener } from "../../src/wire/opener.ts";
import { Sealer } from "../../src/wire/sealer.ts";
import { labKeys } from "../hale-cluster.ts";

/** What is longer than anything that hale sends, the longest datagram of all among it: cut into 45 by the sender's kernel, and put together by the receiver's. */
export const oversizedLengths: readonly number[] = [1_201, 9_000, 65_507];

/** Text of `authkeys` whose key has the number of the lab's, and is another one. */
export const otherKey = "auth 1\n1 hmac-sha256 a-secret-of-somebody-else\n";

/** Of no member, so that it opens what any member sends. */
const nobody = parseNodeId("mallory");
const aheadBy = 1_000_000;

/** One bit is another. */
export function changed(packet: Buffer, at: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Each cut off at a place by lot, of those that leave something. */
export function truncated(packets: readonly Buffer[]): readonly Buffer[] {
  return packets.map((packet) => packet.subarray(0, randomInt(1, packet.length)));
}

/**
 * What the members say, whole and right and newer than anything they have sent, but sealed with other keys: a program that is hale in all
 * but what it knows.
 *
 * @param packets of a cluster with the lab's keys
 * @param to who is to take them for packets to itself
 * @param authkeys one text for each attacker
 */
export function sealedWith(packets: readonly Buffer[], to: string, authkeys: readonly string[]): readonly Buffer[] {
  const receiver = parseNodeId(to);
  const sealers = new Map<string, Sealer>();
  return authkeys.flatMap((text) => {
    const opener = new Opener({ cluster: "lab", keys: parseKeys(labKeys), self: nobody, nodes: null });
    return packets.flatMap((bytes) => {
      const opened = opener.open(bytes, "datagram");
      if (!opened.ok) return []; // The same once more, for another member or by another link.
      const { packet, channel, sequence } = opened;
      const { from: self, incarnation } = packet;
      const key = `${text} ${self} ${channel}`;
      const sealing = { cluster: "lab", keys: parseKeys(text), self, incarnation, channel };
      const sealer = sealers.get(key) ?? new Sealer({ ...sealing, usedSequences: sequence + aheadBy });
      sealers.set(key, sealer);
      return [Buffer.from(sealer.seal(packet.message, channel === "control" ? receiver : undefined))];
    });
  });
}
