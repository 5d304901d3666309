import { expect, test } from "vitest";
import { parseNodeId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import type { Message } from "../model/message.ts";
import type { PacketTags } from "../model/packet-tags.ts";
import { noView } from "../model/view.ts";
import { parseKeys } from "./keys.ts";
import { Opener } from "./opener.ts";
import type { Channel } from "./packet-format.ts";
import { Sealer } from "./sealer.ts";

// What an opener tells of the tags that its peers' packets bear: enough for who has to choose among packets without a key.

const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-that-is-long-enough");
const cluster = "office";
const sender = parseNodeId("serv1");
const receiver = parseNodeId("serv2");
const life = makeIncarnation({ boot: 3, startedAt: 1_700_000_000_000, random: 7 });
const start: Message = { kind: "start", view: noView };

function newSealer(channel: Channel = "control", self = sender, incarnation = life): Sealer {
  return new Sealer({ cluster, keys, self, incarnation, channel });
}

function newOpener(): Opener {
  return new Opener({ cluster, keys, self: receiver, nodes: [sender, receiver] });
}

const tagsIn = (opened: ReturnType<Opener["open"]>): PacketTags | undefined => (opened.ok ? opened.tags : undefined);
/** As the kernel's filter reads it. */
const isTagged = (bytes: Uint8Array, { at, series }: PacketTags): boolean => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const one = series.find(
    ({ selector, lifeWord }) => selector === view.getUint16(at.selector) && lifeWord === view.getUint32(at.lifeWord),
  );
  const sequence = view.getUint16(at.sequence) * 2 ** 32 + view.getUint32(at.sequence + 2);
  return one?.tagOf(sequence) === view.getUint32(at.tag);
};

test("an opener tells once in a life what the sender's datagrams bear, on each channel", () => {
  const opener = newOpener();
  const [control, beats] = [newSealer("control"), newSealer("heartbeat")];
  const tags = tagsIn(opener.open(control.seal(start, receiver), "datagram"));
  expect(tags?.life).toBe(life);
  for (let sent = 0; sent < 3; sent += 1) {
    const packets = [control.seal(start, receiver), beats.seal(start)];
    for (const bytes of packets) {
      expect(tags !== undefined && isTagged(bytes, tags)).toBe(true);
      expect(tagsIn(opener.open(bytes, "datagram"))).toBeUndefined();
    }
  }
  const later = makeIncarnation({ boot: 4, startedAt: 1, random: 0 });
  expect(tagsIn(opener.open(newSealer("heartbeat", sender, later).seal(start), "datagram"))?.life).toBe(later);
});

test("what is sent to another node has other tags, and so have streams", () => {
  const tags = tagsIn(newOpener().open(newSealer().seal(start, receiver), "datagram"));
  for (const bytes of [newSealer().seal(start, parseNodeId("serv3")), newSealer("stream").seal(start)])
    expect(tags !== undefined && isTagged(bytes, tags)).toBe(false);
  expect(tagsIn(newOpener().open(newSealer("stream").seal(start), "stream"))).toBeUndefined();
});

test("while keys change, tags of both are told; with other keys or nodes they are told again", () => {
  const secrets = "1 hmac-sha256 a-secret-that-is-long-enough\n2 hmac-sha256 another-one-of-that-length";
  const [old, both] = [parseKeys(`auth 1\n${secrets}`), parseKeys(`auth 2\n${secrets}`)];
  const opener = new Opener({ cluster, keys: old, self: receiver, nodes: [sender, receiver] });
  const sealer = new Sealer({ cluster, keys: old, self: sender, incarnation: life, channel: "control" });
  const tags = tagsIn(opener.open(sealer.seal(start, receiver), "datagram"));
  sealer.useKeys(both);
  const changed = sealer.seal(start, receiver);
  expect(tags !== undefined && isTagged(changed, tags)).toBe(true);
  expect(tagsIn(opener.open(changed, "datagram"))).toBeUndefined();
  opener.useKeys(both);
  expect(tagsIn(opener.open(sealer.seal(start, receiver), "datagram"))).toBeDefined();
  opener.useNodes([sender, receiver]);
  expect(tagsIn(opener.open(sealer.seal(start, receiver), "datagram"))).toBeDefined();
});

test("with more keys than a filter has room for, one that is used is told of when it is", () => {
  const secrets = [1, 2, 3].map((number) => `${number} hmac-sha256 secret-number-${number}-long-enough`).join("\n");
  const opener = new Opener({ cluster, keys: parseKeys(`auth 1\n${secrets}`), self: receiver, nodes: null });
  for (const number of [1, 3]) {
    const keysNow = parseKeys(`auth ${number}\n${secrets}`);
    const sealer = new Sealer({
      cluster,
      keys: keysNow,
      self: sender,
      incarnation: life,
      channel: "heartbeat",
      usedSequences: number,
    });
    const bytes = sealer.seal(start);
    const tags = tagsIn(opener.open(bytes, "datagram"));
    expect(tags !== undefined && isTagged(bytes, tags), `key ${number}`).toBe(true);
  }
});
