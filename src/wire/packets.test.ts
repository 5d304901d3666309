import { createHmac, createSecretKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, EntryBody, SubmitId } from "../model/entry.ts";
import type { NodeId } from "../model/ids.ts";
import { parseNodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import type { Electorate, Hearing, HeartbeatBody, Message, WitnessAsk } from "../model/message.ts";
import type { InstantMs } from "../model/units.ts";
import { instantMs, wallMs } from "../model/units.ts";
import type { ViewId } from "../model/view.ts";
import { noView } from "../model/view.ts";
import { parseKeys } from "./keys.ts";
import { Opener } from "./opener.ts";
import { datagramBytesMax } from "./packet-format.ts";
import { encodeHeartbeat, Sealer } from "./sealer.ts";

const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-that-is-long-enough");
const cluster = "office";
const sender = parseNodeId("serv1");
const receiver = parseNodeId("serv2");
const life = makeIncarnation({ boot: 3, startedAt: 1_700_000_000_000, random: 7 });

const natural = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat().map((value) => Math.floor(value / 4)),
);
const node = fc.oneof(
  fc.constantFrom("serv1", "serv2", "n3", "N-4"),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
) as fc.Arbitrary<NodeId>;
const nodes = fc.array(node, { maxLength: 40 });
const incarnation = fc.stringMatching(/^[0-9a-f]{28}$/) as fc.Arbitrary<Incarnation>;
const view: fc.Arbitrary<ViewId> = fc.oneof(
  fc.constant(noView),
  fc.record({ counter: natural, proposer: node, incarnation }),
);
const member = fc.record({ node, incarnation });
const reach = fc.record({ reached: natural, of: natural.map((of) => of + 1) });
const electorate: fc.Arbitrary<Electorate> = fc.record({ index: natural, voters: nodes });
const id: fc.Arbitrary<SubmitId> = fc.record({ origin: node, incarnation, sequence: natural });
const text = fc.string({ unit: "grapheme", maxLength: 50 });
const body: fc.Arbitrary<EntryBody> = fc.oneof(
  fc.record({ kind: fc.constant("view"), members: fc.array(member), coordinator: node }),
  fc.record({ kind: fc.constant("electorate"), voters: nodes, reason: text }),
  fc.record({
    kind: fc.constant("fence-begun"),
    target: node,
    incarnation: fc.option(incarnation),
    by: node,
    attempt: natural,
    reason: text,
  }),
  fc.record({
    kind: fc.constant("intent"),
    intent: fc.record({ kind: fc.constant("standby-node"), node }),
    author: text,
  }),
) as fc.Arbitrary<EntryBody>;
const entry: fc.Arbitrary<Entry> = fc.record({ index: natural, view, id, at: natural.map(wallMs), body });
const entries = fc.array(entry, { maxLength: 6 });
const instant = fc.oneof(fc.nat(1_000), fc.nat(2 ** 31 - 1)).map(instantMs);
const step = fc.constantFrom<WitnessAsk["step"]>("hear", "promise", "install");
const hearing: fc.Arbitrary<Hearing> = fc.record({ node, incarnation, isHeard: fc.boolean(), echo: instant });

const byKind: { readonly [Kind in Message["kind"]]: fc.Arbitrary<Omit<Extract<Message, { kind: Kind }>, "kind">> } = {
  heartbeat: fc.record({
    sentAt: instant,
    status: fc.constantFrom("electing", "proposing", "promised", "active"),
    promised: view,
    view,
    coordinator: fc.option(node),
    members: nodes,
    hears: fc.array(hearing, { maxLength: 40 }),
    delivered: natural,
    committed: natural,
    electorate,
    isBlank: fc.boolean(),
    loopLateMs: natural,
    diskLateMs: natural,
    reach,
  }),
  propose: fc.record({ view, members: nodes }),
  promise: fc.record({
    view,
    logView: view,
    length: natural,
    committed: natural,
    electorates: fc.array(electorate, { maxLength: 3 }),
    isBlank: fc.boolean(),
  }),
  nack: fc.record({ view, promised: view }),
  abort: fc.record({ view }),
  fetch: fc.record({ view, from: natural, to: natural }),
  "checkpoint-fetch": fc.record({ view, index: natural, from: natural }),
  "checkpoint-part": fc.record({
    view,
    index: natural,
    size: natural,
    check: fc.stringMatching(/^[0-9a-f]{16}$/),
    from: natural,
    text: fc.stringMatching(/^[ -~]{0,300}$/),
  }),
  "log-part": fc.record({ view, from: natural, entries }),
  install: fc.record({
    view,
    members: fc.array(member),
    base: natural,
    committed: natural,
    founding: nodes,
    from: natural,
    entries,
  }),
  installed: fc.record({ view }),
  start: fc.record({ view }),
  submit: fc.record({ id, body }),
  busy: fc.record({ id }),
  entry: fc.record({ view, entry, committed: natural }),
  ack: fc.record({ view, length: natural }),
  commit: fc.record({ view, committed: natural }),
  removed: fc.record({ life: incarnation }),
  goodbye: fc.record({ at: natural.map(wallMs) }),
  ask: fc.record({ step, sentAt: instant, view, basis: view }),
  grant: fc.record({
    step,
    asker: incarnation,
    sentAt: instant,
    view,
    isGranted: fc.boolean(),
    promised: view,
    logView: view,
  }),
};
const kinds = Object.keys(byKind) as Message["kind"][];
const ofKind = (kind: Message["kind"]): fc.Arbitrary<Message> =>
  (byKind[kind] as fc.Arbitrary<object>).map((fields) => ({ kind, ...fields }) as Message);
