import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { summarize } from "../lab/outages.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import { waitUntil } from "../lab/wait-until.ts";
import { Random } from "../src/sim/random.ts";
import { withoutValue } from "./acknowledgements.ts";
import { type ChaosSite, services } from "./chaos-site.ts";
import { Rounds } from "./draw-round.ts";
import { type Fault, type FaultKind, faultKinds, faultText, isArbiterFault } from "./fault.ts";
import { countStarts } from "./lock-history.ts";
import { needless } from "./needless.ts";
import { aim, type Strike, type StrikeOptions } from "./strike.ts";
import { statusOf, waitUntilWhole } from "./whole.ts";

/** How a run goes. */
export interface ChaosOptions {
  readonly seed: number;
  /** No round begins later than that. */
  readonly forMs: number;
  readonly deadtimeMs: number;
  readonly daemonGraceMs: number;
  /** Bound of LIVE-1: after the faults are healed. */
  readonly wholeMsMax: number;
  /** Default: all that this machine can do. */
  readonly kinds?: readonly FaultKind[];
  /** Told of each round when it is over. */
  readonly onRound?: (round: Round) => void;
}

/** What one round of faults did. */
export interface Round {
  readonly number: number;
  /** One line per fault, with the host it fell on. */
  readonly faults: readonly string[];
  readonly kinds: readonly FaultKind[];
  /** When the first one struck, on `monotonicMs`. */
  readonly atMs: number;
  /** Longest time without an answer, by service; 0 for none. */
  readonly outageMs: Readonly<Record<string, number>>;
  /** Orders to switch off that the fence device got. */
  readonly fences: number;
  /** Starts on another host than before, of all services together, and of the one that had most. */
  readonly moves: number;
  readonly movesMost: number;
  /** Starts on the same host. */
  readonly restarts: number;
  /** Hosts that an operator had to switch on. */
  readonly byHand: readonly string[];
  /** From the end of the healing until all was as before. */
  readonly wholeMs: number;
}

/** What a run found. */
export interface ChaosResult {
  readonly seed: number;
  readonly rounds: readonly Round[];
  /** Hosts that an operator had to switch on, also in a round that did not end. */
  readonly byHand: readonly string[];
  /** Broken promises; the run ends at the first. */
  readonly violations: readonly string[];
  /** Kinds that this machine cannot do. */
  readonly left: readonly FaultKind[];
}

const takeoverMsMax = 20_000;

/** Round after round until the time is over or a promise is broken. @param site whole */
export async function runChaos(site: ChaosSite, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, forMs, deadtimeMs, daemonGraceMs, wholeMsMax } = options;
  const asked = (options.kinds ?? [...faultKinds, ...(site.arbiter?.kinds ?? [])]).filter(
    (kind) => !isArbiterFault(kind) || site.arbiter?.kinds.some((own) => own === kind) === true,
  );
  const strikeOptions = { wholeMsMax, clockLibrary: await findClockLibrary() };
  const kinds = asked.filter((kind) => kind !== "clock step" || strikeOptions.clockLibrary !== undefined);
  const draw = new Rounds(new Random(seed), {
    nodes: site.cluster.nodes,
    services,
    networks: site.lab.networks.map(({ name }) => name),
    deadtimeMs,
    daemonGraceMs,
    kinds,
  });
  const rounds: Round[] = [];
  const untilMs = monotonicMs() + forMs;
  let violations: readonly string[] = [];
  while (monotonicMs() < untilMs && violations.length === 0) {
    const number = rounds.length + 1;
    const faults = draw.next();
    try {
      const round = await playRound(site, number, faults, strikeOptions);
      rounds.push(round);
      options.onRound?.(round);
      violations = [...(await site.violations()), ...needless(round)];
    } catch (error) {
      const text = faults.map(faultText).join(" and ");
      const said = error instanceof Error ? error.message : String(error);
      violations = [...(await site.violations()), `[LIVE-1] round ${number} (${text}): ${said}`];
    }
  }
  return { seed, rounds, byHand: site.switchedOn, violations, left: asked.filter((kind) => !kinds.includes(kind)) };
}

