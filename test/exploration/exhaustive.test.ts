import { describe, expect, test } from "vitest";
import { rightRules } from "../../src/sim/group/group-rules.ts";
import { explore } from "../../src/sim/exhaustive/explore.ts";
import { faultKinds } from "../../src/sim/exhaustive/small-world.ts";
import { begin, type Latitude, starts } from "../../src/sim/exhaustive/starts.ts";
import { readWay, traceLines, wayText } from "../../src/sim/exhaustive/trace.ts";

// Goal: within these bounds there is no order of events, however rare, in which the group breaks a promise. `npm run exhaustive` goes further.

const latitude: Latitude = {
  rules: rightRules,
  faults: 0,
  kinds: faultKinds,
  beatsMax: 0,
  hasFreeBeats: false,
  hasFreeClocks: false,
  hasFreeStarts: false,
};
const bounds = { rounds: 12, states: 100_000 };

describe("every order of events of three nodes", () => {
  test.each(starts)("[V1, V2, V3, V4, V5, V6] without a fault: $name", (start) => {
    const { found, isComplete, tried } = explore(begin(start, latitude), bounds);
    expect({ found, isComplete, isTried: tried > 0 }).toEqual({ found: null, isComplete: true, isTried: true });
  });

  test.each(starts.filter(({ name }) => name === "coordinator-dies" || name === "member-dies"))(
    "[V1, V2, V3, V4, V5, V6] with one crash, or one message or disk that is lost, late or doubled: $name",
    (start) => {
      const { found, isComplete } = explore(begin(start, { ...latitude, faults: 1 }), bounds);
      expect({ found, isComplete }).toEqual({ found: null, isComplete: true });
    },
  );

  test.each(starts.filter(({ name }) => name === "fresh" || name === "coordinator-returns"))(
    "[V1, V2, V3, V4, V5, V6] heartbeats between all else: $name",
    (start) => {
      const { found, isComplete } = explore(begin(start, { ...latitude, beatsMax: 1 }), bounds);
      expect({ found, isComplete }).toEqual({ found: null, isComplete: true });
    },
  );

  test("a way is one word, and the word is the way", () => {
    const world = begin(starts[0] as (typeof starts)[0], latitude);
    const way = readWay(world, "0.0.0.0.0.0");
    expect(wayText(world, way)).toBe("0.0.0.0.0.0");
    expect(traceLines(world, readWay(world, wayText(world, way)))).toEqual(traceLines(world, way));
  });
});
