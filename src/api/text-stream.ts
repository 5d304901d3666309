import { after } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";
import { apiLimits } from "./limits.ts";

/** The writing end of a stream of text. */
export interface TextSink {
  write(text: string): void;
  end(): void;
}

/** How a stream is fed. */
interface StreamOptions {
  readonly clock: Clock;
  /** Said when nothing else was said for a while. */
  readonly ping: string;
  /** Begins to feed the sink; the returned function stops. Called once, and the stop once: at the end, or when the reader has gone. */
  readonly feed: (sink: TextSink) => () => void;
}

/**
 * A body that is written bit by bit.
 *
 * A reader that does not read would make the daemon keep everything for it: past `unreadMax` pieces its stream is cut, and it may
 * come back. A reader that has silently gone shows when a ping cannot be written.
 */
export function textStream({ clock, ping, feed }: StreamOptions): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop: (() => void) | undefined;
  let cancelPing: () => void = () => undefined;
  let isEnded = false;

  const cleanUp = (): void => {
    isEnded = true;
    cancelPing();
    stop?.();
    stop = undefined;
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const schedulePing = (): void => {
          cancelPing();
          cancelPing = clock.wakeAt(after(clock.now(), apiLimits.pingMs), () => sink.write(ping));
        };
        const sink: TextSink = {
          write(text) {
            if (isEnded) return;
            if ((controller.desiredSize ?? 0) < -apiLimits.unreadMax) return sink.end();
            controller.enqueue(encoder.encode(text));
            schedulePing();
          },
          end() {
            if (isEnded) return;
            cleanUp();
            controller.close();
          },
        };
        schedulePing();
        const stopFeeding = feed(sink);
        if (isEnded) stopFeeding();
        else stop = stopFeeding;
      },
      cancel: cleanUp,
    },
    { highWaterMark: 1 },
  );
}
