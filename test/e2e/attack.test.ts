import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { capturePackets } from "../../lab/attack/captured-packets.ts";
import {
  floodAsMember,
  floodAsStranger,
  floodOnPath,
  type FloodSite,
  floodWithCalls,
  forgedFloods,
  strangersFloods,
} from "../../lab/attack/floods.ts";
import type { HolderWatch } from "../../lab/holder-watch.ts";
import type { HostProcess } from "../../lab/host-process.ts";
import type { LabHost } from "../../lab/host.ts";
import type { Prober } from "../../lab/prober.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// What the floods cost is a figure of bench/attacks.ts.

const port = 6940;
const waitMs = 30_000;
const floodMs = 1_500;
const sentMin = 1_000;
const residentKbMax = 400_000;
const socket = "/run/hale/haled.sock";

let site: AddressSite;
let owner: string;
/** Since when it has the service, as it says itself. */
let since: number | null | undefined;
let victim: LabHost;
let daemon: HostProcess;
let prober: Prober;
let watch: HolderWatch;
let flooded: FloodSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3", "mallory"], nodes: ["n1", "n2", "n3"] });
  owner = await site.ownerOf();
  since = await ownedSince();
  victim = site.lab.host(owner);
  daemon = site.cluster.daemon(owner);
  const members = site.cluster.nodes.filter((name) => name !== owner);
  const captured = await capturePackets(site.lab, port);
  flooded = { lab: site.lab, victim: owner, members, stranger: "mallory", port, captured, forMs: floodMs };
});
afterAll(async () => site.lab.close());

beforeEach(async () => {
  prober = await site.startProber();
  watch = site.startWatch();
  await prober.waitForAnswer(owner, waitMs);
});
afterEach(expectUnharmed);

describe("datagrams as fast as they go, from a neighbour, of which a sample comes in", () => {
  test.each([
    ["garbage", "not hale's"],
    ["altered in one bit", "wrong key or altered"],
    ["truncated anywhere", "not hale's"],
    ["sealed with another key, of a number that is known or not", "unknown key number \\d+, wrong key or altered"],
    ["another version", "another version"],
    ["another cluster", "another cluster"],
  ] as const)("[LIVE-2] %s: refused, told in the status", async (what, told) => {
    await expectNoticed("floods of strangers", [0], async () => {
      expect(await floodAsStranger(flooded, strangersFloods[what])).toBeGreaterThan(sentMin);
    });
    const { stdout } = await site.cluster.hale(owner, ["status"]);
    expect(stdout).toMatch(
      new RegExp(`! packets refused in the last minute: .*${told} \\d+.*came from ${site.lab.client.ip()}:`),
    );
  });

  test("[LIVE-2] longer than anything hale sends, up to what UDP can carry: refused", async () => {
    const oversized = strangersFloods["longer than anything hale sends, up to what UDP can carry"];
    await expectNoticed("floods of strangers", [0], async () => {
      expect(await floodAsStranger(flooded, oversized)).toBeGreaterThan(sentMin);
    });
  });

  test("[LIVE-2] repeated packets of the cluster itself: nothing happens twice, and nobody is alarmed", async () => {
    const before = await site.cluster.status(owner);
    expect(await floodAsStranger(flooded, strangersFloods["packets of the cluster, repeated"])).toBeGreaterThan(
      sentMin,
    );
    const after = await site.cluster.status(owner);
    expect(after?.group.view).toBe(before?.group.view);
    expect(after?.group.length).toBe(before?.group.length);
    // Of the first hundreds, which come in whole, a third is the victim's own.
    expect(after?.dropped["replay"]).toBeGreaterThan((before?.dropped["replay"] ?? 0) + 200);
  });

  test("[LIVE-2] at the port that heartbeats come from: none comes in", async () => {
    const sockets = await victim.run(["ss", "-Hulnp"]);
    const ports = [...sockets.matchAll(/ ([\d.]+)%\w+:(\d+) /g)].filter(([, address]) => address === victim.ip());
    const beats = ports.map(([, , number]) => Number(number)).filter((number) => number !== port);
    expect(beats).toHaveLength(1);
    const before = await site.cluster.status(owner);
    const atBeats = { port: beats[0] ?? 0 };
    expect(await floodAsStranger(flooded, strangersFloods["another version"], atBeats)).toBeGreaterThan(sentMin);
    expect((await site.cluster.status(owner))?.dropped["version"]).toBe(before?.dropped["version"]);
  });
});

describe("datagrams as fast as they go, with a member's address on them", () => {
  test("[LIVE-2] they all come in, and nothing moves while the other link is well", async () => {
    const member = site.lab.host(flooded.members[0] ?? "");
    const before = await site.cluster.status(owner);
    await floodAsStranger(flooded, strangersFloods["altered in one bit"], { sources: [member.ip()] });
    const after = await site.cluster.status(owner);
    expect(after?.group.view).toBe(before?.group.view);
    const { stdout } = await site.cluster.hale(owner, ["status"]);
    expect(stdout).toMatch(new RegExp(`wrong key or altered \\d{4,}.*came from ${member.ip()}:`));
  });
});

describe("datagrams as fast as they go on both networks, with a member's addresses on them", () => {
  test.each(Object.entries(forgedFloods))(
    "[LIVE-2] %s: a sample comes in, and the member is heard all the time",
    async (_what, flood) => {
      await expectNoticed("floods of forged addresses", [0, 1], async () => {
        expect(await floodAsMember(flooded, flood)).toBeGreaterThan(sentMin);
      });
    },
  );
});

