import { expect, test } from "vitest";
import { type InstantMs, instantMs, wallMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import { startBeatLoop } from "./beat-loop.ts";
import { SharedContent } from "./shared-content.ts";

/** One waiting callback is all that the loop ever has. */
class TurnedClock implements Clock {
  #now = 0;
  #next: { readonly at: InstantMs; readonly callback: () => void } | null = null;

  now(): InstantMs {
    return instantMs(this.#now);
  }

  wall(): ReturnType<Clock["wall"]> {
    return wallMs(this.#now);
  }

  wakeAt(at: InstantMs, callback: () => void): () => void {
    this.#next = { at, callback };
    return () => undefined;
  }

  /** Jumps to `until`, as if the machine had been busy until then. */
  jump(until: number): void {
    this.#now = until;
    const next = this.#next;
    if (next === null || next.at > until) return;
    this.#next = null;
    next.callback();
  }
}

function start(): { readonly clock: TurnedClock; readonly content: SharedContent; readonly sent: number[] } {
  const clock = new TurnedClock();
  const content = new SharedContent();
  const sent: number[] = [];
  startBeatLoop({ content, clock, keepaliveMs: 100, silentAfterMs: 350, send: (_, sentAt) => sent.push(sentAt) });
  return { clock, content, sent };
}

test("lateness does not add up, and beats that were missed are not made up for", () => {
  const { clock, content, sent } = start();
  content.publish(Uint8Array.of(1), clock.now());
  for (const at of [107, 200, 330, 399, 400]) clock.jump(at);
  expect(sent).toEqual([107, 200, 330]);
  content.touch(instantMs(400));
  for (const at of [650, 699, 700]) clock.jump(at);
  expect(sent).toEqual([107, 200, 330, 650, 700]);
});

test("silence of the main loop silences the beat at the limit, until it speaks", () => {
  const { clock, content, sent } = start();
  content.publish(Uint8Array.of(1), instantMs(0));
  for (let at = 100; at <= 600; at += 100) clock.jump(at);
  expect(sent).toEqual([100, 200, 300]);
  content.touch(instantMs(650));
  clock.jump(700);
  expect(sent.at(-1)).toBe(700);
});
