import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody } from "../../model/message.ts";
import { instantMs, never } from "../../model/units.ts";
import { noView } from "../../model/view.ts";
import { hearBeat, isOutdated } from "./hear-beat.ts";
import { isHeard, isTwoWay, newPeer } from "./peer.ts";

const life = (boot: number) => makeIncarnation({ boot, startedAt: 0, random: 0 });
const me = { node: "a" as NodeId, incarnation: life(7) };
const peer = newPeer("b" as NodeId, 1);

function beat(heardLife: number | null, isHeardByIt = true): HeartbeatBody {
  const hears =
    heardLife === null
      ? []
      : [{ node: me.node, incarnation: life(heardLife), isHeard: isHeardByIt, echo: instantMs(5) }];
  return {
    status: "electing",
    promised: noView,
    view: noView,
    coordinator: null,
    members: [],
    hears,
    delivered: 0,
    committed: 0,
    electorate: { index: 0, voters: [] },
    isBlank: false,
    loopLateMs: 0,
    diskLateMs: 0,
  };
}

const heard = (boot: number, sentAt: number, arrivedAt: number, body = beat(7)) => ({
  incarnation: life(boot),
  sentAt: instantMs(sentAt),
  arrivedAt: instantMs(arrivedAt),
  body,
});

describe("hearBeat", () => {
  test("[GRP-1] a heartbeat not sent after the last one of its life is dropped", () => {
    const first = hearBeat(peer, heard(1, 100, 10), me);
    expect(hearBeat(first, heard(1, 100, 20), me)).toBe(first);
    expect(hearBeat(first, heard(1, 90, 20), me)).toBe(first);
    expect(hearBeat(first, heard(1, 101, 20), me).heardAt).toBe(20);
  });

  test("[GRP-1] an older life is dropped, a newer one starts afresh", () => {
    const first = hearBeat(peer, heard(2, 100, 10), me);
    expect(hearBeat(first, heard(1, 500, 20), me)).toBe(first);
    const next = hearBeat(first, heard(3, 1, 20), me);
    expect(next.sentAt).toBe(1);
    expect(next.incarnation).toBe(life(3));
  });

  test("[GRP-1] a life that has left is not heard again", () => {
    const gone = { ...hearBeat(peer, heard(2, 100, 10), me), gone: life(2) };
    expect(isOutdated(gone, life(2))).toBe(true);
    expect(isHeard(gone, instantMs(11), 100)).toBe(false);
    expect(isOutdated(gone, life(3))).toBe(false);
  });

  test("[GRP-4] it proves life at its arrival, and never earlier than is known", () => {
    const first = hearBeat(peer, heard(1, 100, 50), me);
    expect(hearBeat(first, heard(1, 101, 40), me).heardAt).toBe(50);
  });

  test.each([
    ["this life of ours, heard", beat(7), true],
    ["this life of ours, not heard", beat(7, false), false],
    ["an earlier life of ours", beat(6), false],
    ["nothing of us", beat(null), false],
  ])("[GRP-3] a neighbour hears both ways when it hears %s", (_, body, isNeighbour) => {
    const known = hearBeat(peer, heard(1, 100, 50, body), me);
    expect(isTwoWay(known, instantMs(51), 100)).toBe(isNeighbour);
    expect(known.deafSince === never).toBe(isNeighbour);
  });

  test("[GRP-3] silence for deadtime ends it, to the millisecond", () => {
    const known = hearBeat(peer, heard(1, 100, 50), me);
    expect(isTwoWay(known, instantMs(149), 100)).toBe(true);
    expect(isTwoWay(known, instantMs(150), 100)).toBe(false);
  });
});
