import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NodeId } from "../../src/model/ids.ts";
import type { HeartbeatBody } from "../../src/model/message.ts";
import type { RosterNode } from "../../src/model/roster.ts";
import type { InstantMs } from "../../src/model/units.ts";
import { noView } from "../../src/model/view.ts";
import type { Beater } from "../../src/ports/beater.ts";

/** One heartbeat as a peer received it. */
export interface Beat {
  readonly body: HeartbeatBody & { readonly sentAt: InstantMs };
  readonly arrivedAt: InstantMs;
}

/** A beater, and a peer that hears it. Both use one clock. */
export interface BeaterHarness {
  readonly beater: Beater;
  readonly keepaliveMs: number;
  readonly silentAfterMs: number;
  readonly beats: readonly Beat[];
  /** Who hears it. */
  readonly peers: readonly RosterNode[];
  now(): InstantMs;
  /** Lets things happen until `condition` holds. Rejects when it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets so much time pass. */
  pass(spanMs: number): Promise<void>;
  dispose(): Promise<void>;
}

/** Says it as a daemon does, again and again: on a busy machine a thread takes longer to start than it goes on without a word. */
function saying(harness: BeaterHarness, delivered: number, condition: () => boolean): Promise<void> {
  return harness.until(() => {
    if (condition()) return true;
    harness.beater.set(bodyOf(delivered), false);
    return false;
  });
}

/** What every beater promises. */
export function beaterContract(name: string, makeHarness: () => Promise<BeaterHarness>): void {
  describe(`beater: ${name}`, () => {
    let harness: BeaterHarness;
    beforeEach(async () => {
      harness = await makeHarness();
    });
    afterEach(() => harness.dispose());

    test("says nothing before it was told anything", async () => {
      await harness.beater.ready();
      await harness.pass(3 * harness.keepaliveMs);
      expect(harness.beats).toEqual([]);
    });

    test("repeats the last content with the time of each sending", async () => {
      const { beats } = harness;
      const toldAt = harness.now();
      await saying(harness, 1, () => beats.length >= 3);
      for (const { body, arrivedAt } of beats) {
        expect(body).toMatchObject(bodyOf(1));
        expect(body.sentAt).toBeGreaterThanOrEqual(toldAt);
        expect(body.sentAt).toBeLessThanOrEqual(arrivedAt);
      }
      const sentAts = beats.map((beat) => beat.body.sentAt);
      expect([...sentAts].sort((a, b) => a - b)).toEqual(sentAts);
      await saying(harness, 2, () => beats.at(-1)?.body.delivered === 2);
    });

    test("beats to its peers, who may be others later", async () => {
      const { beater, beats, peers, keepaliveMs } = harness;
      await saying(harness, 1, () => beats.length >= 1);
      beater.usePeers([]);
      // What is under way arrives.
      await harness.pass(2 * keepaliveMs);
      beater.set(bodyOf(2), true);
      await harness.pass(3 * keepaliveMs);
      expect(beats.filter(({ body }) => body.delivered === 2)).toEqual([]);
      beater.usePeers(peers);
      beater.set(bodyOf(3), true);
      await harness.until(() => beats.at(-1)?.body.delivered === 3);
    });

    test("at once is at once, and beside the regular beats", async () => {
      const { beater, beats } = harness;
      await saying(harness, 1, () => beats.length > 0);
      for (let delivered = 2; delivered <= 6; delivered += 1) {
        beater.set(bodyOf(delivered), true);
        await harness.until(() => beats.at(-1)?.body.delivered === delivered);
      }
      const [first, last] = [beats[0]?.body.sentAt ?? 0, beats.at(-1)?.body.sentAt ?? 0];
      expect(beats.length).toBeGreaterThan(Math.floor((last - first) / harness.keepaliveMs) + 1);
    });

    test("falls silent when it is not spoken to, and goes on when it is", async () => {
      const { beater, beats, silentAfterMs } = harness;
      await saying(harness, 1, () => beats.length > 0);
      const toldAt = harness.now();
      beater.set(bodyOf(1), false);
      const toldBefore = harness.now();
      await harness.pass(silentAfterMs + 4 * harness.keepaliveMs);
      const heard = beats.length;
      expect(beats.at(-1)?.body.sentAt).toBeGreaterThanOrEqual(toldAt);
      expect(beats.at(-1)?.body.sentAt).toBeLessThan(toldBefore + silentAfterMs);
      await saying(harness, 2, () => beats.length > heard);
      expect(beats.at(-1)?.body.delivered).toBe(2);
    });

    test("says nothing after its stop, which is soon", async () => {
      const { beater, beats } = harness;
      await saying(harness, 1, () => beats.length > 0);
      await beater.stop();
      await harness.pass(1);
      const heard = beats.length;
      beater.set(bodyOf(2), true);
      await harness.pass(3 * harness.keepaliveMs);
      expect(beats.length).toBe(heard);
    });
  });
}

function bodyOf(delivered: number): HeartbeatBody {
  return {
    status: "electing",
    promised: noView,
    view: noView,
    coordinator: null,
    members: [],
    hears: [],
    delivered,
    committed: 0,
    electorate: { index: 0, voters: ["serv1" as NodeId] },
    isBlank: false,
    loopLateMs: 0,
    diskLateMs: 0,
  };
}
