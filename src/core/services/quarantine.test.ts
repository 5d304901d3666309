import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { type NodeId, parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";
import { clusterWarnings, explainNodes, explainService } from "./explain.ts";
import { phaseText } from "./service-record.ts";

const [n1, n2] = ["n1", "n2"].map(parseNodeId) as [NodeId, NodeId];
const web = parseServiceId("web");
const hour = 3_600_000;
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
const base: ClusterConfig = {
  cluster: "test",
  heartbeat: { keepaliveMs: span, warntimeMs: span, deadtimeMs: span, initdeadMs: span, daemonGraceMs: span, port: 1 },
  nodes: [n1, n2].map((id) => ({ id, addresses: [], fence: [] })),
  quorum: { kind: "majority" },
  fencing: { kind: "none", assumeOffAfterMs: durationMs(0) },
  services: [
    {
      id: web,
      domain: { nodes: [n2, n1], ordered: true, restricted: true, failback: true },
      recovery: { policy: "restart", maxRestarts: 3, withinMs: durationMs(600_000) },
      resources: [{ kind: "lsb", id: resourceId(web, "d"), name: "d", script: "/d", ...times }],
      enabled: true,
    },
  ],
};

function life(boot: number): Incarnation {
  return makeIncarnation({ boot, startedAt: 0, random: 0 });
}

/** A cluster of two whose node n2 comes and goes; n1 is there all the time, and answers whatever it is told. */
class Story {
  state: ClusterState = emptyClusterState;
  readonly texts: string[] = [];
  at = 0;
  boot = 1;

  constructor(config: ClusterConfig = base) {
    this.view(true);
    this.say({ kind: "config", config, digest: "d", author: "root" });
    this.report(n1);
    this.report(n2).done();
  }

  say(body: EntryBody): this {
    this.at += 1_000;
    const index = this.state.index + 1;
    const view = { counter: 1, proposer: n1, incarnation: life(1) };
    const id = { origin: n1, incarnation: life(1), sequence: index };
    const applied = applyEntry(this.state, { index, view, id, at: wallMs(this.at), body });
    this.state = applied.state;
    this.texts.push(...applied.events.map(({ node, text }) => `${node} ${text}`));
    return this;
  }

  later(ms: number): this {
    this.at += ms;
    return this;
  }

  view(isWhole: boolean): this {
    const others = isWhole ? [{ node: n2, incarnation: life(this.boot) }] : [];
    return this.say({ kind: "view", coordinator: n1, members: [{ node: n1, incarnation: life(1) }, ...others] });
  }

  lose(): this {
    this.view(false);
    return this.say({ kind: "assumed-off", target: n2, incarnation: life(this.boot), by: n1, reason: "time" }).done();
  }

  join(): this {
    this.boot += 1;
    return this.view(true).report(n2).done();
  }

  flap(): this {
    return this.lose().join();
  }

  report(node: NodeId, running: readonly (typeof web)[] = []): this {
    const { enteredAt = 0, incarnation } = this.state.nodes[node] ?? {};
    const attempt = this.state.services[web]?.attempt ?? 0;
    const found = running.includes(web) ? [resourceId(web, "d")] : [];
    return this.say({
      kind: "observed",
      node,
      incarnation: incarnation ?? life(1),
      since: enteredAt,
      services: [{ service: web, running: found, unclear: [], attempt }],
    });
  }

  /** Whoever was told to start or stop has done so. */
  done(): this {
    for (;;) {
      const record = this.state.services[web];
      if (record?.phase.kind !== "starting" && record?.phase.kind !== "stopping") return this;
      const { node } = record.phase;
      const incarnation = this.state.nodes[node]?.incarnation ?? life(1);
      const kind = record.phase.kind === "starting" ? "started" : "stopped";
      const result = { kind, durationMs: 1 } as const;
      this.say({ kind: "service-result", node, incarnation, service: web, attempt: record.order, result });
    }
  }

  get phase(): string {
    const record = this.state.services[web];
    return record === undefined ? "gone" : phaseText(record.phase);
  }

  get isHeld(): boolean {
    return Boolean(this.state.nodes[n2]?.quarantine);
  }
}

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
      story.say({ kind: "left", node: n2, incarnation: life(story.boot), voters: [n1] });
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
