import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** What the suite needs of a way to hosts under test. A new one per test. */
export interface ReachHarness {
  /** As the port, with the time that it takes in the place of the limit. */
  count(hosts: readonly string[], timeoutMs: number): Promise<{ readonly reached: number; readonly tookMs: number }>;
  /** At least two hosts that answer. */
  readonly there: readonly string[];
  /** Hosts that do not. */
  readonly away: readonly string[];
  close(): void;
}

/** Holds an adapter, real or fake, to the port `Reach`. */
export function reachContract(name: string, open: () => ReachHarness): void {
  describe(`Reach: ${name}`, () => {
    let harness: ReachHarness;
    beforeEach(() => {
      harness = open();
    });
    afterEach(() => harness.close());

    test("[GRP-45] counts all hosts that answer, and does not wait longer than for the last of them", async () => {
      const { reached, tookMs } = await harness.count(harness.there, 5_000);
      expect(reached).toBe(harness.there.length);
      expect(tookMs).toBeLessThan(4_000);
    });

    test("[GRP-45] gives up hosts that do not answer when the time is over", async () => {
      const { reached, tookMs } = await harness.count([...harness.there, ...harness.away], 300);
      expect(reached).toBe(harness.there.length);
      expect(tookMs).toBeGreaterThanOrEqual(290);
    });

    test("[GRP-45] reaches none where none is there, and none of none", async () => {
      expect((await harness.count(harness.away, 100)).reached).toBe(0);
      expect((await harness.count([], 100)).reached).toBe(0);
    });

    test("[GRP-45] can count again and again, and twice at once", async () => {
      const [one, other] = await Promise.all([
        harness.count(harness.there, 5_000),
        harness.count(harness.there, 5_000),
      ]);
      expect([one?.reached, other?.reached]).toEqual([harness.there.length, harness.there.length]);
      expect((await harness.count(harness.there, 5_000)).reached).toBe(harness.there.length);
    });
  });
}
