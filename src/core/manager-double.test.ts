import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import { durationMs, wallMs } from "../model/units.ts";
import {
  ask,
  cut,
  type Driver,
  heal,
  logged,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  run,
  testConfig,
  told,
} from "./manager-driver.fixture.ts";
import type { ClusterState } from "./services/cluster-state.ts";
import { doubleText } from "./services/double.ts";
import { type Abandoned, doubleUntil, withElsewhere } from "./services/double-record.ts";
import { life, n2, Story } from "./services/two-nodes.fixture.ts";
import { clusterWarnings, explainService } from "./services/explain.ts";

const web = parseServiceId("web");
const n1 = parseNodeId("n1");
const n3 = parseNodeId("n3");

function stateOf(driver: Driver): ClusterState {
  const { manager } = nodeOf(driver, "n3");
  if (manager === null) throw new RangeError("Cannot look at n3: it has no daemon");
  return manager.cluster;
}

/** n1 owns web and stops it late, when it was taken as off long ago: by time, or by an operator who has not looked. */
function ranTwice(): Driver {
  const base = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
  const driver = newDriver({ ...base, fencing: { kind: "none", assumeOffAfterMs: durationMs(3_000) } });
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  driver.behaviours.push({ resource: "web/daemon", action: "stop", node: "n1", takesMs: 4_000, times: 1 });
  driver.mayRunTwice = true;
  cut(driver, "n1");
  return driver;
}

describe("[SVC-26] a service that ran on two nodes at once", () => {
  it("is told of when the node is back that had stopped it by itself, too late", () => {
    const driver = ranTwice();
    run(driver, 15_000);
    expect(told(driver, "n3", "web")).toBe("started on n2");
    expect(clusterWarnings(stateOf(driver), [])).toEqual([]);
    heal(driver);
    run(driver, 3_000);
    expect(logged(driver, "ran on n1 and n2 at once for ").length).toBeGreaterThan(0);
    const double = explainService(stateOf(driver), web)?.doubles?.[0];
    expect(double).toMatchObject({ nodes: ["n1", "n2"] });
    // From the order to start on n2 (5 s after the loss) to the end of the stop on n1 (lease, then 4 s).
    expect((double?.endedAt ?? 0) - (double?.beganAt ?? 0)).toBeGreaterThan(1_000);
    expect((double?.endedAt ?? 0) - (double?.beganAt ?? 0)).toBeLessThan(5_000);
  });

  it.each<readonly [string, "start" | "stop"]>([
    ["was stopping it by an order that is old by then", "stop"],
    ["was starting it, and stopped what it had of it when that failed", "start"],
  ])("is told of when the node that is back %s", (_, action) => {
    const base = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
    const driver = newDriver({ ...base, fencing: { kind: "none", assumeOffAfterMs: durationMs(3_000) } });
    powerOn(driver, "n1", "n2", "n3");
    run(driver, 5_000);
    const outcome = action === "start" ? { status: "failed" as const } : {};
    driver.behaviours.push({ resource: "web/daemon", action, node: "n1", outcome, takesMs: 9_000, times: 1 });
    driver.mayRunTwice = true;
    ask(driver, "n2", { kind: "restart-service", service: web });
    run(driver, 500);
    cut(driver, "n1");
    run(driver, 15_000);
    expect(told(driver, "n3", "web")).toBe("started on n2");
    heal(driver);
    run(driver, 3_000);
    expect(logged(driver, "ran on n1 and n2 at once for ").length).toBeGreaterThan(0);
  });

  it("is shown until somebody has looked, or for a day", () => {
    const driver = ranTwice();
    run(driver, 15_000);
    heal(driver);
    run(driver, 3_000);
    const state = stateOf(driver);
    expect(clusterWarnings(state, [])).toEqual([
      expect.stringMatching(
        /^service web ran on n1 and n2 at once for \d s, .* ago; look at its data, then: hale service clear web$/,
      ),
    ]);
    expect(clusterWarnings(state, [], wallMs(state.at + 23 * 3_600_000))).toHaveLength(1);
    expect(clusterWarnings(state, [], wallMs(state.at + 25 * 3_600_000))).toEqual([]);
    ask(driver, "n2", { kind: "clear-service", service: web });
    run(driver, 100);
    expect(clusterWarnings(stateOf(driver), [])).toEqual([]);
    expect(explainService(stateOf(driver), web)?.doubles).toEqual([]);
  });

  it("is told of while it goes on, and when it has ended: the place of the others keeps it", () => {
    const story = new Story().lose().later(30_000).join([web]);
    expect(story.phase).toBe("started on n1");
    expect(story.texts).toContainEqual(expect.stringMatching(/^n2 runs on n2 and n1 at once, for 3\d s so far$/));
    expect(clusterWarnings(story.state, [])[0]).toMatch(/^service web runs on n2 and n1 at once/);
    const [stray] = story.state.services[web]?.strays ?? [];
    const result = { kind: "stopped" as const, durationMs: 1 };
    story.say({
      kind: "service-result",
      node: n2,
      incarnation: life(2),
      service: web,
      attempt: stray?.attempt ?? 0,
      result,
    });
    expect(story.texts).toContainEqual(expect.stringMatching(/^n2 ran on n2 and n1 at once for 3\d s$/));
    expect(story.state.services[web]?.doubles).toHaveLength(1);
  });

  it.each<readonly [number, string]>([
    [1_000, "ran on n1 and n3 at once for 28 s"],
    [15_000, "ran on n1 and n2 at once for 14 s"],
  ])("is told of with the node that had it last before the other one stopped, %i ms ago", (ranMsAgo, text) => {
    const later = withElsewhere(withElsewhere([{ node: n1, elsewhere: null }], n2, wallMs(1_000)), n3, wallMs(20_000));
    const endedAt = wallMs(30_000 - ranMsAgo);
    const [told] = later.map((one) => doubleUntil(one, endedAt));
    expect(told && doubleText({ ...told, endedAt, entry: 1 }, endedAt)).toBe(text);
  });

  it("of a node that is away for ever is kept by its first and its last places", () => {
    let known: readonly Abandoned[] = [{ node: n1, elsewhere: null }];
    for (let at = 1; at <= 100; at += 1) known = withElsewhere(known, at % 2 === 0 ? n2 : n3, wallMs(at));
    expect(known[0]?.elsewhere).toEqual({ node: n3, since: 1 });
    expect(known[0]?.later?.map(({ since }) => since)).toEqual([93, 94, 95, 96, 97, 98, 99, 100]);
  });

  it("is nothing of a node that was removed meanwhile, and comes again", () => {
    const story = new Story().lose().later(30_000);
    expect(story.state.services[web]?.abandoned).toHaveLength(1);
    story.say({ kind: "intent", intent: { kind: "remove-node", node: n2 }, author: "root" });
    expect(story.state.services[web]?.abandoned).toEqual([]);
  });

  it("is told of when it was started by hand", () => {
    const story = new Story();
    story.report(n1, [web]);
    expect(story.texts).toContain("n1 runs on n1 and n2 at once, for less than 1 s so far");
  });

  it("is nothing when the node comes back without it", () => {
    const driver = ranTwice();
    run(driver, 1_000);
    powerOff(driver, "n1");
    run(driver, 15_000);
    nodeOf(driver, "n1").isCut = false;
    powerOn(driver, "n1");
    run(driver, 5_000);
    expect(logged(driver, "at once")).toEqual([]);
    expect(stateOf(driver).services[web]?.abandoned).toEqual([]);
    expect(stateOf(driver).nodes[n1]?.isMember).toBe(true);
  });
});
