import { afterEach, describe, expect, test } from "vitest";
import type { DiskRecord } from "../../src/model/disk.ts";
import type { Journal } from "../../src/ports/journal.ts";

/** A disk, and daemons that come and go on it. */
export interface JournalHarness {
  /** A journal of the next life on the same disk. The one before was closed or killed. */
  make(): Journal;
  /** Ends the last journal's life without closing it. */
  kill(): Promise<void>;
  /** Changes what is on disk before its last record. */
  damage(): Promise<void>;
  /** Lets `promise` settle: a fake turns its time. */
  settle<Value>(promise: Promise<Value>): Promise<Value>;
  dispose(): Promise<void>;
}

const boot = (count: number): DiskRecord => ({ kind: "boot", boot: count });
const committed = (count: number): DiskRecord => ({ kind: "committed", committed: count });

/** What every journal promises. */
export function journalContract(name: string, makeHarness: () => Promise<JournalHarness>): void {
  describe(`journal: ${name}`, () => {
    let harness: JournalHarness;
    const openNext = async (): Promise<{ journal: Journal; content: Awaited<ReturnType<Journal["load"]>> }> => {
      const journal = harness.make();
      return { journal, content: await harness.settle(journal.load()) };
    };
    const on = (title: string, body: () => Promise<void>): void => {
      test(title, async () => {
        harness = await makeHarness();
        await body();
      });
    };
    afterEach(() => harness.dispose());

    on("a new disk has nothing, and says that it is new", async () => {
      const { content } = await openNext();
      expect(content).toMatchObject({ records: [], state: "none" });
    });

    on("what was appended is there in the next life, in order", async () => {
      const first = await openNext();
      await harness.settle(first.journal.append([boot(1), committed(1)]));
      await harness.settle(first.journal.append([committed(2)]));
      await first.journal.close();
      const { content } = await openNext();
      expect(content).toMatchObject({ state: "good", records: [boot(1), committed(1), committed(2)] });
    });

    on("appends finish in the order of the calls", async () => {
      const { journal } = await openNext();
      const finished: number[] = [];
      const counts = Array.from({ length: 20 }, (_, count) => count);
      const all = counts.map((count) => journal.append([committed(count)]).then(() => finished.push(count)));
      await harness.settle(Promise.all(all));
      expect(finished).toEqual(counts);
    });

    on("what an append has promised survives a kill", async () => {
      const { journal } = await openNext();
      await harness.settle(journal.append([boot(1)]));
      const late = journal.append([committed(1)]);
      late.then(
        () => undefined,
        () => undefined,
      );
      await harness.kill();
      const { content } = await openNext();
      expect(content.state).toBe("good");
      expect([[boot(1)], [boot(1), committed(1)]]).toContainEqual(content.records);
    });

    on("a rewrite replaces everything before it, and appends go on after it", async () => {
      const { journal } = await openNext();
      const writes = [
        journal.append([boot(1), committed(1)]),
        journal.rewrite([boot(1), committed(7)]),
        journal.append([committed(8)]),
      ];
      await harness.settle(Promise.all(writes));
      await journal.close();
      const { content } = await openNext();
      expect(content.records).toEqual([boot(1), committed(7), committed(8)]);
    });

    on("damage is told from a new disk, gives no records, and a rewrite mends it", async () => {
      const first = await openNext();
      await harness.settle(first.journal.append([boot(1)]));
      await harness.settle(first.journal.append([committed(1)]));
      await first.journal.close();
      await harness.damage();
      const second = await openNext();
      expect(second.content).toMatchObject({ state: "damaged", records: [] });
      expect(second.content.detail).not.toBe("");
      await harness.settle(second.journal.rewrite([boot(2)]));
      await harness.settle(second.journal.append([committed(3)]));
      await second.journal.close();
      const third = await openNext();
      expect(third.content).toMatchObject({ state: "good", records: [boot(2), committed(3)] });
    });
  });
}
