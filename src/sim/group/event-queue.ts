/** Something that happens at a virtual instant. */
interface Scheduled {
  readonly at: number;
  readonly order: number;
  run(): void;
}

/** Virtual time: what is scheduled runs in order of time, then of scheduling. A binary heap. */
export class EventQueue {
  #now = 0;
  #order = 0;
  readonly #heap: Scheduled[] = [];

  get now(): number {
    return this.#now;
  }

  /** Runs `run` in `delay` ms. */
  after(delay: number, run: () => void): void {
    this.#order += 1;
    this.#push({ at: this.#now + Math.max(0, delay), order: this.#order, run });
  }

  /** Runs everything up to `until`; ends there. */
  runUntil(until: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      this.#now = next.at;
      next.run();
    }
    this.#now = until;
  }

  #push(added: Scheduled): void {
    const heap = this.#heap;
    let position = heap.length;
    heap.push(added);
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, added)) break;
      heap[position] = above;
      position = parent;
    }
    heap[position] = added;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let least = left;
      if (right !== undefined && isBefore(right, left)) {
        child += 1;
        least = right;
      }
      if (!isBefore(least, last)) break;
      heap[position] = least;
      position = child;
    }
    heap[position] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
