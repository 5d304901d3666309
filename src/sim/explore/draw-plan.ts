import type { Random } from "../random.ts";
import type { Shape } from "./shapes.ts";

/** Kinds of faults. Each seed takes only some of them: rare combinations come up more often than when all are always there. */
export const faultKinds = [
  "power",
  "blackout",
  "crash-daemon",
  "shutdown",
  "pause-machine",
  "pause-daemon",
  "cut-groups",
  "cut-pair",
  "cut-one-way",
  "cut-link",
  "weather",
  "slow-disk",
  "broken-disk",
  "lost-disk",
  "kill-resource",
  "refuse",
  "fence-device",
  "operator",
  "watchdog",
] as const;

/** A kind of fault. */
export type FaultKind = (typeof faultKinds)[number];

/** What one seed does to its cluster. */
export interface Plan {
  readonly kinds: readonly FaultKind[];
  /** Time between two faults, on average. */
  readonly gapMs: number;
  /** How long a passing fault lasts, at most. */
  readonly lastsMsMax: number;
  /** When faults end. */
  readonly faultsUntilMs: number;
  readonly jitterMsMax: number;
}

/** Draws the plan of a seed. */
export function drawPlan(random: Random, shape: Shape): Plan {
  const share = random.pick([0.15, 0.3, 0.5, 0.8]);
  const chosen = faultKinds.filter((kind) => isPossible(kind, shape) && random.chance(share));
  // Who leaves takes its vote along. Two voters may be left, and then one lost disk is a case for the operator.
  const kinds = chosen.includes("lost-disk") ? chosen.filter((kind) => kind !== "shutdown") : chosen;
  // The bound of a watchdog is longer than what other shapes call a long fault: some must outlast it.
  const [longer, later] = shape.endsWith("watchdog") ? [4, 2] : [1, 1];
  return {
    kinds: kinds.length > 0 ? kinds : ["power"],
    gapMs: longer * random.pick([700, 2000, 5000]),
    lastsMsMax: longer * random.pick([1000, 4000, 12_000]),
    faultsUntilMs: later * random.pick([15_000, 30_000, 45_000]),
    jitterMsMax: random.pick([0, 2, 20]),
  };
}

function isPossible(kind: FaultKind, shape: Shape): boolean {
  // Two voters of which one has forgotten everything are no quorum: a case for the operator, not for time. So is a witness that refuses
  // the other one, because only the lost disk had what was ordered with its vote.
  if (kind === "lost-disk") return shape !== "2" && shape !== "2-witness";
  if (kind === "watchdog") return shape.endsWith("watchdog");
  return kind !== "fence-device" || !(shape.endsWith("none") || shape.endsWith("watchdog"));
}
