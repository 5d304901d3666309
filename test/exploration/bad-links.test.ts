import { describe, expect, test } from "vitest";
import { quietHour, takeoverMs } from "../../src/sim/explore/link-figures.ts";

// Goal: what is promised of bad links holds for three nodes at the default timings. `npm run bench -- bad-links` gives the figures.

const takeovers = 20;

describe("bad links, three nodes, default timings", () => {
  test("[LIVE-1] 30 % loss on both links: the owner's death costs the deadtime and little more", () => {
    const times = Array.from({ length: takeovers }, (_, seed) => takeoverMs(seed + 1, { count: 2, loss: 0.3 }));
    expect(Math.max(...times)).toBeLessThan(2_000);
  });

  test("[LIVE-2] 30 % loss on both links for an hour: nobody is lost, nothing moves", () => {
    expect(quietHour(1, { count: 2, loss: 0.3 })).toMatchObject({ viewChanges: 0, fences: 0, moves: 0 });
  });

  test("[LIVE-2] two of three links dead for an hour: no effect but warnings", () => {
    const { warnings, ...effects } = quietHour(1, { count: 3, loss: 0, dead: 2 });
    expect(effects).toEqual({ viewChanges: 0, fences: 0, moves: 0 });
    expect(warnings).toEqual([
      "link n2/0 (10.0.0.2) is dead",
      "link n2/1 (10.0.1.2) is dead",
      "link n3/0 (10.0.0.3) is dead",
      "link n3/1 (10.0.1.3) is dead",
    ]);
  });
});