const message = fc.oneof(...kinds.map((kind) => ofKind(kind)));

function newSealer(channel: "control" | "heartbeat" | "stream" = "control", self = sender, incarnation = life): Sealer {
  return new Sealer({ cluster, keys, self, incarnation, channel });
}

function newOpener(): Opener {
  return new Opener({ cluster, keys, self: receiver, nodes: [sender, receiver] });
}

describe("round trip", () => {
  test.each(kinds)("a %s comes out as it went in", (kind) => {
    fc.assert(
      fc.property(ofKind(kind), (sent) => {
        const opened = newOpener().open(newSealer().seal(sent), "datagram");
        expect(opened).toMatchObject({ ok: true, channel: "control", sequence: 1 });
        expect(opened.ok && opened.packet).toEqual({ from: sender, incarnation: life, message: sent });
      }),
      { numRuns: 150 },
    );
  });

  test("fractions of milliseconds are cut off, towards older", () => {
    const sent = { ...heartbeatOf(3), sentAt: instantMs(1_000.9), loopLateMs: 2.5 };
    const opened = newOpener().open(newSealer().seal(sent), "datagram");
    expect(opened).toMatchObject({ ok: true, packet: { message: { sentAt: 1_000, loopLateMs: 2 } } });
  });

  test("a heartbeat encoded earlier and stamped at sending is the same packet", () => {
    const { kind: _, sentAt, ...body } = heartbeatOf(5);
    const encoded = encodeHeartbeat({ self: sender, incarnation: life }, body);
    expect(newSealer().sealHeartbeat(encoded, sentAt)).toEqual(newSealer().seal(heartbeatOf(5)));
  });

  test("a negative index is the caller's bug, not a packet", () => {
    expect(() => newSealer().seal({ kind: "ack", view: noView, length: -1 })).toThrow(RangeError);
  });
});

describe("size", () => {
  test("a heartbeat about 32 nodes with names of 8 fits a datagram after a year of uptime", () => {
    const bytes = newSealer("heartbeat").seal(heartbeatOf(32));
    expect(bytes.length).toBeLessThanOrEqual(datagramBytesMax);
    expect(bytes.length).toMatchInlineSnapshot(`1105`);
  });

  test("and so does one of 32 nodes with all the votes that there may be", () => {
    const body = heartbeatOf(32);
    const { voters } = body.electorate;
    const weighted = { ...body, electorate: { ...body.electorate, voters: voters.flatMap((node) => [node, node]) } };
    expect(newSealer("heartbeat").seal(weighted).length).toBeLessThanOrEqual(datagramBytesMax);
  });

  test("a heartbeat of two nodes stays small", () => {
    expect(newSealer("heartbeat").seal(heartbeatOf(2)).length).toMatchInlineSnapshot(`193`);
  });
});