async function playRound(
  site: ChaosSite,
  number: number,
  faults: readonly Fault[],
  options: StrikeOptions,
): Promise<Round> {
  const switchedOnBefore = site.switchedOn.length;
  await waitUntilWhole(site, options.wholeMsMax);
  const strikes: (readonly [Fault, Strike])[] = [];
  for (const fault of faults) {
    const strike = await aim(site, fault, options);
    await strike.prepare();
    strikes.push([fault, strike]);
  }
  const powerOns = new Map(site.cluster.nodes.map((node) => [node, site.lab.host(node).powerOns]));
  const fencesBefore = site.lab.fenceDevice.count("off");
  const atMs = monotonicMs();
  for (const [, strike] of strikes) await strike.begin();
  const over = new Set<Strike>();
  await Promise.all(
    strikes.map(async ([fault, strike]) => {
      await hold(site, fault, strike.node, powerOns.get(strike.node) ?? 0);
      over.add(strike);
      await strike.heal();
      const left = strikes.filter(([, other]) => strike.isOfWires && other.isOfWires && !over.has(other));
      for (const [, other] of left) await other.begin();
    }),
  );
  const healedMs = monotonicMs();
  await waitUntilWhole(site, options.wholeMsMax);
  const wholeMs = monotonicMs() - healedMs;
  const starts = await Promise.all(services.map(async (name) => countStarts(await site.history(name), atMs)));
  const movesMost = Math.max(...starts.map(({ moves }) => moves));
  return {
    number,
    faults: strikes.map(([fault, { node }]) => `${faultText(fault)}${node === "" ? "" : ` [${node}]`}`),
    kinds: faults.map(({ kind }) => kind),
    atMs,
    outageMs: await outagesSince(site, atMs),
    fences: site.lab.fenceDevice.count("off") - fencesBefore,
    moves: starts.reduce((sum, { moves }) => sum + moves, 0),
    movesMost,
    restarts: starts.reduce((sum, { restarts }) => sum + restarts, 0),
    byHand: site.switchedOn.slice(switchedOnBefore),
    wholeMs,
  };
}

/** Until it is time to heal. A takeover that does not come (with two faults at once there may be no quorum) ends it as well. */
async function hold(site: ChaosSite, { until }: Fault, node: string, powerOns: number): Promise<void> {
  if (until.kind === "ms") {
    await sleep(until.ms);
    return;
  }
  const others = site.cluster.nodes.filter((name) => name !== node);
  await waitUntil("a takeover", takeoverMsMax, async () => {
    for (const other of others) {
      const status = await statusOf(site, other);
      if (status?.group.isQuorate !== true) continue;
      const members: readonly string[] = status.group.members;
      const isRunning = status.services.every(
        ({ state, owner }) => state === "started" && owner !== null && members.includes(owner),
      );
      const isBack = site.lab.host(node).powerOns > powerOns;
      if (isRunning && (isBack || !members.includes(node))) return true;
    }
    await sleep(lookEveryMs);
    return false;
  }).catch(() => undefined);
}

const lookEveryMs = 50;

async function outagesSince(site: ChaosSite, sinceMs: number): Promise<Readonly<Record<string, number>>> {
  const longest = async (service: string): Promise<readonly [string, number]> => {
    const probes = (await site.probes(service)).filter(({ startMs }) => startMs >= sinceMs).map(withoutValue);
    return [service, Math.max(0, ...summarize(probes).outages.map(({ durationMs }) => durationMs))];
  };
  return Object.fromEntries(await Promise.all(services.map(longest)));
}

async function findClockLibrary(): Promise<string | undefined> {
  for (const folder of await readdir("/usr/lib")) {
    const files: readonly string[] = await readdir(join("/usr/lib", folder, "faketime")).catch(() => []);
    if (files.includes("libfaketimeMT.so.1")) return join("/usr/lib", folder, "faketime/libfaketimeMT.so.1");
  }
  return undefined;
}
