import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import { shapes } from "../../src/sim/explore/shapes.ts";
import { type RunKind, runSeed } from "../../src/sim/group/group-run.ts";
import type { RareState } from "../../src/sim/rare-states/rare-states.ts";

/** What one seed came to, small enough to be sent from one thread to another. */
export interface SoakResult extends SeedOutcome {
  /** Real time. */
  readonly tookMs: number;
}

/** The same, by virtual time alone: it is the same whenever and wherever the seed is run. */
export interface SeedOutcome {
  readonly kind: string;
  readonly seed: number;
  /** Virtual time of the run. */
  readonly ranMs: number;
  /** From the end of the faults until all was well; null when it never was. */
  readonly recoveredMs: number | null;
  readonly faults: ReadonlyMap<string, number>;
  readonly rareStates: ReadonlySet<RareState>;
  /** One line per broken promise, not more than a few. */
  readonly broken: readonly string[];
}

/** A kind of cluster that seeds are run on. */
export interface SoakKind {
  readonly name: string;
  /** `tell` is given all that happened, line by line. */
  run(seed: number, tell?: (line: string) => void): SeedOutcome;
}

const linesMax = 5;

const groups: readonly RunKind[] = [
  { name: "2-fencing", nodes: 2, arbiter: "fencing" },
  { name: "2-fencing-leaving", nodes: 2, arbiter: "fencing", churn: true },
  { name: "2-fencing-waits-for-all", nodes: 2, arbiter: "fencing", waitForAll: true },
  { name: "2-fencing-removed", nodes: 2, arbiter: "fencing", roster: true },
  { name: "2-reachlist-leaving", nodes: 2, arbiter: "reachlist", churn: true },
  { name: "2-majority", nodes: 2, arbiter: "majority" },
  { name: "2-witness", nodes: 2, arbiter: "witness" },
  { name: "2-witness-lost-disks", nodes: 2, arbiter: "witness", hot: true },
  { name: "2-disk", nodes: 2, arbiter: "disk" },
  { name: "2-disk-lost-disks", nodes: 2, arbiter: "disk", hot: true },
  { name: "3", nodes: 3, arbiter: "majority" },
  { name: "3-pair-cut", nodes: 3, arbiter: "majority", mesh: true },
  { name: "3-lost-disks", nodes: 3, arbiter: "majority", hot: true },
  { name: "3-leaving", nodes: 3, arbiter: "majority", churn: true },
  { name: "3-waits-for-all", nodes: 3, arbiter: "majority", waitForAll: true, churn: true },
  { name: "3-removed", nodes: 3, arbiter: "majority", roster: true },
  { name: "3-removed-leaving-lost-disks", nodes: 3, arbiter: "majority", roster: true, hot: true, churn: true },
  { name: "3, the first with two votes", nodes: 3, arbiter: "majority", votes: "aabc" },
  { name: "3, votes that change all the time", nodes: 3, arbiter: "majority", votes: "any", churn: true },
  { name: "3 witness, votes that change all the time", nodes: 3, arbiter: "witness", votes: "any", churn: true },
  { name: "4", nodes: 4, arbiter: "majority" },
  { name: "4, votes 3, 1, 1, 1", nodes: 4, arbiter: "majority", votes: "aaabcd", churn: true },
  { name: "4-witness", nodes: 4, arbiter: "witness" },
  { name: "4-witness-removed", nodes: 4, arbiter: "witness", roster: true },
  { name: "4-witness-lost-disks", nodes: 4, arbiter: "witness", hot: true },
  { name: "4-disk", nodes: 4, arbiter: "disk" },
  { name: "5", nodes: 5, arbiter: "majority" },
  { name: "5-pair-cut", nodes: 5, arbiter: "majority", mesh: true },
  { name: "5-lost-disks", nodes: 5, arbiter: "majority", hot: true },
  { name: "7", nodes: 7, arbiter: "majority" },
  { name: "16", nodes: 16, arbiter: "majority" },
];

/** Of each: kinds of faults by lot and clocks apart; logs are trimmed all the time by odd seeds. */
function groupKind(group: RunKind): SoakKind {
  const name = `group-${group.name}`;
  return {
    name,
    run(seed, tell) {
      const kind = { ...group, swarm: true, tiny: seed % 2 === 1 };
      const { ranMs, healedInMs, faults, rareStates, violations } = runSeed(kind, seed, undefined, tell ?? null);
      const broken = violations
        .slice(0, linesMax)
        .map(({ rule, at, text }) => `${rule} at ${Math.round(at)} ms: ${text}`);
      return { kind: name, seed, ranMs, recoveredMs: healedInMs, faults, rareStates, broken };
    },
  };
}

function daemonKind(shape: (typeof shapes)[number]): SoakKind {
  return {
    name: shape,
    run(seed, tell) {
      const { ranMs, recoveredMs, faults, rareStates, violations, timeline, ends, plan } = exploreSeed(seed, shape);
      if (tell !== undefined) {
        for (const { atMs, node, text } of timeline) tell(`${String(atMs).padStart(6)} ${node.padEnd(5)} ${text}`);
        for (const line of ends) tell(line);
        tell(`plan: ${JSON.stringify({ ...plan, kinds: [...new Set(plan.kinds)].join(" ") })}`);
      }
      const broken = violations.slice(0, linesMax).map(({ rule, atMs, text }) => `${rule} at ${atMs} ms: ${text}`);
      return { kind: shape, seed, ranMs, recoveredMs, faults, rareStates, broken };
    },
  };
}

/** All of them: whole daemons by their shape, and the group alone. */
export const soakKinds: readonly SoakKind[] = [...shapes.map(daemonKind), ...groups.map(groupKind)];
