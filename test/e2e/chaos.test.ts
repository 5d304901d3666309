import { afterEach, expect, test } from "vitest";
import { ChaosSite } from "../../chaos/chaos-site.ts";
import { faultKinds } from "../../chaos/fault.ts";
import { roundText } from "../../chaos/report.ts";
import { runChaos } from "../../chaos/run-chaos.ts";
import { waitUntil } from "../../lab/wait-until.ts";

const timings = { nodes: ["n1", "n2", "n3"], keepaliveMs: 200, deadtimeMs: 1_500, daemonGraceMs: 6_000 };
const wholeMsMax = 60_000;
const testMsMax = 300_000;

let site: ChaosSite | undefined;
afterEach(async () => site?.[Symbol.asyncDispose]());

test(
  "[SAFE-1, LIVE-1] a bit of every fault: no two owners, no counter goes back, and the cluster is whole again after each",
  async () => {
    site = await ChaosSite.start(timings);
    const { deadtimeMs, daemonGraceMs } = timings;
    const options = { seed: 20, forMs: 75_000, deadtimeMs, daemonGraceMs, wholeMsMax, kinds: faultKinds };
    const { rounds, violations } = await runChaos(site, options);
    expect(violations, rounds.map(roundText).join("\n")).toEqual([]);
    expect(rounds.length).toBeGreaterThan(3);
  },
  testMsMax,
);

test(
  "[SAFE-1] the checkers see two owners where there are two: without fencing, and nobody waits",
  async () => {
    site = await ChaosSite.start({ ...timings, fencing: { none: { "assume-off-after": 0 } } });
    const { cluster, lab } = site;
    const owner = (await cluster.owner("red")) ?? "";
    const others = cluster.nodes.filter((name) => name !== owner);
    // A daemon that stands still does not stop what it runs.
    await lab.host(owner).run(["pkill", "-STOP", "-f", "haled.js"]);
    const found = await waitUntil("a violation", wholeMsMax, async () => {
      const violations = (await site?.violations()) ?? [];
      return violations.some((line) => line.includes("still had it")) ? violations : undefined;
    });
    await lab.host(owner).run(["pkill", "-CONT", "-f", "haled.js"]);
    expect(found).toContainEqual(
      expect.stringMatching(new RegExp(`red: at .* (${others.join("|")}) started it while ${owner}`)),
    );
    expect(found).toContainEqual(expect.stringMatching(/hold 10\.77\.0\.200$/));
  },
  testMsMax,
);
