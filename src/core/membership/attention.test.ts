import { expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { instantMs, never } from "../../model/units.ts";
import { forgivePause, noteTwoWay } from "./attention.ts";
import { newPeer } from "./peer.ts";

const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });
const alive = { ...newPeer("b" as NodeId, 1), incarnation, heardAt: instantMs(1_000), hearsMe: true };

test("[GRP-4] after a pause of more than half the deadtime, who was alive gets a fresh one", () => {
  const [forgiven] = forgivePause([alive], instantMs(1_100), instantMs(5_000), 400);
  expect(forgiven?.heardAt).toBe(5_000);
});

test("[GRP-4] who was dead before the pause stays dead, and a short pause changes nothing", () => {
  const peers = [alive];
  expect(forgivePause(peers, instantMs(1_400), instantMs(5_000), 400)[0]?.heardAt).toBe(1_000);
  expect(forgivePause(peers, instantMs(1_100), instantMs(1_300), 400)).toBe(peers);
});

test("since when a neighbour is heard both ways is noted once", () => {
  const noted = noteTwoWay([alive], instantMs(1_200), 400);
  expect(noted[0]?.twoWaySince).toBe(1_200);
  expect(noteTwoWay(noted, instantMs(1_300), 400)).toBe(noted);
  expect(noteTwoWay(noted, instantMs(1_400), 400)[0]?.twoWaySince).toBe(never);
});
