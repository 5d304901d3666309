import type { GroupState } from "../../core/replication/group-state.ts";
import type { CoreState } from "../../core/step.ts";
import { coreRules } from "../../daemon/core-rules.ts";
import type { Rules } from "../../daemon/setup.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Moment } from "../../model/input.ts";
import type { Checker } from "../checkers/checker.ts";
import type { World } from "../world.ts";
import type { RareStates } from "./rare-states.ts";
import { watchGroup, watchShot, watchStart } from "./watch-group.ts";

/** A stop that takes longer than this hangs. */
const hangsMs = 1_000;

/** What is known of one node, to tell rare states by. */
interface Seen {
  core: CoreState | null;
  hasLease: boolean;
  /** Since when a resource is being stopped; null when none is. */
  stoppingSince: number | null;
}

/**
 * Watches whole daemons for rare states: the core's, by looking at what its rules give; the machines', as a checker does. It changes
 * nothing and reports nothing.
 */
export class ClusterWatch {
  readonly rareStates: RareStates = new Set();
  readonly #seen = new Map<NodeId, Seen>();
  readonly #fencesBegun = new Set<NodeId>();
  #read = 0;

  /** The same rules, looked at. */
  rules(node: NodeId, inner: Rules = coreRules): Rules {
    const seen: Seen = { core: null, hasLease: false, stoppingSince: null };
    this.#seen.set(node, seen);
    return {
      ...inner,
      startCore: (boot, moment) => {
        const step = inner.startCore(boot, moment);
        seen.core = step.state;
        watchStart(this.rareStates, this.#others(node));
        return step;
      },
      stepCore: (core, input, moment) => {
        const step = inner.stepCore(core, input, moment);
        seen.core = step.state;
        if (core.group !== step.state.group) watchGroup(this.rareStates, core.group, step.state.group, moment.now);
        this.#watchStep(core, step.state, moment);
        return step;
      },
    };
  }

  /** To be asked by the world as its checkers are. */
  checker({ truth, config, time }: World): Checker {
    const { rareStates } = this;
    const isActive = (node: NodeId): boolean => config.services.some((service) => truth.isActive(node, service));
    return {
      onTruth: (node, _resource, now) => {
        const seen = this.#seen.get(node);
        const isStopping = [...truth.of(node).resources.values()].includes("stopping");
        if (seen !== undefined && !isStopping) seen.stoppingSince = null;
        if (seen !== undefined && now === "stopping") seen.stoppingSince ??= time.now;
      },
      onPower: (node, hasPower) => {
        if (!hasPower && [...truth.nodes.values()].every((each) => !each.hasPower)) rareStates.add("all-dark");
        this.#forget(node);
      },
      onFence: (node) => watchShot(rareStates, this.#seen.get(node)?.core?.group ?? null),
      onReset: () => rareStates.add("reset-by-watchdog"),
      onDaemon: (node, what, reason) => {
        if (what === "started" && isActive(node)) rareStates.add("services-adopted");
        if (what === "crashed" && this.#fencesBegun.has(node)) rareStates.add("killed-while-fenced");
        if (what === "ended" && reason.includes("write")) rareStates.add("daemon-without-disk");
        this.#forget(node);
      },
      onClockStep: (node) => {
        if (isActive(node)) rareStates.add("wall-clock-steps");
      },
      onSample: () => {
        for (; this.#read < truth.entries.length; this.#read += 1) {
          const body = truth.entries[this.#read]?.body;
          if (body !== undefined) this.#watchEntry(body, (node) => truth.of(node).hasDaemon);
        }
        for (const [node, { core, hasLease, stoppingSince }] of this.#seen) {
          if (core === null || truth.of(node).isPaused || hasLease || core.facts.leaseUntil === 0) continue;
          if (stoppingSince !== null && time.now - stoppingSince > hangsMs)
            rareStates.add("lease-out-while-stop-hangs");
          if ([...truth.of(node).resources.values()].includes("starting")) rareStates.add("start-cut-short");
        }
      },
    };
  }

  #watchStep(before: CoreState, after: CoreState, { now }: Moment): void {
    const seen = this.#seen.get(after.group.setup.self);
    if (seen !== undefined) seen.hasLease = after.facts.leaseUntil > now;
    if (after.facts.isFrozen && !before.facts.isFrozen) this.rareStates.add("frozen");
    if (before.manager.cluster === after.manager.cluster) return;
    for (const service of Object.values(after.manager.cluster.services)) {
      if (service.phase.kind === "blocked") this.rareStates.add("stop-failed");
      if (service.phase.kind === "failed") this.rareStates.add("failed-everywhere");
    }
  }

  #watchEntry(body: EntryBody, hasDaemon: (node: NodeId) => boolean): void {
    const { rareStates } = this;
    if (body.kind === "fence-begun") {
      if (body.attempt > 1) rareStates.add("fence-begun-anew");
      this.#fencesBegun.add(body.target);
    }
    if (body.kind === "fence-result") {
      this.#fencesBegun.delete(body.target);
      if (body.confirmed && hasDaemon(body.target)) rareStates.add("fence-confirmed-after-return");
    }
    if (body.kind === "assumed-off" || body.kind === "self-fenced") rareStates.add(body.kind);
    if (body.kind === "left") rareStates.add("left-cleanly");
    if (body.kind === "halted") rareStates.add("halted");
  }

  #others(node: NodeId): readonly (GroupState | null)[] {
    return [...this.#seen].filter(([other]) => other !== node).map(([, { core }]) => core?.group ?? null);
  }

  #forget(node: NodeId): void {
    const seen = this.#seen.get(node);
    if (seen !== undefined) Object.assign(seen, { core: null, hasLease: false, stoppingSince: null });
  }
}
