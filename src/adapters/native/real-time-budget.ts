import type { InstantMs } from "../../model/units.ts";
import { lowerOtherThreads, raiseOtherThreads } from "./real-time.ts";

/** Between two looks at the processor time used. */
const lookEveryMs = 1_000;
/** Processor time per time from which on the daemon is no longer a good neighbour, and down to which it is one again. */
const busyShare = 0.5;
const calmShare = 0.2;
/** Calm looks in a row before the threads are raised again. */
const calmLooks = 10;

/** What the budget is kept with; replaced in tests. */
export interface BudgetMeans {
  /** Processor time used by the whole process so far, ms. */
  readonly usedMs: () => number;
  readonly lower: () => string | null;
  readonly raise: () => string | null;
  /** For the log. */
  readonly tell: (text: string) => void;
}

/** The means of this process. */
export function ownMeans(tell: (text: string) => void): BudgetMeans {
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  return { usedMs, lower: lowerOtherThreads, raise: raiseOtherThreads, tell };
}

/**
 * Takes real-time scheduling away from a daemon that uses too much of it, and gives it back when it is calm.
 *
 * A takeover needs a few milliseconds ahead of everything else. A flood of packets or a mistake of ours would need all of them, and
 * the services that this is all for would starve. The beat thread keeps its priority, and looks: it runs whatever the others do.
 */
export class RealTimeBudget {
  readonly #means: BudgetMeans;
  #lookedAt: InstantMs;
  #usedMs: number;
  #isLowered = false;
  #calm = 0;

  constructor(means: BudgetMeans, now: InstantMs) {
    this.#means = means;
    this.#lookedAt = now;
    this.#usedMs = means.usedMs();
  }

  /** Call it every now and then, several times a second. */
  look(now: InstantMs): void {
    const spanMs = now - this.#lookedAt;
    if (spanMs < lookEveryMs) return;
    const usedMs = this.#means.usedMs();
    const share = (usedMs - this.#usedMs) / spanMs;
    this.#lookedAt = now;
    this.#usedMs = usedMs;
    if (!this.#isLowered && share > busyShare) this.#lower(share);
    else if (this.#isLowered) this.#raiseWhenCalm(share);
  }

  #lower(share: number): void {
    this.#isLowered = true;
    this.#calm = 0;
    this.#means.lower();
    this.#means.tell(
      `without real-time scheduling for now: used ${Math.round(share * 100)} % of a processor for a second`,
    );
  }

  #raiseWhenCalm(share: number): void {
    this.#calm = share < calmShare ? this.#calm + 1 : 0;
    if (this.#calm < calmLooks) return;
    this.#isLowered = false;
    const problem = this.#means.raise();
    this.#means.tell(problem === null ? "with real-time scheduling again" : `without real-time scheduling: ${problem}`);
  }
}
