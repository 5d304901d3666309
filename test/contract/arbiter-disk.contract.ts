import { describe, expect, test } from "vitest";
import type { ArbiterDisk } from "../../src/ports/arbiter-disk.ts";

/** A disk of zeros, and what can be done to it. */
export interface DiskBench {
  /** At least 16 KiB. */
  readonly sizeBytes: number;
  /** Another way to the same disk, as another node has one. */
  open(): ArbiterDisk;
  /** The disk is gone, and nothing in its place. */
  take(): Promise<void>;
  /** A new one in its place. */
  replace(): Promise<void>;
  close(): Promise<void>;
}

const sector = 4096;

function filled(value: number, length = sector): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** What every `ArbiterDisk` does. @param make a bench of its own for each test */
export function arbiterDiskContract(name: string, make: () => Promise<DiskBench>): void {
  describe(`arbiter disk: ${name}`, () => {
    test("what one has written, the other reads", async () => {
      const bench = await make();
      const [one, other] = [bench.open(), bench.open()];
      await one.read(2 * sector);
      await other.read(2 * sector);
      await one.write(sector, filled(1));
      expect(await other.read(3 * sector)).toEqual(new Uint8Array([...filled(0), ...filled(1), ...filled(0)]));
      await other.write(sector, filled(2));
      expect((await one.read(2 * sector)).subarray(sector)).toEqual(filled(2));
      await bench.close();
    });

    test("a disk that is smaller than asked for gives what it has", async () => {
      const bench = await make();
      expect((await bench.open().read(bench.sizeBytes + 4 * sector)).length).toBe(bench.sizeBytes);
      await bench.close();
    });

    test("nothing is written to a disk that was not read before", async () => {
      const bench = await make();
      const disk = bench.open();
      await expect(disk.write(0, filled(1))).rejects.toThrow("it was not read before");
      await disk.read(sector);
      await disk.write(0, filled(1));
      await bench.close();
    });

    test("a disk that is gone is told, and found again when it is back, perhaps as another one", async () => {
      const bench = await make();
      const disk = bench.open();
      await disk.read(sector);
      await disk.write(0, filled(7));
      await bench.take();
      await expect(disk.read(sector)).rejects.toThrow(/^E[A-Z]+: /);
      await bench.replace();
      await expect(disk.write(0, filled(8))).rejects.toThrow("it was not read before");
      expect(await disk.read(sector)).toEqual(filled(0));
      await bench.close();
    });

    test("a second call waits for no first one", async () => {
      const bench = await make();
      const disk = bench.open();
      const first = disk.read(sector);
      await expect(disk.read(sector)).rejects.toThrow("it has not answered an earlier call");
      expect((await first).length).toBe(sector);
      await bench.close();
    });
  });
}
