import { createSecretKey } from "node:crypto";
import { expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { type NodeId, witnessId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import type { HeartbeatBody } from "../model/message.ts";
import { instantMs } from "../model/units.ts";
import { datagramBytesMax } from "../wire/packet-format.ts";
import { Sealer } from "../wire/sealer.ts";

// What a configuration may ask of a heartbeat, and what a heartbeat takes: the rooms that say so do not know each other.

const lifeOf = (place: number) => makeIncarnation({ boot: place, startedAt: 1_700_000_000_000 + place, random: place });
const longLife = 50 * 366 * 86_400_000;

interface Shape {
  readonly count: number;
  readonly votes?: number;
  readonly hasWitness?: boolean;
}

/** The longest heartbeat there can be of these nodes: whoever can be named is, and nobody in the life that was named before. */
function longest(names: readonly string[], { votes = 1, hasWitness = false }: Shape): number {
  const nodes = names as readonly NodeId[];
  const [self, ...others] = nodes;
  if (self === undefined) throw new RangeError("Cannot make a heartbeat: no node");
  const view = (place: number) => ({ counter: 2 ** 34, proposer: others[0] ?? self, incarnation: lifeOf(place) });
  const voters = nodes.flatMap((node) => Array.from({ length: votes }, () => node));
  const body: HeartbeatBody = {
    status: "active",
    promised: view(900),
    view: view(901),
    coordinator: others[0] ?? self,
    members: nodes,
    hears: others.map((node, i) => ({ node, incarnation: lifeOf(i + 2), isHeard: true, echo: instantMs(longLife) })),
    delivered: 2 ** 34,
    committed: 2 ** 34,
    electorate: { index: 2 ** 34, voters: hasWitness ? [...voters, witnessId("0123456789ab")] : voters },
    isBlank: false,
    loopLateMs: 2 ** 34,
    diskLateMs: 2 ** 34,
    reach: { reached: 8, of: 8 },
  };
  const keys = { signWith: 1, byNumber: new Map([[1, createSecretKey(Buffer.alloc(32))]]) };
  const sealer = new Sealer({ cluster: "c", keys, self, incarnation: lifeOf(1), channel: "heartbeat" });
  return sealer.seal({ kind: "heartbeat", sentAt: instantMs(longLife), ...body }).length;
}

/** The bytes by which the configuration is too long; 0: it is taken. */
function refusedBy(names: readonly string[], { votes, hasWitness = false }: Shape): number {
  const lines = names.map((name, i) => {
    const more = votes === undefined ? "" : `, votes: ${votes}`;
    return `  ${name}: { addresses: [10.0.0.${i + 1}]${more} }`;
  });
  const arbiter = hasWitness ? 'quorum: { arbiter: { witness: "10.1.0.1:6941" } }' : "quorum: majority";
  const parsed = parseConfig(`cluster: c\nfencing: none\n${arbiter}\nnodes:\n${lines.join("\n")}\n`, "f");
  if (parsed.ok) return 0;
  const [error, ...others] = parsed.errors;
  expect([others, error?.found]).toEqual([[], expect.stringContaining(`each names all ${names.length} nodes`)]);
  return Number(/shorter by (\d+) characters/.exec(error?.wanted ?? "")?.[1]);
}

const shapes: readonly Shape[] = [
  { count: 32 },
  { count: 32, votes: 2 },
  { count: 32, hasWitness: true },
  { count: 24, hasWitness: true },
  { count: 21, votes: 3 },
  { count: 16 },
];

/** Names of so many letters in all, as alike in length as can be. */
function namesOf(count: number, letters: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `n${String(i).padStart(2, "0")}`.padEnd(lengthOf(i), "x"));
  function lengthOf(place: number): number {
    return Math.floor(letters / count) + (place < letters % count ? 1 : 0);
  }
}

test.for(shapes)("[GRP-9] the configuration takes names as long as a heartbeat takes, and no longer: %o", (shape) => {
  const { count } = shape;
  const most = 63 * count - refusedBy(namesOf(count, 63 * count), shape);
  expect(refusedBy(namesOf(count, most), shape)).toBe(0);
  expect(refusedBy(namesOf(count, most + 1), shape)).toBe(1);
  const bytes = longest(namesOf(count, most), shape);
  // It may have a few bytes to spare.
  expect(bytes).toBeGreaterThan(datagramBytesMax - 8);
  expect(bytes).toBeLessThanOrEqual(datagramBytesMax);
});
