import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody } from "../../model/message.ts";
import { instantMs } from "../../model/units.ts";
import { noView } from "../../model/view.ts";
import { isBestCandidate } from "./best-candidate.ts";
import { longAgo, newPeer, type Peer } from "./peer.ts";

const life = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
const names = ["a", "b", "c", "d", "e"] as NodeId[];

function peer(name: string, hears: string, heardAt = 1_000): Peer {
  const node = name as NodeId;
  const beat: HeartbeatBody = {
    status: "electing",
    promised: noView,
    view: noView,
    coordinator: null,
    members: [],
    hears: (hears.split("") as NodeId[]).map((heard) => ({
      node: heard,
      incarnation: life,
      isHeard: true,
      echo: instantMs(0),
    })),
    delivered: 0,
    committed: 0,
    electorate: { index: 0, voters: [] },
    isBlank: false,
    loopLateMs: 0,
    diskLateMs: 0,
  };
  return { ...newPeer(node, names.indexOf(node)), incarnation: life, heardAt: instantMs(heardAt), beat, hearsMe: true };
}

const best = (self: string, peers: readonly Peer[], excluded = "") =>
  isBestCandidate({
    self: self as NodeId,
    rank: names.indexOf(self as NodeId),
    peers,
    now: instantMs(1_010),
    deadtimeMs: 300,
    keepaliveMs: 100,
    isExcluded: ({ node }) => excluded.includes(node),
  });

describe("[GRP-21] the best candidate", () => {
  test("[GRP-21] is the first by name among those that hear as much", () => {
    expect(best("a", [peer("b", "ac"), peer("c", "ab")])).toBe(true);
    expect(best("b", [peer("a", "bc"), peer("c", "ab")])).toBe(false);
  });

  test("[GRP-21] is a later one that hears more: the centre of a network that is not transitive", () => {
    const silent = { ...newPeer("b" as NodeId, 1), heardAt: longAgo };
    expect(best("a", [silent, peer("c", "ab")])).toBe(false);
    expect(best("c", [peer("a", "c"), peer("b", "c")])).toBe(true);
  });

  test("[GRP-21] does not wait for a claim about a node that has just died", () => {
    const justDead = peer("a", "bc", 700);
    expect(best("b", [justDead, peer("c", "ab")])).toBe(true);
    const longDead = peer("a", "bc", 300);
    expect(best("b", [longDead, peer("c", "ab")])).toBe(false);
  });

  test("[GRP-21] does not wait for one that cannot propose", () => {
    expect(best("b", [peer("a", "bc"), peer("c", "ab")], "a")).toBe(true);
  });
});
