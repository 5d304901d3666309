import type { Effect } from "./effect.ts";
import type { InstantMs } from "./units.ts";

/** What a step of the core gives back: the next state, what to do in this order, and when to be woken at the latest. */
export interface Stepped<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
  readonly wakeAt: InstantMs;
}