describe("bytes that are no packet", () => {
  test("anything at all is a reason", () => {
    const opener = newOpener();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(opener.open(bytes, "datagram").ok).toBe(false);
      }),
    );
  });

  test("one changed bit is a reason, wherever it is", () => {
    const bytes = newSealer().seal({
      kind: "ack",
      view: { counter: 9, proposer: sender, incarnation: life },
      length: 5,
    });
    const reasons = new Set<string>();
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const opened = newOpener().open(changed, "datagram");
      reasons.add(opened.ok ? "opened" : opened.reason);
    }
    expect([...reasons].sort()).toEqual(["channel", "cluster", "key", "mac", "magic", "version"]);
  });

  test("every truncation and every extension is a reason", () => {
    const bytes = newSealer().seal(heartbeatOf(4));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(newOpener().open(bytes.subarray(0, length), "datagram").ok).toBe(false);
    }
    expect(newOpener().open(Uint8Array.from([...bytes, 0]), "datagram").ok).toBe(false);
  });

  test.each([
    ["short", (bytes: Uint8Array) => bytes.subarray(0, 40)],
    ["magic", (bytes: Uint8Array) => bytes.with(0, 1)],
    ["version", (bytes: Uint8Array) => bytes.with(2, 1)],
    ["channel", (bytes: Uint8Array) => bytes.with(3, 9)],
    ["key", (bytes: Uint8Array) => bytes.with(4, 9)],
    ["mac", (bytes: Uint8Array) => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)],
  ])("%s", (reason, change) => {
    const bytes = newSealer().seal({ kind: "start", view: noView });
    expect(newOpener().open(change(bytes), "datagram")).toEqual({ ok: false, reason });
  });

  test("a node of version 1 is told by its version, and not as a wrong key", () => {
    const start =
      "686c01010100000003018bcfe5680000000007000000000001066f66666963650573657276310a0077ea2ed29a2962488196d2868e3bab251e292b5839de709de1dcf81aabc002e6";
    expect(newOpener().open(Buffer.from(start, "hex"), "datagram")).toEqual({ ok: false, reason: "version" });
  });

  test("another cluster, an unknown sender, ourselves", () => {
    const start: Message = { kind: "start", view: noView };
    const foreign = new Sealer({ cluster: "home", keys, self: sender, incarnation: life, channel: "control" });
    expect(newOpener().open(foreign.seal(start), "datagram")).toEqual({ ok: false, reason: "cluster" });
    expect(newOpener().open(newSealer("control", parseNodeId("n9")).seal(start), "datagram")).toMatchObject({
      reason: "unknown-sender",
    });
    expect(newOpener().open(newSealer("control", receiver).seal(start), "datagram")).toMatchObject({ reason: "self" });
  });

  test("a packet of another channel than expected is refused and not remembered", () => {
    const opener = newOpener();
    const bytes = newSealer("stream").seal({ kind: "start", view: noView });
    expect(opener.open(bytes, "datagram")).toEqual({ ok: false, reason: "channel" });
    expect(opener.open(bytes, "stream").ok).toBe(true);
  });

  test.each(["control", "heartbeat"] as const)("a %s packet repeated in a stream is refused", (channel) => {
    const opener = newOpener();
    const bytes = newSealer(channel).seal({ kind: "start", view: noView });
    expect(opener.open(bytes, "stream")).toEqual({ ok: false, reason: "channel" });
    expect(opener.open(bytes, "datagram").ok).toBe(true);
  });
});

