import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attackCommand, onPathAttackCommand } from "../../lab/attack/attack-command.ts";
import type { AttackPlan } from "../../lab/attack/attacker-main.ts";
import { capturePackets } from "../../lab/attack/captured-packets.ts";
import { changed, oversizedLengths, sealedWith, truncated } from "../../lab/attack/spoiled-packets.ts";
import type { HostProcess } from "../../lab/host-process.ts";
import type { LabHost } from "../../lab/host.ts";
import type { Prober } from "../../lab/prober.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";
import type { CallPlan } from "./caller-main.ts";
import type { HolderWatch } from "../../lab/holder-watch.ts";

const port = 6940;
const waitMs = 30_000;
const floodMs = 1_500;
/** Of a processor, what a flood of strangers may cost the daemon: it costs 0.04, and without a filter 0.6. */
const costMax = 0.5;
const otherKey = "auth 1\n1 hmac-sha256 a-secret-of-somebody-else\n";
const unknownKey = "auth 9\n9 hmac-sha256 a-secret-of-somebody-else\n";
const socket = "/run/hale/haled.sock";
const runner = new URL("../../scripts/run.mjs", import.meta.url).pathname;
const caller = new URL("./caller-main.ts", import.meta.url).pathname;

let site: AddressSite;
let owner: string;
/** Since when it has the service, as it says itself. */
let since: number | null | undefined;
let victim: LabHost;
let daemon: HostProcess;
let prober: Prober;
let watch: HolderWatch;
/** Packets of the cluster as they were on the wire. */
let captured: readonly Buffer[];

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3", "mallory"], nodes: ["n1", "n2", "n3"] });
  owner = await site.ownerOf();
  since = await ownedSince();
  victim = site.lab.host(owner);
  daemon = site.cluster.daemon(owner);
  captured = await capturePackets(site.lab, port);
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
    ["garbage", () => Array.from({ length: 50 }, (_, index) => randomBytes(index * 25)), "not hale's"],
    ["altered in one bit", () => captured.map((packet) => changed(packet, packet.length - 1)), "wrong key or altered"],
    ["truncated anywhere", () => truncated(captured), "not hale's"],
    [
      "sealed with another key, of a number that is known or not",
      () => sealedWith(captured, owner, [otherKey, unknownKey]),
      "unknown key number \\d+, wrong key or altered",
    ],
    ["another version", () => captured.map((packet) => changed(packet, 2)), "another version"],
    ["another cluster", () => captured.map((packet) => changed(packet, 30)), "another cluster"],
  ])("[LIVE-2] %s: refused, told in the status, cheap", async (_what, payloads, told) => {
    expect(await flood(payloads())).toBeLessThan(costMax);
    const { stdout } = await site.cluster.hale(owner, ["status"]);
    expect(stdout).toMatch(
      new RegExp(`! packets refused in the last minute: .*${told} \\d+.*came from ${site.lab.client.ip()}:`),
    );
  });

  test("[LIVE-2] longer than anything hale sends, up to what UDP can carry: refused, cheap", async () => {
    expect(await flood(captured, { lengths: oversizedLengths })).toBeLessThan(costMax);
  });

  test("[LIVE-2] repeated packets of the cluster itself: nothing happens twice, and nobody is alarmed", async () => {
    const before = await site.cluster.status(owner);
    expect(await flood(captured)).toBeLessThan(costMax);
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
    expect(await flood(captured, { port: beats[0] ?? 0 })).toBeLessThan(costMax);
  });
});

describe("datagrams as fast as they go, with a member's address on them", () => {
  test("[LIVE-2] they all come in, and nothing moves while the other link is well", async () => {
    const member = site.lab.host(site.cluster.nodes.find((name) => name !== owner) ?? "");
    const before = await site.cluster.status(owner);
    await flood(
      captured.map((packet) => changed(packet, packet.length - 1)),
      { sources: [member.ip()] },
    );
    const after = await site.cluster.status(owner);
    expect(after?.group.view).toBe(before?.group.view);
    const { stdout } = await site.cluster.hale(owner, ["status"]);
    expect(stdout).toMatch(new RegExp(`wrong key or altered \\d{4,}.*came from ${member.ip()}:`));
  });
});

describe("datagrams as fast as they go on both networks, with a member's addresses on them", () => {
  test.each([
    ["garbage", () => Array.from({ length: 50 }, (_, index) => randomBytes(index * 25))],
    // All is right but the random part of the incarnation, which nobody knows who has not seen the member's packets.
    ["packets that look like the member's", () => captured.map((packet) => changed(packet, 16))],
    ["the member's own, truncated anywhere", () => truncated(captured)],
    ["what the member says, sealed with other keys", () => sealedWith(captured, owner, [otherKey, unknownKey])],
    ["the member's own, filled up to what UDP can carry", () => captured, oversizedLengths],
  ])(
    "[LIVE-2] %s: a sample comes in, cheap, and the member is heard all the time",
    async (_what, payloads, lengths = []) => {
      const member = site.lab.host(site.cluster.nodes.find((name) => name !== owner) ?? "");
      const networks = site.lab.networks.map(({ name }) => name);
      const before = await site.cluster.status(owner);
      const cost = await flood(payloads(), {
        from: site.lab.host("mallory"),
        targets: networks.map((network) => victim.ip(network)),
        sources: networks.map((network) => member.ip(network)),
        ...(lengths.length > 0 ? { lengths } : {}),
      });
      expect(cost).toBeLessThan(costMax);
      const after = await site.cluster.status(owner);
      expect(after?.group.view).toBe(before?.group.view);
      for (const link of [0, 1]) expect(after?.network[`link ${link}: floods of forged addresses`]).toBeGreaterThan(0);
      const links = after?.nodes.find(({ node }) => node === member.name)?.links ?? [];
      expect(links.map(({ state }) => state)).toEqual(["up", "up"]);
    },
  );
});

