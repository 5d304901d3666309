import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { UdpLink } from "../../src/adapters/network/udp-link.ts";
import { KeyRing } from "../../src/main/key-ring.ts";
import { startHeartbeat } from "../../src/main/start-heartbeat.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { Counters } from "../../src/model/counters.ts";
import { parseLinkId, parseNodeId } from "../../src/model/ids.ts";
import { makeIncarnation } from "../../src/model/incarnation.ts";
import { after, durationMs } from "../../src/model/units.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { parseKeys } from "../../src/wire/keys.ts";
import { Opener } from "../../src/wire/opener.ts";
import { type Beat, beaterContract, type BeaterHarness } from "./beater.contract.ts";
import { findFreePort } from "./free-port.ts";

const keepaliveMs = 20;
const deadtimeMs = 600;
const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-that-is-long-enough");
const [self, peer] = [parseNodeId("serv1"), parseNodeId("serv2")];
const addresses = { own: ["127.2.1.1", "127.2.2.1"], peer: ["127.2.1.2", "127.2.2.2"] };

// A worker cannot be started from TypeScript, so it is bundled as the build does; inside the project, where koffi is found.
const file = join(import.meta.dirname, "..", "..", "node_modules", ".cache", `heartbeat-worker-${process.pid}.mjs`);

beforeAll(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "..", "..", "src", "main", "heartbeat-worker.ts")],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["koffi"],
    logLevel: "silent",
  });
});

afterAll(() => rm(file, { force: true }));

beaterContract("thread and UDP", async () => {
  const { clock } = openClock();
  const port = await findFreePort();
  const beats: Beat[] = [];
  const ears = await listen(clock, port, beats);
  const beater = startHeartbeat({
    config: configOn(port),
    keyRing: new KeyRing(keys),
    self,
    incarnation: makeIncarnation({ boot: 1, startedAt: 1, random: 1 }),
    clock,
    isDaemonRaised: false,
    onNote: () => undefined,
    onGivenUp: (reason) => {
      throw new Error(reason);
    },
    script: pathToFileURL(file),
  });
  return {
    beater,
    keepaliveMs,
    silentAfterMs: deadtimeMs / 2,
    beats,
    peers: [{ id: peer, addresses: addresses.peer }],
    now: () => clock.now(),
    until: async (condition) => {
      while (!condition()) await pass(clock, 1);
    },
    pass: (spanMs) => pass(clock, spanMs),
    dispose: async () => {
      await beater.stop();
      await Promise.all(ears.map((ear) => ear.close()));
    },
  } satisfies BeaterHarness;
});

function pass(clock: Clock, spanMs: number): Promise<void> {
  return new Promise((done) => void clock.wakeAt(after(clock.now(), spanMs), done));
}

/** The peer's ears on both links; the second copy of each beat is a replay and does not count. */
async function listen(clock: Clock, port: number, beats: Beat[]): Promise<readonly UdpLink[]> {
  const opener = new Opener({ cluster: "office", keys, self: peer, nodes: [self, peer] });
  const receive = (bytes: Uint8Array): void => {
    const opened = opener.open(bytes, "datagram");
    if (!opened.ok || opened.channel !== "heartbeat" || opened.packet.message.kind !== "heartbeat") return;
    beats.push({ body: opened.packet.message, arrivedAt: clock.now() });
  };
  const ears = addresses.peer.map((address, index) => {
    const link = parseLinkId(index);
    const peers = new Map(addresses.own.map((own) => [own, []]));
    return new UdpLink({ link, address, port, counters: new Counters(), now: () => clock.now(), receive, peers });
  });
  for (const ear of ears) await ear.open();
  return ears;
}

function configOn(port: number): ClusterConfig {
  return {
    cluster: "office",
    heartbeat: {
      port,
      keepaliveMs: durationMs(keepaliveMs),
      warntimeMs: durationMs(3 * keepaliveMs),
      deadtimeMs: durationMs(deadtimeMs),
      initdeadMs: durationMs(30_000),
      daemonGraceMs: durationMs(10_000),
    },
    nodes: [
      { id: self, addresses: addresses.own, fence: [] },
      { id: peer, addresses: addresses.peer, fence: [] },
    ],
    quorum: { kind: "majority" },
    fencing: { kind: "none", assumeOffAfterMs: durationMs(60_000) },
    services: [],
  };
}
