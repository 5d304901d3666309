import { describe, expect, test } from "vitest";
import { stepManager } from "../../src/core/manager.ts";
import { coreRules } from "../../src/daemon/core-rules.ts";
import type { Rules } from "../../src/daemon/setup.ts";
import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import { shapes } from "../../src/sim/explore/shapes.ts";

const seeds = [2_001, 2_002];
const usual = shapes.filter((shape) => Number.parseInt(shape, 10) <= 5);
const nothing = { entries: [], isReplay: false };

/** Asks the manager after every step that has not asked it. */
function asking(onFound: (what: string) => void): Rules {
  return {
    ...coreRules,
    stepCore(core, input, moment) {
      const step = coreRules.stepCore(core, input, moment);
      const { manager, managerWakeAt, facts } = step.state;
      if (manager !== core.manager || managerWakeAt !== core.managerWakeAt) return step;
      const asked = stepManager(manager, null, nothing, facts, moment);
      if (!asked.isSettled || asked.effects.length > 0)
        onFound(`${input.kind} at ${moment.now} ms left something to do`);
      if (asked.wakeAt < managerWakeAt) onFound(`${input.kind} at ${moment.now} ms leaves it asleep for too long`);
      return step;
    },
  };
}

describe("a step that does not ask the manager", () => {
  // Goal: what the manager goes by is complete, so that it would have done nothing, and is woken in time.
  test.each(usual)("shape %s", (shape) => {
    const found: string[] = [];
    for (const seed of seeds)
      exploreSeed(seed, shape, { rules: () => asking((what) => found.push(`seed ${seed}: ${what}`)) });
    expect(found.slice(0, 5)).toEqual([]);
  });
});
