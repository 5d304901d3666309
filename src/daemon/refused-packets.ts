import type { InstantMs } from "../model/units.ts";

/**
 * What each reason of the wire means to an administrator. Reasons that are not here are normal: a second copy of a datagram that came on
 * two links (`replay`), our own packet come back (`self`), a late packet of a daemon that has restarted since (`old-incarnation`).
 */
const meanings: ReadonlyMap<string, string> = new Map([
  ["mac", "wrong key or altered"],
  ["key", "unknown key number"],
  ["cluster", "another cluster"],
  ["version", "another version"],
  ["unknown-sender", "node not configured"],
  ["short", "not hale's"],
  ["long", "not hale's"],
  ["magic", "not hale's"],
  ["channel", "not hale's"],
  ["malformed", "cannot be read"],
]);

/** The last minute in so many parts; the oldest part falls out as a whole. */
const partMs = 5_000;
const partsMax = 12;

interface Part {
  readonly number: number;
  readonly counts: Map<string, number>;
}

/**
 * Packets of the last minute that were refused and should not have come: a key that differs, a neighbour's cluster, a forgotten update,
 * an attack. One line for `hale status`, however many they are.
 */
export class RefusedPackets {
  #parts: Part[] = [];
  #lastSource = "";

  /** @param source `ip:port`, as the transport tells it */
  add(reason: string, source: string, now: InstantMs): void {
    const meaning = meanings.get(reason);
    if (meaning === undefined) return;
    this.#lastSource = source;
    const number = Math.floor(now / partMs);
    let part = this.#parts.at(-1);
    if (part?.number !== number) {
      part = { number, counts: new Map() };
      this.#parts = [...this.#parts.filter((old) => old.number > number - partsMax), part];
    }
    part.counts.set(meaning, (part.counts.get(meaning) ?? 0) + 1);
  }

  /** @returns null when there were none */
  warning(now: InstantMs): string | null {
    const oldest = Math.floor(now / partMs) - partsMax;
    const sums = new Map<string, number>();
    for (const { counts } of this.#parts.filter((part) => part.number > oldest)) {
      for (const [meaning, count] of counts) sums.set(meaning, (sums.get(meaning) ?? 0) + count);
    }
    if (sums.size === 0) return null;
    const told = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([meaning, count]) => `${meaning} ${count}`);
    return `packets refused in the last minute: ${told.join(", ")}; the last came from ${this.#lastSource}`;
  }
}
