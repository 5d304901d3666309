import type { Random } from "../src/sim/random.ts";
import { type Fault, type FaultKind, type Target, type Until } from "./fault.ts";

/** What rounds are drawn for. */
export interface Site {
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly networks: readonly string[];
  readonly deadtimeMs: number;
  readonly daemonGraceMs: number;
  readonly kinds: readonly FaultKind[];
}

/** Of rounds, so many have two faults at a time. */
const doubleShare = 0.25;
const clockStepsS = [-86_400, -3_600, -5, 5, 3_600, 86_400];

/**
 * The faults of one round, struck one right after the other. Kinds come in turns, each once in an order of its own before any
 * comes again, so that a short run has a bit of everything; the rest is by lot.
 */
export class Rounds {
  readonly #random: Random;
  readonly #site: Site;
  #turn: FaultKind[] = [];

  constructor(random: Random, site: Site) {
    this.#random = random;
    this.#site = site;
  }

  next(): readonly Fault[] {
    const first = this.#draw(this.#nextKind());
    if (!this.#random.chance(doubleShare)) return [first];
    const others = this.#site.kinds.filter((kind) => kind !== first.kind && !(restarts(kind) && restarts(first.kind)));
    return others.length === 0 ? [first] : [first, this.#draw(this.#random.pick(others))];
  }

  #nextKind(): FaultKind {
    if (this.#turn.length === 0) this.#turn = shuffled(this.#random, this.#site.kinds);
    const kind = this.#turn.pop();
    if (kind === undefined) throw new RangeError("Cannot draw a fault: no kinds");
    return kind;
  }

  #draw(kind: FaultKind): Fault {
    const random = this.#random;
    const on = this.#target();
    const until = this.#until();
    switch (kind) {
      case "one link cut":
        return { kind, on, network: random.pick(this.#site.networks), until: { kind: "ms", ms: this.#spanMs() } };
      case "one-way cut":
        return { kind, on, way: random.pick(["to", "from"] as const), until };
      case "packets lost":
        return { kind, share: random.between(10, 40) / 100, until: { kind: "ms", ms: random.between(1_000, 4_000) } };
      case "every host alone":
      case "kill -9 witness":
      case "kill -STOP witness":
      case "witness disk full":
      case "arbiter disk unplugged":
      case "arbiter disk refuses to write":
        return { kind, until: { kind: "ms", ms: this.#spanMs() } };
      case "power-off, fence device broken":
        return { kind, on, until: { kind: "ms", ms: random.between(1, 4) * this.#site.deadtimeMs } };
      case "clock step":
        return { kind, on, stepS: random.pick(clockStepsS), until: { kind: "ms", ms: random.between(1_500, 4_000) } };
      case "kill -9 haled, restarted at once":
      case "kill -STOP haled, shorter than the deadtime":
        return { kind, on, until: { kind: "ms", ms: this.#shortSpanMs() } };
      case "kill -9 haled, restarted late":
        return { kind, on, until: { kind: "ms", ms: this.#aboutTheGraceMs() } };
      case "kill -9 haled, until it is taken over":
        return { kind, on, until: { kind: "takeover" } };
      case "kill -STOP haled, longer than the deadtime":
        return { kind, on, until: until.kind === "takeover" ? until : { kind: "ms", ms: this.#longSpanMs() } };
      case "power-off":
      case "host stands still":
      case "all links cut":
      case "disk full":
        return { kind, on, until };
    }
  }

  /** Mostly where it hurts. */
  #target(): Target {
    const { nodes, services } = this.#site;
    return this.#random.chance(0.7) ? { ownerOf: this.#random.pick(services) } : { node: this.#random.pick(nodes) };
  }

  #until(): Until {
    return this.#random.chance(1 / 3) ? { kind: "takeover" } : { kind: "ms", ms: this.#spanMs() };
  }

  /** Too short to be noticed, or about as long as it takes to be held for dead, or longer. */
  #spanMs(): number {
    const { deadtimeMs } = this.#site;
    return this.#random.chance(0.5)
      ? this.#shortSpanMs()
      : this.#random.between(Math.floor(deadtimeMs / 2), 4 * deadtimeMs);
  }

  /** The rest of a deadtime is for heartbeats, and for a machine that is slow to do what it is told. */
  #shortSpanMs(): number {
    return this.#random.between(1, Math.floor(this.#site.deadtimeMs / 2));
  }

  #longSpanMs(): number {
    const { deadtimeMs } = this.#site;
    return this.#random.between(deadtimeMs, 4 * deadtimeMs);
  }

  #aboutTheGraceMs(): number {
    const { deadtimeMs, daemonGraceMs } = this.#site;
    return this.#random.between(Math.floor(daemonGraceMs / 2), daemonGraceMs + deadtimeMs);
  }
}

/** Its preparation restarts a daemon, and would undo that of another such one on the same host. */
function restarts(kind: FaultKind): boolean {
  return kind === "disk full" || kind === "clock step";
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.between(0, left.length - 1), 1));
}