describe("replay", () => {
  test("a packet opens once; its copy names the sender, so that the second link counts as alive", () => {
    const opener = newOpener();
    const bytes = newSealer().seal({ kind: "start", view: noView });
    expect(opener.open(bytes, "datagram").ok).toBe(true);
    expect(opener.open(bytes, "datagram")).toEqual({ ok: false, reason: "replay", from: sender });
  });

  test("packets in any order within the window open once each", () => {
    const sealer = newSealer();
    const packets = Array.from({ length: 1_024 }, () => sealer.seal({ kind: "start", view: noView }));
    fc.assert(
      fc.property(fc.shuffledSubarray(packets), (order) => {
        const opener = newOpener();
        for (const bytes of order) expect(opener.open(bytes, "datagram").ok).toBe(true);
        for (const bytes of order) expect(opener.open(bytes, "datagram").ok).toBe(false);
      }),
      { numRuns: 5 },
    );
  });

  test("older than the window is refused, seen or not", () => {
    const sealer = newSealer();
    const opener = newOpener();
    const old = sealer.seal({ kind: "start", view: noView });
    const next = sealer.seal({ kind: "start", view: noView });
    for (let sent = 0; sent < 1_022; sent += 1) sealer.seal({ kind: "start", view: noView });
    expect(opener.open(sealer.seal({ kind: "start", view: noView }), "datagram").ok).toBe(true);
    expect(opener.open(old, "datagram")).toMatchObject({ reason: "replay" });
    expect(opener.open(next, "datagram").ok).toBe(true);
  });

  test("a newer life begins anew, and the older one is over on every channel", () => {
    const later = makeIncarnation({ boot: 4, startedAt: 1, random: 0 });
    const opener = newOpener();
    const old = newSealer("control");
    expect(opener.open(old.seal({ kind: "start", view: noView }), "datagram").ok).toBe(true);
    expect(opener.open(newSealer("heartbeat", sender, later).seal(heartbeatOf(2)), "datagram").ok).toBe(true);
    expect(opener.open(old.seal({ kind: "start", view: noView }), "datagram")).toMatchObject({
      reason: "old-incarnation",
    });
    expect(opener.open(newSealer("control", sender, later).seal({ kind: "start", view: noView }), "datagram").ok).toBe(
      true,
    );
  });

  test("channels do not share a window", () => {
    const opener = newOpener();
    for (const channel of ["control", "heartbeat", "stream"] as const) {
      const by = channel === "stream" ? "stream" : "datagram";
      expect(opener.open(newSealer(channel).seal({ kind: "start", view: noView }), by).ok).toBe(true);
    }
  });

  test("a copy with one bit changed is not taken for the second copy that it looks like", () => {
    const opener = newOpener();
    const bytes = newSealer().seal({ kind: "start", view: noView });
    expect(opener.open(bytes, "datagram").ok).toBe(true);
    const changed = Uint8Array.from(bytes);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    expect(opener.open(changed, "datagram")).toEqual({ ok: false, reason: "mac" });
    expect(opener.open(Uint8Array.from(bytes), "datagram")).toEqual({ ok: false, reason: "replay", from: sender });
  });

  test("a node that is configured away is forgotten", () => {
    const opener = newOpener();
    const bytes = newSealer().seal({ kind: "start", view: noView });
    expect(opener.open(bytes, "datagram").ok).toBe(true);
    opener.useNodes([receiver]);
    expect(opener.open(bytes, "datagram")).toMatchObject({ reason: "unknown-sender" });
  });
});

describe("any message", () => {
  test("a mutated body with a right HMAC is a message or malformed, and never an exception", () => {
    // A node with our key and a bug, or of another minor version: the body reader itself must be total.
    const mutation = fc.record({ at: fc.nat(), value: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(message, fc.array(mutation, { minLength: 1, maxLength: 5 }), (sent, mutations) => {
        const opened = newOpener().open(resealed(newSealer().seal(sent), mutations), "datagram");
        expect(opened.ok || ["malformed", "unknown-sender", "cluster"].includes(opened.reason)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

function heartbeatOf(count: number): { readonly kind: "heartbeat"; readonly sentAt: InstantMs } & HeartbeatBody {
  const names = Array.from({ length: count }, (_, place) => parseNodeId(`server${String(place).padStart(2, "0")}`));
  const year = 365 * 24 * 3_600_000;
  const promised = { counter: 70_000, proposer: names[1] ?? sender, incarnation: lifeOf(1) };
  return {
    kind: "heartbeat",
    sentAt: instantMs(year),
    status: "active",
    promised,
    view: { ...promised, counter: 69_999, incarnation: lifeOf(99) },
    coordinator: names[1] ?? null,
    members: names,
    hears: names.map((name, place) => ({
      node: name,
      incarnation: lifeOf(place),
      isHeard: true,
      echo: instantMs(year),
    })),
    delivered: 3_000_000,
    committed: 3_000_000,
    electorate: { index: 2_900_000, voters: names },
    isBlank: false,
    loopLateMs: 300,
    diskLateMs: 300,
  };
}

function lifeOf(place: number): Incarnation {
  return makeIncarnation({ boot: 100 + place, startedAt: 1_700_000_000_000 + place, random: place * 7_919 });
}

/** Changes bytes of the body and signs again. */
function resealed(bytes: Uint8Array, mutations: readonly { at: number; value: number; cut: number }[]): Uint8Array {
  const bodyAt = 29 + 1 + cluster.length + 1 + sender.length;
  const changed = Uint8Array.from(bytes.subarray(0, bytes.length - 32));
  for (const { at, value } of mutations) changed[bodyAt + (at % (changed.length - bodyAt))] = value;
  const cut = changed.subarray(0, Math.max(bodyAt, changed.length - (mutations[0]?.cut ?? 0)));
  return sign(cut);
}

function sign(signed: Uint8Array): Uint8Array {
  const key = createSecretKey("a-secret-that-is-long-enough", "utf8");
  return Uint8Array.from([...signed, ...createHmac("sha256", key).update(signed).digest()]);
}
