import { describe, expect, test } from "vitest";
import type { NodeId } from "../model/ids.ts";
import type { Answer } from "../model/intent.ts";
import { instantMs } from "../model/units.ts";
import { shapeConfig, type Shape } from "../sim/explore/shapes.ts";
import { World } from "../sim/world.ts";
import type { Daemon } from "./daemon.ts";
import { EventRing } from "./event-ring.ts";
import { Inbox } from "./inbox.ts";
import { daemonLimits } from "./limits.ts";

const [n1, n2] = ["n1", "n2"] as [NodeId, NodeId];

function settledWorld(shape: Shape = "3"): World {
  const { config, digest } = shapeConfig(shape);
  const world = new World({ config, configDigest: digest, seed: 1 });
  world.found();
  for (const node of config.nodes) world.machine(node.id).powerOn(0);
  world.runUntil(10_000);
  return world;
}

function daemonOf(world: World, node: NodeId): Daemon {
  const { daemon } = world.machine(node);
  if (daemon === null) throw new RangeError(`No daemon on ${node}`);
  return daemon;
}

describe("Daemon", () => {
  test("tells links, dropped packets and the digest of its file", () => {
    const world = settledWorld();
    const snapshot = daemonOf(world, n1).snapshot();
    const links = snapshot.nodes.find(({ node }) => node === n2)?.links;
    expect(links?.map(({ link, state }) => [link, state])).toEqual([
      [0, "up"],
      [1, "up"],
    ]);
    // The second copy of each datagram.
    expect(Object.keys(snapshot.dropped)).toEqual(["replay"]);
    expect(snapshot.network).toEqual({});
    expect(snapshot.config.fileDigest).toBe(shapeConfig("3").digest);
  });

  test("a silent link beside a living one is a warning, and an event", () => {
    const world = settledWorld();
    world.network.cut(n2, n1, 1);
    world.runUntil(20_000);
    const { warnings } = daemonOf(world, n1).snapshot();
    expect(warnings).toContain("link n2/1 (10.2.0.2) is dead");
    const texts = daemonOf(world, n1)
      .events(0)
      .map(({ text }) => text);
    expect(texts).toContain("link n2/1 (10.2.0.2): late -> dead");
  });

  test("a wish is answered when it is fulfilled; who gives up waiting is let go", async () => {
    const world = settledWorld();
    const daemon = daemonOf(world, n2);
    const abort = new AbortController();
    const intent = { kind: "relocate-service", service: "data", to: n2 } as never;
    const answer = daemon.submit(intent, "test", () => undefined, abort.signal);
    const impatient = daemon.submit(intent, "test", () => undefined, AbortSignal.abort(new Error("gone")));
    world.runUntil(20_000);
    await expect(answer).resolves.toMatchObject({ ok: true });
    await expect(impatient).rejects.toThrow("gone");
  });

  test("[SVC-15] who waits while the quorum is lost hears that there is none, not that it takes long", async () => {
    const world = settledWorld();
    const intent = { kind: "disable-service", service: "mail" } as never;
    for (const node of [n2, "n3" as NodeId]) world.powerOff(node, "cable");
    const answer = daemonOf(world, n1).submit(intent, "test", () => undefined, new AbortController().signal);
    world.runUntil(40_000);
    await expect(answer).resolves.toMatchObject({
      ok: false,
      code: "NO_QUORUM",
      text: expect.stringContaining("lost its quorum") as string,
    });
  });

  test("[GRP-95] nobody confirms that a node is off while it writes to the arbiter disk", async () => {
    const world = settledWorld("2-disk");
    const confirm = { kind: "confirm-off-node", node: n2 } as const;
    const ask = (): Promise<Answer> =>
      daemonOf(world, n1).submit(confirm, "test", () => undefined, new AbortController().signal);
    expect(await ask()).toMatchObject({ ok: false, code: "NOT_ALLOWED" });
    expect((await ask()).text).toContain("it writes to the arbiter disk, so it runs");
    world.powerOff(n2, "cable");
    world.runUntil(20_000);
    const answer = ask();
    world.runUntil(30_000);
    expect(await answer).toMatchObject({ ok: true });
  });

  test("reload proposes nothing when the file has not changed", async () => {
    const world = settledWorld();
    const answer = daemonOf(world, n1).reload("test", new AbortController().signal);
    world.runUntil(20_000);
    await expect(answer).resolves.toMatchObject({ ok: true });
  });

  test("a node that cannot write falls silent at once and ends", () => {
    const world = settledWorld();
    world.machine(n1).disk.isFailing = true;
    const daemon = daemonOf(world, n1);
    world.ask(n1, { kind: "disable-service", service: "mail" } as never, "service disable mail");
    // n1 coordinates: it writes the entry down at once, and fails.
    world.runUntil(10_010);
    expect(world.machine(n1).daemon).toBeNull();
    const sent = world.network.sent;
    world.machine(n2).powerOff();
    world.machine("n3" as NodeId).powerOff();
    world.runUntil(11_000);
    expect(world.network.sent).toBe(sent);
    expect(daemon.events(0).at(-1)?.text).toMatch(/^daemon ends: Cannot write the journal/);
  });

  test("a damaged journal is said aloud, and its node joins as one without history", () => {
    const world = settledWorld();
    world.powerOff(n1, "cable");
    world.machine(n1).disk.damage();
    world.runUntil(20_000);
    world.powerOn(n1, "cable");
    world.runUntil(60_000);
    expect(world.timeline.some(({ node, text }) => node === n1 && text.startsWith("journal damaged"))).toBe(true);
    expect(daemonOf(world, n1).snapshot().group).toMatchObject({ status: "active", members: ["n1", "n2", "n3"] });
  });
});

describe("Inbox", () => {
  test("drops the oldest packets and counts them, and never an input", () => {
    const inbox = new Inbox();
    for (let index = 0; index < daemonLimits.packetsMax + 3; index += 1) {
      inbox.addPacket({
        bytes: new Uint8Array([index % 256]),
        link: null,
        source: `${index}`,
        origin: "n2",
        arrivedAt: instantMs(0),
      });
      inbox.addInput({ kind: "tick" });
    }
    expect(inbox.dropped).toBe(3);
    expect(inbox.takePacket()?.source).toBe("3");
    let inputs = 0;
    while (inbox.takeInput() !== undefined) inputs += 1;
    expect(inputs).toBe(daemonLimits.packetsMax + 3);
  });
});

describe("EventRing", () => {
  test("keeps the last events and resumes after any of them", () => {
    const ring = new EventRing();
    const heard: number[] = [];
    const stop = ring.listen(({ sequence }) => heard.push(sequence));
    for (let index = 0; index < 3 * daemonLimits.eventsMax; index += 1) {
      ring.add({ at: 0 as never, node: n1, level: "info", text: "x" });
    }
    stop();
    ring.add({ at: 0 as never, node: n1, level: "info", text: "last" });
    expect(ring.since(0)).toHaveLength(daemonLimits.eventsMax);
    expect(ring.since(3 * daemonLimits.eventsMax).map(({ text }) => text)).toEqual(["last"]);
    expect(heard).toHaveLength(3 * daemonLimits.eventsMax);
  });
});
