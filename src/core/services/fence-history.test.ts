import { expect, it } from "vitest";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { type NodeId, parseDeviceId, parseNodeId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { fencePastsMax, noFence } from "../fencing/fence-record.ts";
import { applyEntry } from "./apply-entry.ts";
import { isClusterState } from "./cluster-machine.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";
import { explainFences } from "./explain-fences.ts";

const [n1, n2, n3] = ["n1", "n2", "n3"].map(parseNodeId) as [NodeId, NodeId, NodeId];
const pdu = parseDeviceId("pdu");

function life(boot: number): Incarnation {
  return makeIncarnation({ boot, startedAt: 0, random: 0 });
}

/** The state after these entries, one a second. */
function after(state: ClusterState, ...bodies: readonly EntryBody[]): ClusterState {
  return bodies.reduce((before, body) => {
    const index = before.index + 1;
    const view = { counter: 1, proposer: n1, incarnation: life(1) };
    const id = { origin: n1, incarnation: life(1), sequence: index };
    return applyEntry(before, { index, view, id, at: wallMs(index * 1_000), body }).state;
  }, state);
}

function view(...members: readonly NodeId[]): EntryBody {
  const named = members.map((node) => ({ node, incarnation: life(1) }));
  return { kind: "view", coordinator: n1, members: named };
}

const span = durationMs(1_000);
const heartbeat = { keepaliveMs: span, warntimeMs: span, deadtimeMs: span, initdeadMs: span, daemonGraceMs: span };
const config: ClusterConfig = {
  cluster: "test",
  heartbeat: { ...heartbeat, port: 1 },
  nodes: [n1, n2, n3].map((id) => ({ id, addresses: [], fence: [[{ device: pdu }]] })),
  quorum: { kind: "majority" },
  fencing: { kind: "devices", devices: [{ id: pdu, agent: "fence", parameters: {}, timeoutMs: span }] },
  services: [],
};
const base: EntryBody = { kind: "config", config, digest: "d", author: "" };
/** Two members and a lost one; the next entry is the fourth. */
const lost = wished(after(emptyClusterState, base, view(n1, n2, n3), view(n1, n2)));
const fence = { target: n3, incarnation: life(1), by: n1 };

/** It need be fenced although it runs nothing. */
function wished(state: ClusterState): ClusterState {
  return { ...state, fences: { [n3]: { ...noFence(n3), wish: { incarnation: life(1), reason: "it is lost" } } } };
}

function begun(attempt: number, reason = "it is lost"): EntryBody {
  return { kind: "fence-begun", ...fence, attempt, reason };
}

function ended(attempt: number, confirmed: boolean, reason: string): EntryBody {
  return { kind: "fence-result", ...fence, attempt, confirmed, devices: confirmed ? [pdu] : [], reason };
}

it("[FEN-15] tells who did what to whom, when, why, by which devices and with which result", () => {
  const state = after(
    lost,
    begun(1),
    ended(1, false, "pdu: no answer"),
    begun(2),
    ended(2, true, "confirmed off by pdu"),
  );
  expect(explainFences(state)).toEqual([
    {
      target: n3,
      by: n1,
      result: "confirmed",
      means: "devices",
      devices: [pdu],
      why: "it is lost",
      reason: "confirmed off by pdu",
      startedAt: 6_000,
      endedAt: 7_000,
      attempt: 2,
      times: 1,
      entry: 7,
    },
    expect.objectContaining({ result: "failed", reason: "pdu: no answer", startedAt: 4_000, endedAt: 5_000, times: 1 }),
  ]);
});

it("[FEN-15] shows an attempt that is under way, and one that was given up with its performer", () => {
  expect(explainFences(after(lost, begun(1)))).toMatchObject([
    { result: "under way", startedAt: 4_000, endedAt: null },
  ]);
  expect(explainFences(after(lost, begun(1), view(n2)))).toMatchObject([
    { result: "failed", reason: "void: n1, which did it, is gone", by: n1, startedAt: 4_000, endedAt: 5_000 },
  ]);
});

it("[FEN-15] counts attempts that fail alike, so that they do not push out what was before", () => {
  let state = after(lost, begun(1), ended(1, false, "login denied"));
  for (let attempt = 2; attempt <= 100; attempt += 1)
    state = after(state, begun(attempt), ended(attempt, false, "pdu: no answer"));
  expect(explainFences(state)).toMatchObject([
    { reason: "pdu: no answer", times: 99, attempt: 100, startedAt: 6_000 },
    { reason: "login denied", times: 1 },
  ]);
});

it("[FEN-15] is bounded", () => {
  let state = lost;
  for (let attempt = 1; attempt <= 50; attempt += 1)
    state = after(state, begun(attempt), ended(attempt, false, `problem ${attempt}`));
  expect(explainFences(state)).toHaveLength(fencePastsMax);
  expect(explainFences(state)[0]).toMatchObject({ reason: "problem 50" });
});

it("[FEN-15] tells of a fence that no entry announced, and of an operator's word", () => {
  const race = after(lost, ended(0, true, "confirmed off by pdu"));
  expect(explainFences(race)).toMatchObject([{ means: "race", startedAt: null, endedAt: 4_000, result: "confirmed" }]);
  const sworn = after(lost, { kind: "intent", intent: { kind: "confirm-off-node", node: n3 }, author: "eva" });
  expect(explainFences(sworn)).toMatchObject([{ means: "operator", reason: "confirmed off by eva", devices: [] }]);
});

it("[FEN-15] goes on from a state of a version that kept no history", () => {
  const old = after(lost, begun(1));
  const fences = Object.values(old.fences).map((record) => [record.target, { ...record, history: undefined }]);
  const restored = JSON.parse(JSON.stringify({ ...old, fences: Object.fromEntries(fences) as object })) as ClusterState;
  expect(isClusterState(restored, restored.index)).toBe(true);
  expect(explainFences(after(restored, ended(1, true, "done")))).toMatchObject([{ result: "confirmed" }]);
});

// Goal: the word of a node that lives on, and a word that was on its way when its power went.
it("[FEN-24] a member says that it lives on by the entry that it has read, and by no earlier one", () => {
  const members = after(emptyClusterState, base, view(n1, n2, n3));
  const wish: EntryBody = { kind: "intent", intent: { kind: "fence-node", node: n3 }, author: "root" };
  const off = after(members, wish, begun(1), ended(1, true, "confirmed off by pdu"));
  const word = (since: number, boot = 1): EntryBody => ({ kind: "lives-on", node: n3, incarnation: life(boot), since });
  expect(off.nodes[n3]).toMatchObject({ off: "fenced", offAt: off.index, isMember: true });
  expect(after(off, word(off.index - 1)).nodes[n3]?.off).toBe("fenced");
  expect(after(off, word(off.index, 2)).nodes[n3]?.off).toBe("fenced");
  const alive = after(off, word(off.index));
  expect(alive.nodes[n3]).toMatchObject({ off: null, isMember: true, enteredAt: alive.index });
  expect(explainFences(alive)[0]).toMatchObject({ result: "failed", by: n1, why: "its fence was confirmed" });
  // Gone from the view it is off, and nobody's word changes that.
  const gone = after(off, view(n1, n2));
  expect(after(gone, word(off.index)).nodes[n3]?.off).toBe("fenced");
  // The device is not believed about this life again.
  const again = after(alive, wish, begun(2), ended(2, true, "confirmed off by pdu"));
  expect(again.nodes[n3]?.off).toBeNull();
  expect(explainFences(again)[0]?.reason).toContain("pdu: confirmed, which is not believed");
});
