import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { clusterWarnings, explainNodes, explainService } from "./explain.ts";
import { base, life, n1, n2, Story, web } from "./two-nodes.fixture.ts";

const hour = 3_600_000;

describe("[PLC-6] a node that is lost again and again", () => {
  it("is given nothing after the third time, though it is the better place", () => {
    const story = new Story().flap();
    expect([story.phase, story.isHeld]).toEqual(["started on n2", false]);
    story.flap();
    expect(story.phase).toBe("started on n2");
    story.flap();
    expect([story.phase, story.isHeld]).toEqual(["started on n1", true]);
    expect(story.texts).toContain("n2 in quarantine for 60 min: lost 3 times within 60 min");
  });

  it("is shown with the way out, in the status and by the reasons of each service", () => {
    const { state } = new Story().flap().flap().flap();
    expect(clusterWarnings(state, [])).toEqual([
      expect.stringMatching(/^node n2 was lost 3 times .* hale node release n2$/),
    ]);
    expect(explainNodes(state)[1]?.quarantine).toMatchObject({ losses: 3 });
    expect(explainService(state, web)?.nodes.find(({ node }) => node === n2)).toMatchObject({
      verdict: "may",
      reasons: expect.arrayContaining(["in quarantine, lost again and again: last resort"]) as unknown,
    });
  });

  it("gets its services back when an operator releases it", () => {
    const story = new Story().flap().flap().flap();
    story.say({ kind: "intent", intent: { kind: "release-node", node: n2 }, author: "root" }).done();
    expect([story.phase, story.isHeld]).toEqual(["started on n2", false]);
    // What was counted is forgotten.
    expect(story.flap().isHeld).toBe(false);
  });

  it("gets them back when its time is over, an hour after its last loss, and not by an end that another loss has put off", () => {
    const story = new Story().flap().flap().flap();
    const { until = wallMs(0), since = wallMs(0) } = story.state.nodes[n2]?.quarantine ?? {};
    expect(until - since).toBe(hour);
    story.later(hour / 2).flap();
    story.say({ kind: "quarantine-over", node: n2, until });
    expect([story.phase, story.isHeld]).toEqual(["started on n1", true]);
    const last = story.state.nodes[n2]?.quarantine?.until ?? wallMs(0);
    expect(last).toBeGreaterThan(until);
    story.say({ kind: "quarantine-over", node: n2, until: last }).done();
    expect([story.phase, story.isHeld]).toEqual(["started on n2", false]);
  });

  it("is given a service all the same that no other node may run, with a warning", () => {
    const story = new Story().flap().flap().flap();
    story.say({ kind: "intent", intent: { kind: "standby-node", node: n1 }, author: "root" }).done();
    expect(story.phase).toBe("started on n2");
    expect(story.texts).toContain("n2 given to n2 although that is in quarantine");
  });

  it("keeps what it still runs when it is taken in again", () => {
    const story = new Story().flap().flap();
    story.view(false).view(true);
    expect(story.isHeld).toBe(true);
    story.report(n2, [web]).done();
    expect(story.phase).toBe("started on n2");
  });

  it("loses what is found stopped there to another node", () => {
    const story = new Story().flap().flap();
    story.view(false).view(true).report(n2).done();
    expect(story.phase).toBe("started on n1");
  });
});

describe("[PLC-9] losses", () => {
  it("older than the window do not count", () => {
    expect(new Story().flap().flap().later(hour).flap().isHeld).toBe(false);
  });

  it("asked for by an operator do not count, whether the view or the device is faster", () => {
    const wish: EntryBody = { kind: "intent", intent: { kind: "fence-node", node: n2 }, author: "root" };
    const devices = { kind: "devices" as const, devices: [] };
    const nodes = base.nodes.map((node) => ({ ...node, fence: [[{ device: "pdu" as never }]] }));
    const story = new Story({ ...base, nodes, fencing: devices });
    for (const isViewFirst of [true, false, true, false]) {
      const incarnation = life(story.boot);
      story.say(wish);
      if (isViewFirst) story.view(false);
      const attempt = (story.state.fences[n2]?.attempt ?? 0) + 1;
      const fence = { target: n2, incarnation, by: n1, attempt, reason: "asked by root" };
      story.say({ kind: "fence-begun", ...fence });
      story.say({ kind: "fence-result", ...fence, confirmed: true, devices: [] });
      if (!isViewFirst) story.view(false);
      story.join();
    }
    expect([story.isHeld, story.state.nodes[n2]?.losses]).toEqual([false, []]);
  });

  it("are none when it has left", () => {
    const story = new Story();
    for (let i = 0; i < 4; i += 1) {
      const incarnation = life(story.boot);
      story.say({ kind: "leaving", node: n2, incarnation }).done();
      story.say({ kind: "left", node: n2, incarnation, voters: [n1] });
      story.view(false).join();
    }
    expect(story.state.nodes[n2]?.losses).toEqual([]);
  });

  it("are daemons that were restarted while it was a member, too", () => {
    const story = new Story();
    for (let i = 0; i < 3; i += 1) {
      story.boot += 1;
      story.view(true).report(n2, [web]);
    }
    expect([story.phase, story.isHeld]).toEqual(["started on n2", true]);
  });

  it("are counted as the configuration says, or not at all", () => {
    const strict = { kind: "timed" as const, losses: 2, withinMs: durationMs(60_000), forMs: durationMs(5_000) };
    const story = new Story({ ...base, quarantine: strict }).flap().flap();
    expect(story.texts).toContain("n2 in quarantine for 5 s: lost 2 times within 1 min");
    const none: ClusterConfig = { ...base, quarantine: { kind: "none" } };
    expect(story.say({ kind: "config", config: none, digest: "e", author: "root" }).isHeld).toBe(false);
    expect(story.flap().flap().flap().flap().isHeld).toBe(false);
  });
});
