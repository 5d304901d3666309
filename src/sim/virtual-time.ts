/** Whose an event is: it decides whether the event happens now, later or never. */
export interface EventOwner {
  take(event: TimedEvent, run: () => void): void;
}

/** Something that will happen. Cancelled by taking its `run` away. */
export interface TimedEvent {
  at: number;
  order: number;
  /** Whose it is: skipped when that one is dead, kept back while it is paused. null: the world's own. */
  readonly process: EventOwner | null;
  run: (() => void) | null;
}

/**
 * Virtual time: a binary heap of what will happen, in order of instant, then of scheduling. It moves only from one event to
 * the next, so an hour of nothing costs nothing, and the same calls give the same order.
 */
export class VirtualTime {
  #heap: TimedEvent[] = [];
  #order = 0;
  #now = 0;

  /** Milliseconds since the beginning of the world. */
  get now(): number {
    return this.#now;
  }

  /** Lets `run` happen at `at`, or now if that has passed. */
  schedule(at: number, process: EventOwner | null, run: () => void): TimedEvent {
    this.#order += 1;
    const event: TimedEvent = { at: at > this.#now ? at : this.#now, order: this.#order, process, run };
    this.#push(event);
    return event;
  }

  /** Lets `run`, of the world's own, happen in `delayMs`, or now if that is negative. */
  after(delayMs: number, run: () => void): void {
    this.schedule(this.#now + delayMs, null, run);
  }

  /** Puts back an event that was kept while its process was paused. */
  resume(event: TimedEvent): void {
    this.#order += 1;
    event.at = this.#now;
    event.order = this.#order;
    this.#push(event);
  }

  /** Everything up to and including `until` happens. */
  runUntil(until: number): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > until) break;
      this.#pop();
      const { run, process } = first;
      if (run === null) continue;
      this.#now = first.at;
      if (process === null) run();
      else process.take(first, run);
    }
    this.#now = Math.max(this.#now, until);
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as TimedEvent;
      if (!isBefore(event, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as TimedEvent;
    const { length } = heap;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      const right = childIndex + 1;
      if (right < length && isBefore(heap[right] as TimedEvent, heap[childIndex] as TimedEvent)) childIndex = right;
      const child = heap[childIndex] as TimedEvent;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}