describe("copies of each member's newest packet as fast as they go on both networks, by who sees all packets", () => {
  test.each([
    ["altered", true],
    ["exact", false],
  ])("[LIVE-2] %s: of each few come in, and the members are heard all the time", async (_what, isAltered) => {
    await expectNoticed("floods of forged addresses", [0, 1], async () => {
      const sent = await floodOnPath(flooded, isAltered);
      expect(sent).toHaveLength(site.lab.networks.length);
      for (const { frames, packets } of sent) {
        expect(packets).toBeGreaterThan(flooded.members.length * 5);
        expect(frames).toBeGreaterThan(20 * packets);
      }
    });
  });
});

test("[LIVE-2] streams of garbage at the port, from a neighbour and from a member's host", async () => {
  const other = site.lab.host(site.cluster.nodes.find((name) => name !== owner) ?? "");
  const target = `TCP:${victim.ip()}:${port}`;
  const pour = `head -c 20000000 /dev/urandom | socat -u - ${target},bind=`;
  // A length that promises much, and then nothing; and more connections than anybody needs.
  const hang = `for i in $(seq 20); do (printf '\\000\\177\\377\\377x'; sleep 2) | socat -u - ${target},bind=`;
  for (const host of [site.lab.client, other]) {
    await host.exec(["sh", "-c", `${pour}${host.ip()}`]);
    await host.exec(["sh", "-c", `${hang}${host.ip()} & done; wait`]);
  }
  expect(await residentKb()).toBeLessThan(residentKbMax);
});

test("[LIVE-2] connections as fast as they go, from two neighbours: a sample is accepted", async () => {
  for (const called of await floodWithCalls(flooded)) expect(called).toBeGreaterThan(500);
  const { network } = (await site.cluster.status(owner)) ?? {};
  expect(network?.["listener: floods of strangers"]).toBeGreaterThan(0);
  expect(network?.["listener: foreign address"]).toBeLessThan(3_000);
});

describe("the daemon's socket", () => {
  test("[LIVE-2] takes garbage, 10 MB of body and 10 MB of header, and answers the next one", async () => {
    await victim.exec(["sh", "-c", `head -c 200000 /dev/urandom | socat -T1 - UNIX-CONNECT:${socket}`]);
    const header = "printf 'GET /v1/status HTTP/1.1\\r\\nX: '; head -c 10000000 /dev/zero | tr '\\0' a";
    await victim.exec(["sh", "-c", `(${header}) | socat -T1 - UNIX-CONNECT:${socket}`]);
    for (const extra of ["-H Expect:", "-H Expect: -H Transfer-Encoding:chunked"]) {
      const post = `head -c 10000000 /dev/zero | curl -s ${extra} -w '%{http_code}' -o /dev/null --unix-socket ${socket} --data-binary @- http://hale/v1/intents`;
      // The answer may come before all is sent; then it is the connection that ends.
      expect((await victim.exec(["sh", "-c", post])).stdout).toMatch(/^(413|000)$/);
    }
    const deep = `yes '[' | head -c 60000 | tr -d '\\n' | curl -s -w '%{http_code}' -o /dev/null --unix-socket ${socket} --data-binary @- http://hale/v1/intents`;
    expect(await victim.run(["sh", "-c", deep])).toBe("400");
    expect((await site.cluster.status(owner))?.group.isQuorate).toBe(true);
  });

  test("[LIVE-2] holds a hundred idle connections and still answers", async () => {
    const idle = Array.from({ length: 100 }, async () =>
      victim.spawn(["socat", "-u", `UNIX-CONNECT:${socket}`, "-"], { name: "idle" }),
    );
    const connections = await Promise.all(idle);
    expect((await site.cluster.status(owner))?.group.isQuorate).toBe(true);
    for (const connection of connections) connection.kill("SIGKILL");
  });
});

/**
 * Whatever was sent: the same life of the same daemon, the same owner without a break, and nobody fenced. The client may miss answers
 * while its own interface is flooded, but none may come from another host.
 */
async function expectUnharmed(): Promise<void> {
  await using looking = watch;
  await using asking = prober;
  await site.cluster.waitForMembers();
  const { outages } = await asking.stop();
  expect(outages.filter(({ from, to }) => from !== owner || to !== owner)).toEqual([]);
  expect(await looking.stop()).toEqual([]);
  expect(await ownedSince()).toBe(since);
  expect(daemon.isRunning).toBe(true);
  expect(await site.ownerOf()).toBe(owner);
  expect(site.lab.fenceDevice.orders).toEqual([]);
}

async function ownedSince(): Promise<number | null | undefined> {
  return (await site.cluster.status(owner))?.services.find((one) => one.service === service)?.since;
}

/** A filter was put before each of the links, the view is the same, and all links to all members are up. */
async function expectNoticed(counter: string, links: readonly number[], flood: () => Promise<void>): Promise<void> {
  const before = await site.cluster.status(owner);
  await flood();
  const after = await site.cluster.status(owner);
  expect(after?.group.view).toBe(before?.group.view);
  // Once for a flood that goes on, and those of one after another do.
  for (const link of links) expect(after?.network[`link ${link}: ${counter}`]).toBeGreaterThan(0);
  for (const member of flooded.members) {
    const states = after?.nodes.find(({ node }) => node === member)?.links.map(({ state }) => state);
    expect(states).toEqual(["up", "up"]);
  }
  expect(await residentKb()).toBeLessThan(residentKbMax);
}

async function residentKb(): Promise<number> {
  const status = await victim.run(["sh", "-c", "cat /proc/$(pgrep -n -f '[h]aled.js')/status"]);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}
