import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { type NodeId, parseDeviceId, parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { longestTimeoutMs } from "../fencing/node-record.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";
import { condemnationOf, type FenceNeed, fenceNeeds } from "./plan.ts";

const [n1, n2, n3] = ["n1", "n2", "n3"].map(parseNodeId) as [NodeId, NodeId, NodeId];
const fencing = { kind: "watchdog", device: "/dev/watchdog", timeoutMs: durationMs(10_000) } as const;

function life(boot: number): Incarnation {
  return makeIncarnation({ boot, startedAt: 0, random: 0 });
}

/** The state after these entries. */
function after(state: ClusterState, ...bodies: readonly EntryBody[]): ClusterState {
  return bodies.reduce((before, body) => {
    const index = before.index + 1;
    const view = { counter: 1, proposer: n1, incarnation: life(1) };
    const id = { origin: n1, incarnation: life(1), sequence: index };
    return applyEntry(before, { index, view, id, at: wallMs(index * 1_000), body }).state;
  }, state);
}

function view(...members: readonly (readonly [NodeId, number])[]): EntryBody {
  const named = members.map(([node, boot]) => ({ node, incarnation: life(boot) }));
  return { kind: "view", coordinator: n1, members: named };
}

const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
const web = parseServiceId("web");
const base: ClusterConfig = {
  cluster: "test",
  heartbeat: {
    keepaliveMs: span,
    warntimeMs: span,
    deadtimeMs: span,
    initdeadMs: span,
    daemonGraceMs: span,
    port: 1,
  },
  nodes: [n1, n2, n3].map((id) => ({ id, addresses: [], fence: [] })),
  quorum: { kind: "majority" },
  fencing,
  services: [
    {
      id: web,
      domain: { nodes: [], ordered: false, restricted: false, failback: false },
      recovery: { policy: "restart", maxRestarts: 1, withinMs: span },
      resources: [{ kind: "lsb", id: resourceId(web, "d"), name: "d", script: "/d", ...times }],
      enabled: true,
    },
  ],
};
const config: EntryBody = {
  kind: "config",
  config: base,
  digest: "one",
  author: "test",
};
const all = view([n1, 1], [n2, 1], [n3, 1]);
const without3 = view([n1, 1], [n2, 1]);
const founded = after(emptyClusterState, all, config);

function armed(state: ClusterState, node: NodeId, boot = 1, timeoutMs = 10_000): EntryBody {
  return {
    kind: "watchdog",
    node,
    incarnation: life(boot),
    config: state.config?.entry ?? 0,
    timeoutMs,
    detail: "dog",
  };
}

function selfFenced(since: number, boot = 1): EntryBody {
  return {
    kind: "self-fenced",
    target: n3,
    incarnation: life(boot),
    by: n1,
    since,
    reason: "its watchdog has reset it",
  };
}

it("[FEN-11] a lost node is off by its watchdog for the stay it was lost from only", () => {
  const lost = after(founded, armed(founded, n3), without3);
  const stay = lost.nodes[n3]?.enteredAt ?? 0;
  expect(fenceNeeds(lost).find(({ target }) => target === n3)).toMatchObject({ means: "watchdog", isAbsent: true });
  expect(after(lost, selfFenced(stay)).nodes[n3]?.off).toBe("self-fenced");
  // What was submitted then and is ordered late meets a node that was back with the same life, and had a lease there.
  const lostAgain = after(lost, all, without3);
  expect(lostAgain.nodes[n3]?.incarnation).toBe(life(1));
  expect(after(lostAgain, selfFenced(stay)).nodes[n3]?.off).toBeNull();
  expect(after(lost, all, selfFenced(stay)).nodes[n3]?.off).toBeNull();
});

it("[FEN-11] the lease that it tells of is kept, and nothing else than a number", () => {
  const word = { ...armed(founded, n3), leaseMs: 20_000 } as EntryBody;
  expect(after(founded, word).nodes[n3]).toMatchObject({ watchdog: { timeoutMs: 10_000 }, leaseMs: 20_000 });
  const odd = { ...armed(founded, n3), leaseMs: "long" } as unknown as EntryBody;
  expect(after(founded, odd).nodes[n3]?.leaseMs).toBeUndefined();
});

// Goal: n3 takes the longer time-out, is cut off before it can say so, and never hears that it was lowered again.
it("[FEN-11] a time-out that was raised and lowered again counts until the node has told its own", () => {
  const timeout = (digest: string, timeoutMs: number): EntryBody => ({
    ...config,
    digest,
    config: { ...base, fencing: { ...fencing, timeoutMs: durationMs(timeoutMs) } },
  });
  const longest = (state: ClusterState): number =>
    longestTimeoutMs(state.nodes[n3]?.watchdog ?? { timeoutMs: 0, detail: "" });
  const raised = after(founded, armed(founded, n3), timeout("two", 60_000));
  expect(longest(raised)).toBe(60_000);
  const lowered = after(raised, timeout("three", 10_000));
  expect(longest(lowered)).toBe(60_000);
  expect(longest(after(lowered, without3, timeout("four", 20_000)))).toBe(60_000);
  // Its word about the time between counts for nothing, its word about now for everything.
  expect(longest(after(lowered, armed(raised, n3)))).toBe(60_000);
  expect(longest(after(lowered, armed(lowered, n3)))).toBe(10_000);
});

it("[FEN-12] a node that has not said in this life that its watchdog is armed waits for an operator", () => {
  for (const state of [
    after(founded, without3),
    after(founded, armed(founded, n3, 1, 0), without3),
    after(founded, armed(founded, n3), view([n1, 1], [n2, 1], [n3, 2]), without3),
    after(founded, armed(founded, n3, 2), without3),
  ]) {
    expect(fenceNeeds(state).find(({ target }) => target === n3)?.means).toBe("none");
    const stay = state.nodes[n3]?.enteredAt ?? 0;
    expect(after(state, selfFenced(stay), selfFenced(stay, 2)).nodes[n3]?.off).toBeNull();
  }
});

it("[FEN-12] a word about an earlier configuration counts for nothing, nor one from before there were watchdogs", () => {
  const word = armed(founded, n3);
  const reloaded = after(founded, { ...config, digest: "two" });
  expect(after(reloaded, word).nodes[n3]?.watchdog).toBeNull();
  const off: EntryBody = {
    ...config,
    digest: "three",
    config: { ...base, fencing: { kind: "none", assumeOffAfterMs: span } },
  };
  expect(after(founded, word, off).nodes[n3]?.watchdog).toBeNull();
});

it("[FEN-13] a member that is to be fenced feeds its watchdog no more, when it has one", () => {
  const wish: EntryBody = { kind: "intent", intent: { kind: "fence-node", node: n3 }, author: "root" };
  expect(condemnationOf(after(founded, armed(founded, n3), wish), n3)).toBeDefined();
  expect(condemnationOf(after(founded, armed(founded, n3)), n3)).toBeUndefined();
  expect(condemnationOf(after(founded, wish), n3)).toBeUndefined();
});

// Goal: n3 has a device and then its watchdog; what holds between the two.
describe("[FEN-23] a watchdog after the devices", () => {
  const pdu = parseDeviceId("pdu");
  const device = { id: pdu, agent: "fence_pdu", parameters: {}, timeoutMs: span };
  const watchdog = { device: "/dev/watchdog", timeoutMs: durationMs(10_000) };
  const withLevels: ClusterConfig = {
    ...base,
    fencing: { kind: "devices", devices: [device], watchdog },
    nodes: [n1, n2, n3].map((id) => {
      const node = { id, addresses: [], fence: [[{ device: pdu, plug: id }]] };
      return id === n3 ? { ...node, watchdog: true as const } : node;
    }),
  };
  const begun = after(emptyClusterState, all, { ...config, config: withLevels });
  const wish: EntryBody = { kind: "intent", intent: { kind: "fence-node", node: n3 }, author: "root" };
  const attempt = (number: number, confirmed = false): readonly EntryBody[] => {
    const what = { target: n3, incarnation: life(1), by: n1, attempt: number, reason: "test" };
    return [
      { kind: "fence-begun", ...what },
      { kind: "fence-result", ...what, confirmed, devices: confirmed ? [pdu] : [] },
    ];
  };
  const needOf = (state: ClusterState): FenceNeed | undefined => fenceNeeds(state).find(({ target }) => target === n3);

  it("is not counted on before all devices have failed, and then besides them", () => {
    const lost = after(begun, armed(begun, n3), without3);
    expect(needOf(lost)).toMatchObject({ means: "device", isResetting: false });
    expect(needOf(after(lost, ...attempt(1)))).toMatchObject({ means: "device", isResetting: true });
    const stay = lost.nodes[n3]?.enteredAt ?? 0;
    expect(after(lost, ...attempt(1), selfFenced(stay)).nodes[n3]?.off).toBe("self-fenced");
    expect(after(lost, ...attempt(1), ...attempt(2, true)).nodes[n3]?.off).toBe("fenced");
  });

  it("[FEN-12] is not counted on where the node has not said that it is armed, or has none by the configuration", () => {
    const lost = after(begun, without3, ...attempt(1));
    expect(needOf(lost)).toMatchObject({ means: "device", isResetting: false });
    expect(after(lost, selfFenced(lost.nodes[n3]?.enteredAt ?? 0)).nodes[n3]?.off).toBeNull();
    expect(after(begun, armed(begun, n2)).nodes[n2]?.watchdog).toBeNull();
    const word = after(begun, armed(begun, n3));
    const { watchdog: _, ...fencedBy } = withLevels.fencing as Extract<ClusterConfig["fencing"], { kind: "devices" }>;
    const without = { ...config, digest: "two", config: { ...withLevels, fencing: fencedBy } };
    expect(after(word, without).nodes[n3]?.watchdog).toBeNull();
  });

  it("[FEN-13] a member that is to be fenced feeds it until its devices have failed, and again for the next need", () => {
    const wanted = after(begun, armed(begun, n3), wish);
    expect(condemnationOf(wanted, n3)).toBeUndefined();
    const failed = after(wanted, ...attempt(1));
    expect(condemnationOf(failed, n3)).toBeDefined();
    // It has lived anew: what is asked for later begins with the devices.
    const back = view([n1, 1], [n2, 1], [n3, 2]);
    const again = after(failed, without3, back);
    expect(condemnationOf(after(again, armed(again, n3, 2), wish), n3)).toBeUndefined();
  });
});
