import { after, type InstantMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SharedContent } from "./shared-content.ts";

/** What the loop needs. */
export interface BeatLoopOptions {
  readonly content: SharedContent;
  readonly clock: Clock;
  readonly keepaliveMs: number;
  readonly silentAfterMs: number;
  /** Called with every beat that is due, sent or not. */
  readonly onTurn?: (now: InstantMs) => void;
  /** Sends to all peers on all links. */
  readonly send: (content: Uint8Array, sentAt: InstantMs) => void;
}

/** A loop that beats. */
export interface BeatLoop {
  /** Out of turn; the next regular beat stays where it is. */
  beatNow(): void;
}

/** Beats every keepalive on a fixed grid, so that lateness does not add up, while the main loop speaks. */
export function startBeatLoop({ content, clock, keepaliveMs, silentAfterMs, onTurn, send }: BeatLoopOptions): BeatLoop {
  const beatNow = (): void => {
    const told = content.read();
    const now = clock.now();
    if (told === null || now - told.toldAt >= silentAfterMs) return;
    content.countBeat();
    send(told.content, now);
  };
  const beatAt = (at: InstantMs): void => {
    clock.wakeAt(at, () => {
      beatNow();
      const now = clock.now();
      onTurn?.(now);
      const late = now - at;
      beatAt(after(at, keepaliveMs * (1 + Math.floor(late / keepaliveMs))));
    });
  };
  beatAt(after(clock.now(), keepaliveMs));
  return { beatNow };
}
