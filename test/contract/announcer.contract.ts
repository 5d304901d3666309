import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AddressResource } from "../../src/model/cluster-config.ts";
import type { Announcer } from "../../src/ports/announcer.ts";

/** What the suite needs of an announcer under test. A new one per test. */
export interface AnnouncerHarness {
  readonly announcer: Announcer;
  /** An address that is set on this node. */
  readonly here: AddressResource;
  /** One that is not. */
  readonly elsewhere: AddressResource;
  /** How often a neighbour has heard of the address since the last call. */
  heard(ip: string): number;
  /** Takes the address away behind the announcer's back. */
  remove(): void | Promise<void>;
  /** Ends announcements. */
  close(): void | Promise<void>;
}

/** Holds an adapter, real or fake, to the port `Announcer`. It must announce more than once within 200 ms. */
export function announcerContract(name: string, open: () => AnnouncerHarness | Promise<AnnouncerHarness>): void {
  describe(`Announcer: ${name}`, () => {
    let harness: AnnouncerHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => {
      await harness.close();
    });

    test("tells the neighbours at once and again", async () => {
      harness.announcer.announce(harness.here);
      await sleep(25);
      const atOnce = harness.heard(harness.here.ip);
      expect(atOnce).toBeGreaterThan(0);
      await sleep(175);
      expect(harness.heard(harness.here.ip)).toBeGreaterThan(0);
    });

    test("does not announce what is not here", async () => {
      harness.announcer.announce(harness.elsewhere);
      await sleep(100);
      expect(harness.heard(harness.elsewhere.ip)).toBe(0);
    });

    test("falls silent when the address is taken away", async () => {
      harness.announcer.announce(harness.here);
      await sleep(25);
      await harness.remove();
      harness.heard(harness.here.ip);
      await sleep(150);
      expect(harness.heard(harness.here.ip)).toBe(0);
    });

    test("falls silent when it is closed", async () => {
      harness.announcer.announce(harness.here);
      await harness.close();
      await sleep(100);
      expect(harness.heard(harness.here.ip)).toBe(0);
    });
  });
}