describe("copies of each member's newest packet as fast as they go on both networks, by who sees all packets", () => {
  test.each([
    ["altered", true],
    ["exact", false],
  ])("[LIVE-2] %s: of each few come in, cheap, and the members are heard all the time", async (_what, isAltered) => {
    const before = await site.cluster.status(owner);
    const cost = await floodOnPath(isAltered);
    const after = await site.cluster.status(owner);
    expect(after?.group.view).toBe(before?.group.view);
    expect(cost).toBeLessThan(costMax);
    for (const link of [0, 1]) expect(after?.network[`link ${link}: floods of forged addresses`]).toBeGreaterThan(0);
    for (const member of site.cluster.nodes.filter((name) => name !== owner)) {
      const links = after?.nodes.find(({ node }) => node === member)?.links ?? [];
      expect(links.map(({ state }) => state)).toEqual(["up", "up"]);
    }
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
  expect(await residentKb()).toBeLessThan(400_000);
});

test("[LIVE-2] connections as fast as they go, from two neighbours: a sample is accepted, cheap", async () => {
  const plan: CallPlan = { target: victim.ip(), port, forMs: floodMs };
  const before = await usedMs();
  const callers = await Promise.all(
    [site.lab.client, site.lab.host("mallory")].map(async (host) => {
      return host.spawn([process.execPath, runner, caller, JSON.stringify(plan)]);
    }),
  );
  for (const one of callers)
    expect(Number((await one.waitForOutput(/^called (\d+)$/m, waitMs))[1])).toBeGreaterThan(500);
  expect(((await usedMs()) - before) / floodMs).toBeLessThan(costMax);
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

interface FloodOptions extends Pick<Partial<AttackPlan>, "lengths" | "port" | "sources" | "targets"> {
  /** Default: the client, which is on the first network alone. */
  readonly from?: LabHost;
}

/** @returns what it cost the daemon, as a part of a processor */
async function flood(
  payloads: readonly Buffer[],
  { from = site.lab.client, ...how }: FloodOptions = {},
): Promise<number> {
  const plan: AttackPlan = {
    targets: [victim.ip()],
    port,
    forMs: floodMs,
    payloads: payloads.map((payload) => payload.toString("base64")),
    ...how,
  };
  const before = await usedMs();
  const attack = await from.spawn(attackCommand(plan));
  const [, sent] = await attack.waitForOutput(/^sent (\d+)$/m, waitMs);
  expect(Number(sent)).toBeGreaterThan(1_000);
  const used = (await usedMs()) - before;
  expect(await residentKb()).toBeLessThan(400_000);
  return used / floodMs;
}

/** An attacker on each network. @returns as `flood` */
async function floodOnPath(isAltered: boolean): Promise<number> {
  const others = site.cluster.nodes.filter((name) => name !== owner).map((name) => site.lab.host(name));
  const attacks = site.lab.networks.map(({ name }) => {
    const members = others.map((member) => member.ip(name));
    const plan = { device: name, members, victim: victim.ip(name), port, forMs: floodMs, isAltered };
    return onPathAttackCommand(plan);
  });
  const before = await usedMs();
  const told = await site.lab.inSwitch(`{ ${attacks.map((attack) => `(${attack}) &`).join(" ")} wait; }`);
  const used = (await usedMs()) - before;
  const sent = [...told.matchAll(/^sent (\d+) of (\d+)$/gm)].map(([, frames, packets]) =>
    [frames, packets].map(Number),
  );
  expect(sent).toHaveLength(attacks.length);
  for (const [frames = 0, packets = 0] of sent) {
    expect(packets).toBeGreaterThan(others.length * 5);
    expect(frames).toBeGreaterThan(20 * packets);
  }
  expect(await residentKb()).toBeLessThan(400_000);
  return used / floodMs;
}

/** Processor time of the victim's daemon so far. */
async function usedMs(): Promise<number> {
  const text = await victim.run(["sh", "-c", "cat /proc/$(pgrep -n -f '[h]aled.js')/stat; getconf CLK_TCK"]);
  const [stat = "", ticksPerSecond = ""] = text.trim().split("\n");
  // Behind the name, which may hold blanks, from the third field on: utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / Number(ticksPerSecond);
}

async function residentKb(): Promise<number> {
  const status = await victim.run(["sh", "-c", "cat /proc/$(pgrep -n -f '[h]aled.js')/status"]);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}
