import { type Action, beginsRound, enabledActions, touched } from "./actions.ts";
import { brokenLiveness, isSettled } from "./fair-run.ts";
import type { Broken } from "./history.ts";
import { perform } from "./perform.ts";
import { type SmallWorld, worldDigest } from "./small-world.ts";

/** How far a walk goes. */
export interface Bounds {
  readonly rounds: number;
  readonly states: number;
}

/** The way to a world: the last step, and the way before it. */
export interface Way {
  readonly action: Action;
  readonly before: Way | null;
  readonly length: number;
}

/** What a walk gave. */
export interface Walk {
  readonly states: number;
  readonly transitions: number;
  /** Actions on the longest way. */
  readonly depth: number;
  readonly rounds: number;
  /** States in which all is over and all are in one view. */
  readonly settled: number;
  /** States at which the rounds ended, or in which all had settled: whether one view follows was tried from each. */
  readonly tried: number;
  /** States with two proposers at once. */
  readonly rivals: number;
  /** Everything within the bounds was seen. */
  readonly isComplete: boolean;
  readonly found: Counterexample | null;
}

/** A broken promise, and the way to it from the start. */
export interface Counterexample {
  readonly broken: Broken;
  readonly way: readonly Action[];
}

/**
 * Walks through every order in which things can happen: depth first within a round, then all worlds in which the next round can begin.
 *
 * Worlds with the same number are walked through once. What is at different nodes has no order: of two such actions one order is enough,
 * as the worlds between are reached by others (sleep sets, with the rule for worlds met again: what slept then and does not now is made
 * up for). Every check looks at one world, so it does not matter on which way that is reached.
 */
export function explore(start: SmallWorld, bounds: Bounds): Walk {
  return new Explorer(bounds).walk(start);
}

interface Waiting {
  readonly world: SmallWorld;
  readonly way: Way | null;
}

/** An action that was taken from a world before, or that another order has taken care of. */
interface Sleeper {
  readonly name: string;
  readonly touched: number;
}

const nothing: readonly Sleeper[] = [];

class Explorer {
  readonly #bounds: Bounds;
  /** By number of the world: what slept when it was left. */
  readonly #seen = new Map<number, readonly string[]>();
  #next: Waiting[] = [];
  #transitions = 0;
  #depth = 0;
  #settled = 0;
  #tried = 0;
  #rivals = 0;
  #isCut = false;
  #found: Counterexample | null = null;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  walk(start: SmallWorld): Walk {
    this.#next = [{ world: start, way: null }];
    let rounds = 0;
    for (; this.#next.length > 0 && !this.#isOver(); rounds += 1) {
      const present = this.#next;
      this.#next = [];
      const isLast = rounds >= this.#bounds.rounds;
      for (const { world, way } of present) {
        if (this.#isOver()) break;
        if (isLast) this.#tryLiveness(world, way);
        else this.#visit(world, way, nothing);
      }
    }
    return {
      states: this.#seen.size,
      transitions: this.#transitions,
      depth: this.#depth,
      rounds,
      settled: this.#settled,
      tried: this.#tried,
      rivals: this.#rivals,
      isComplete: !this.#isCut,
      found: this.#found,
    };
  }

  #isOver(): boolean {
    if (this.#seen.size >= this.#bounds.states) this.#isCut = true;
    return this.#found !== null || this.#isCut;
  }

  #visit(world: SmallWorld, way: Way | null, asleep: readonly Sleeper[]): void {
    if (this.#isOver()) return;
    const number = worldDigest(world);
    const before = this.#seen.get(number);
    const names = asleep.map(({ name }) => name);
    let actions: readonly Action[];
    if (before === undefined) {
      this.#seen.set(number, names);
      if (!this.#isWorthwhile(world, way)) return;
      actions = enabledActions(world).filter(({ name }) => !names.includes(name));
    } else {
      const owed = before.filter((name) => !names.includes(name));
      if (owed.length === 0) return;
      this.#seen.set(
        number,
        before.filter((name) => names.includes(name)),
      );
      actions = enabledActions(world).filter(({ name }) => owed.includes(name));
    }
    this.#takeAll(world, way, actions, asleep);
  }

  #takeAll(world: SmallWorld, way: Way | null, actions: readonly Action[], asleep: readonly Sleeper[]): void {
    const sleeping = [...asleep];
    for (const action of actions) {
      const after = perform(world, action);
      this.#transitions += 1;
      const next: Way = { action, before: way, length: (way?.length ?? 0) + 1 };
      this.#depth = Math.max(this.#depth, next.length);
      if (after.broken !== null) return this.#report(after.broken, next);
      const own = touched(action, world, after);
      if (beginsRound(world, action)) this.#next.push({ world: after, way: next });
      else {
        this.#visit(
          after,
          next,
          sleeping.filter((other) => (other.touched & own) === 0),
        );
      }
      if (this.#isOver()) return;
      sleeping.push({ name: action.name, touched: own });
    }
  }

  /** A world seen for the first time: false when nothing needs to follow it. */
  #isWorthwhile(world: SmallWorld, way: Way | null): boolean {
    if (world.seats.filter(({ state }) => state?.phase.kind === "proposing").length > 1) this.#rivals += 1;
    if (!isSettled(world)) return true;
    this.#settled += 1;
    this.#tryLiveness(world, way);
    return false;
  }

  #tryLiveness(world: SmallWorld, way: Way | null): void {
    this.#tried += 1;
    const broken = brokenLiveness(world);
    if (broken !== null) this.#report(broken, way);
  }

  #report(broken: Broken, way: Way | null): void {
    const actions: Action[] = [];
    for (let step = way; step !== null; step = step.before) actions.push(step.action);
    this.#found = { broken, way: actions.reverse() };
  }
}
