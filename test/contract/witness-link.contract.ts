import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ReceivedBytes } from "../../src/ports/transport.ts";
import { type WitnessLink, witnessOrigin } from "../../src/ports/witness-link.ts";

/** What the suite needs of a way to a witness. A new one per test, not open yet. */
export interface WitnessLinkHarness {
  readonly link: WitnessLink;
  /** What the witness has received, in order. */
  readonly atWitness: readonly Uint8Array[];
  /** The witness answers whoever asked last. */
  answer(bytes: Uint8Array): void;
  /** Somebody else sends to where the last question came from. */
  intrude(bytes: Uint8Array): void;
  /** Lets time pass until it is so. */
  until(condition: () => boolean): Promise<void>;
  close(): void | Promise<void>;
}

/** Holds an adapter, real or fake, to the port `WitnessLink`. */
export function witnessLinkContract(name: string, open: () => Promise<WitnessLinkHarness>): void {
  describe(`WitnessLink: ${name}`, () => {
    let harness: WitnessLinkHarness;
    let received: ReceivedBytes[];

    beforeEach(async () => {
      harness = await open();
      received = [];
    });
    afterEach(async () => {
      await harness.close();
    });

    /** The link is open, and the witness knows where to answer. */
    async function asked(): Promise<void> {
      await harness.link.open((one) => received.push(one));
      harness.link.send(new Uint8Array([1]));
      await harness.until(() => harness.atWitness.length === 1);
    }

    test("takes a question to the witness, and its answer back, as the witness's", async () => {
      await asked();
      expect([...(harness.atWitness[0] ?? [])]).toEqual([1]);
      harness.answer(new Uint8Array([2, 3]));
      await harness.until(() => received.length === 1);
      expect(received.map(({ bytes, link, origin }) => [[...bytes], link, origin])).toEqual([
        [[2, 3], null, witnessOrigin],
      ]);
    });

    test("hears nobody else", async () => {
      await asked();
      harness.intrude(new Uint8Array([4]));
      harness.answer(new Uint8Array([5]));
      await harness.until(() => received.length > 0);
      expect(received.map(({ bytes }) => [...bytes])).toEqual([[5]]);
    });

    test("is silent before it is open and after it is closed, and throws at nothing", async () => {
      harness.link.send(new Uint8Array([6]));
      await asked();
      expect(harness.atWitness).toHaveLength(1);
      await harness.link.close();
      harness.link.send(new Uint8Array([7]));
      harness.answer(new Uint8Array([8]));
      expect(received).toEqual([]);
      expect(Object.values(harness.link.counters()).every((count) => count >= 0)).toBe(true);
    });
  });
}
