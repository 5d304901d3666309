import { parentPort, workerData } from "node:worker_threads";
import { startBeatLoop } from "../adapters/beat-thread/beat-loop.ts";
import type { BeatThreadData, FromBeatThread, ToBeatThread } from "../adapters/beat-thread/beat-thread-messages.ts";
import { SharedContent } from "../adapters/beat-thread/shared-content.ts";
import { openClock } from "../adapters/clock/system-clock.ts";
import { raiseThisThread } from "../adapters/native/real-time.ts";
import { ownMeans, RealTimeBudget } from "../adapters/native/real-time-budget.ts";
import { makeTarget, type Target } from "../adapters/network/datagram-socket.ts";
import { UdpLink } from "../adapters/network/udp-link.ts";
import { Counters } from "../model/counters.ts";
import type { LinkId } from "../model/ids.ts";
import { after, type InstantMs } from "../model/units.ts";
import { Sealer } from "../wire/sealer.ts";
import type { HeartbeatSetup } from "./heartbeat-setup.ts";

// The entry of the heartbeat thread: seals what the main loop last said and sends it on every link, every keepalive.

const checkEveryMs = 1_000;

const data = workerData as BeatThreadData;
const setup = data.setup as HeartbeatSetup;
const { clock } = openClock();
const content = new SharedContent(data.memory);
const counters = new Counters();
const sealer = new Sealer({ ...setup, channel: "heartbeat", usedSequences: content.beats });
const own = setup.nodes.find((node) => node.id === setup.self)?.addresses ?? [];
const now = (): InstantMs => clock.now();
// Ports of its own: who sent a packet is read in it, not seen on it.
const links = own.map((address, index) => {
  return new UdpLink({ link: index as LinkId, address, port: 0, counters, now, receive: null, peers: new Map() });
});
let ways = waysTo(setup.nodes);

// The first beat may be long after the start: addresses may come late.
let checkedAt = after(clock.now(), -checkEveryMs);
let countersTold = "{}";
const notRaised = raiseThisThread();
if (notRaised !== null) tell({ kind: "note", text: `heartbeats without real-time scheduling: ${notRaised}` });
await Promise.all(links.map((link) => link.open()));
const budget = new RealTimeBudget(
  ownMeans((text) => tell({ kind: "note", text })),
  clock.now(),
);
const loop = startBeatLoop({
  content,
  clock,
  ...(setup.isDaemonRaised ? { onTurn: (now: InstantMs) => budget.look(now) } : {}),
  keepaliveMs: setup.keepaliveMs,
  silentAfterMs: setup.silentAfterMs,
  send: (encoded, sentAt) => {
    const bytes = sealer.sealHeartbeat(encoded, sentAt);
    for (const { link, target } of ways) link?.send(target, bytes);
    if (sentAt - checkedAt >= checkEveryMs) check(sentAt);
  },
});
parentPort?.on("message", (message: ToBeatThread) => {
  if (message.kind === "beat") return loop.beatNow();
  const { keys, nodes } = message.setup as HeartbeatSetup;
  sealer.useKeys(keys);
  ways = waysTo(nodes);
});
loop.beatNow();
tell({ kind: "ready" });

/** From each own address to the one that it is linked with, of every other node. */
function waysTo(
  nodes: HeartbeatSetup["nodes"],
): readonly { readonly link: UdpLink | undefined; readonly target: Target }[] {
  return nodes
    .filter((node) => node.id !== setup.self)
    .flatMap((node) =>
      node.addresses.map((address, link) => ({ link: links[link], target: makeTarget(address, setup.port) })),
    );
}

/** Looks after the links, and tells the daemon when counters have changed. With a beat: a timer of its own would cost a waking. */
function check(now: InstantMs): void {
  checkedAt = now;
  void Promise.all(links.map((link) => link.check()));
  const all = counters.all();
  const text = JSON.stringify(all);
  if (text !== countersTold) tell({ kind: "counters", counters: all });
  countersTold = text;
}

function tell(message: FromBeatThread): void {
  parentPort?.postMessage(message);
}
