import { type LogLimits, logLimits } from "../../core/replication/log-limits.ts";
import { driftMax } from "../fake-clock.ts";
import { tinyLimits } from "../group/group-run.ts";
import type { Random } from "../random.ts";
import { saysShape, type Shape } from "./shapes.ts";

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
  "freeze",
  "watchdog",
  "reach",
  "wall-clock",
  "arbiter-disk",
  "stop-cluster",
  "witness",
  "reload",
  "remove",
] as const;

/** A kind of fault. */
export type FaultKind = (typeof faultKinds)[number];

/** What one seed does to its cluster: some kinds of faults are left out, others come often; sizes differ from seed to seed. */
export interface Plan {
  /** A fault is drawn from these; a kind that is there several times comes up more often. */
  readonly kinds: readonly FaultKind[];
  /** Time between two faults, on average. */
  readonly gapMs: number;
  /** How long a passing fault lasts, at most. */
  readonly lastsMsMax: number;
  /** When faults end. */
  readonly faultsUntilMs: number;
  readonly jitterMsMax: number;
  /** Probability that a node that changes its view is hit in the middle of it. */
  readonly aim: number;
  /** Of bad weather: the greatest share of packets that are lost. */
  readonly lossMax: number;
  /** The longest that a slow disk takes to write. */
  readonly writeMsMax: number;
  /** How long a service's resources take to start and to stop. */
  readonly agentMs: number;
  /** How far the rates of clocks may be from true time. */
  readonly drift: number;
  /** How far wall clocks may be from each other. */
  readonly wallSkewMsMax: number;
  /** Of the log: those of hale, or so small that it is trimmed all the time. */
  readonly limits: LogLimits;
}

/** A kind comes up to so many times as often as another. */
const weightMax = 4;
const hourMs = 3_600_000;

/** Words of shapes whose nodes have watchdogs. */
const resets = ["watchdog", "last", "cut"] as const;

/** Words of shapes in which the others may be no majority without some node. */
const changesVotes = ["weighted", "reloaded", "removed"] as const;

/** Draws the plan of a seed. */
export function drawPlan(random: Random, shape: Shape): Plan {
  const share = random.pick([0.15, 0.3, 0.5, 0.8]);
  const chosen = faultKinds.filter((kind) => isPossible(kind, shape) && random.chance(share));
  // Who leaves takes its vote along. Two voters may be left, and then one lost disk is a case for the operator.
  const kinds = chosen.includes("lost-disk") ? chosen.filter((kind) => kind !== "shutdown") : chosen;
  // The bound of a watchdog, and of an assumption, are longer than what other shapes call a long fault: some must outlast it.
  const isReset = resets.some((word) => saysShape(shape, word));
  const isLong = isReset || (saysShape(shape, "none") && random.chance(0.5));
  const [longer, later] = isLong ? [4, 2] : [1, 1];
  return {
    kinds:
      kinds.length > 0 ? kinds.flatMap((kind) => Array<FaultKind>(random.between(1, weightMax)).fill(kind)) : ["power"],
    gapMs: longer * random.pick([700, 2000, 5000]),
    lastsMsMax: longer * random.pick([1000, 4000, 12_000]),
    faultsUntilMs: later * random.pick([15_000, 30_000, 45_000]),
    jitterMsMax: random.pick([0, 2, 20]),
    aim: random.pick([0, 0, 0.03, 0.1]),
    lossMax: random.pick([0.1, 0.3, 0.6]),
    writeMsMax: random.pick([50, 500, 3000]),
    agentMs: random.pick([100, 100, 3000]),
    drift: random.pick([0, 0.001, driftMax]),
    wallSkewMsMax: random.pick([0, 100, 6 * hourMs]),
    limits: random.chance(0.25) ? tinyLimits : logLimits,
  };
}

function isPossible(kind: FaultKind, shape: Shape): boolean {
  // Two voters of which one has forgotten everything are no quorum: a case for the operator, not for time. So is a witness that refuses
  // the other one, because only the lost disk had what was ordered with its vote.
  // And so is the lost disk of a node without which the others are no majority.
  if (kind === "lost-disk")
    return Number.parseInt(shape, 10) > 2 && !changesVotes.some((word) => saysShape(shape, word));
  if (kind === "remove") return saysShape(shape, "removed");
  if (kind === "reload") return saysShape(shape, "reloaded");
  if (kind === "arbiter-disk") return saysShape(shape, "disk");
  if (kind === "witness") return saysShape(shape, "off");
  if (kind === "stop-cluster") return saysShape(shape, "stopped");
  if (kind === "reach") return saysShape(shape, "reachlist");
  if (kind === "watchdog") return resets.some((word) => saysShape(shape, word));
  return kind !== "fence-device" || !(saysShape(shape, "none") || saysShape(shape, "watchdog"));
}
