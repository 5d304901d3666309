import type { ClusterEvent } from "../model/cluster-event.ts";
import { daemonLimits } from "./limits.ts";

/** The last events of this daemon, numbered, with those who want to hear of new ones. */
export class EventRing {
  #events: ClusterEvent[] = [];
  #sequence = 0;
  readonly #listeners = new Set<(event: ClusterEvent) => void>();

  add(event: Omit<ClusterEvent, "sequence">): ClusterEvent {
    this.#sequence += 1;
    const numbered: ClusterEvent = { sequence: this.#sequence, ...event };
    this.#events.push(numbered);
    // Cut in bulk: moving a thousand items for each event would cost more than keeping twice as many for a while.
    if (this.#events.length >= 2 * daemonLimits.eventsMax) this.#events = this.#events.slice(-daemonLimits.eventsMax);
    for (const listener of this.#listeners) listener(numbered);
    return numbered;
  }

  /** Kept events, oldest first, with a sequence above `after`. */
  since(after: number): readonly ClusterEvent[] {
    return this.#events.slice(-daemonLimits.eventsMax).filter((event) => event.sequence > after);
  }

  /** Calls back with each new event until the returned function is called. */
  listen(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
