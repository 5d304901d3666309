/** Sequences this far behind the newest are refused unseen. */
export const replayWindow = 1_024;

/**
 * Which sequences of one sender's life and channel have been taken.
 *
 * Invariant: bit `sequence % replayWindow` says "seen" of every sequence in (newest - replayWindow, newest], and of no other.
 */
export class ReplayWindow {
  readonly #seen = new Uint32Array(replayWindow / 32);
  #newest = 0;

  /** True when `sequence` was not taken before and is not too old to tell. */
  isFresh(sequence: number): boolean {
    if (sequence > this.#newest) return true;
    if (sequence <= this.#newest - replayWindow || sequence < 1) return false;
    return !this.#has(sequence);
  }

  /** Remembers a fresh sequence. */
  take(sequence: number): void {
    if (sequence > this.#newest) this.#advance(sequence);
    const slot = sequence % replayWindow;
    this.#seen[slot >> 5] = (this.#seen[slot >> 5] ?? 0) | (1 << (slot & 31));
  }

  #advance(sequence: number): void {
    if (sequence - this.#newest >= replayWindow) this.#seen.fill(0);
    else for (let passed = this.#newest + 1; passed <= sequence; passed += 1) this.#clear(passed);
    this.#newest = sequence;
  }

  #has(sequence: number): boolean {
    const slot = sequence % replayWindow;
    return (((this.#seen[slot >> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  #clear(sequence: number): void {
    const slot = sequence % replayWindow;
    this.#seen[slot >> 5] = (this.#seen[slot >> 5] ?? 0) & ~(1 << (slot & 31));
  }
}
