import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterConfig, FailoverDomain } from "../../model/cluster-config.ts";
import type { Entry, EntryBody, Observation } from "../../model/entry.ts";
import {
  type NodeId,
  parseDeviceId,
  parseNodeId,
  parseServiceId,
  resourceId,
  type ServiceId,
} from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import type { OperationOutcome } from "../../model/operation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";
import { fenceNeeds, nextForService, offMembers, ordersFor } from "./plan.ts";
import { phaseNode, phaseText, placesOf, type ServiceRecord } from "./service-record.ts";

const nodes = ["n1", "n2", "n3"].map(parseNodeId);
const [n1, n2, n3] = nodes as [NodeId, NodeId, NodeId];
const [web, mail] = ["web", "mail"].map(parseServiceId) as [ServiceId, ServiceId];
const span = durationMs(60_000);

function config(domain: Partial<FailoverDomain> = {}): ClusterConfig {
  const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
  const services = [web, mail].map((id) => ({
    id,
    domain: { nodes: [], ordered: false, restricted: false, failback: false, ...domain },
    recovery: { policy: "restart" as const, maxRestarts: 1, withinMs: durationMs(600_000) },
    resources: [{ kind: "lsb" as const, id: resourceId(id, "d"), name: "d", script: "/d", ...times }],
    enabled: true,
  }));
  const device = { id: parseDeviceId("pdu"), agent: "fence", parameters: {}, timeoutMs: span };
  return {
    cluster: "test",
    heartbeat: {
      keepaliveMs: span,
      warntimeMs: span,
      deadtimeMs: span,
      initdeadMs: span,
      daemonGraceMs: span,
      port: 1,
    },
    nodes: nodes.map((id) => ({ id, addresses: [], fence: [[{ device: device.id }]] })),
    quorum: { kind: "majority" },
    fencing: { kind: "devices", devices: [device] },
    services,
  };
}

function life(boot: number): Incarnation {
  return makeIncarnation({ boot, startedAt: 0, random: 0 });
}

/** A state that grows by what is said to it. */
class Story {
  state: ClusterState = emptyClusterState;
  readonly boots = new Map<NodeId, number>();
  refusals = 0;

  say(body: EntryBody, from: NodeId = n1): this {
    const index = this.state.index + 1;
    const view = { counter: 1, proposer: n1, incarnation: life(1) };
    const id = { origin: from, incarnation: life(1), sequence: index };
    const entry: Entry = { index, view, id, at: wallMs(1_000_000 + index * 1_000), body };
    const applied = applyEntry(this.state, entry);
    this.state = applied.state;
    if (applied.refusal !== null) this.refusals += 1;
    return this;
  }

  view(...members: readonly NodeId[]): this {
    const [coordinator = n1] = members;
    return this.say({
      kind: "view",
      coordinator,
      members: members.map((node) => ({ node, incarnation: this.life(node) })),
    });
  }

  life(node: NodeId): Incarnation {
    return life(this.boots.get(node) ?? 1);
  }

  reboot(node: NodeId): this {
    this.boots.set(node, (this.boots.get(node) ?? 1) + 1);
    return this;
  }

  observed(node: NodeId, running: readonly ServiceId[] = [], since?: number): this {
    const services = [web, mail].map((service): Observation => {
      const attempt = this.state.services[service]?.attempt ?? 0;
      return { service, running: running.includes(service) ? [resourceId(service, "d")] : [], unclear: [], attempt };
    });
    const entered = this.state.nodes[node]?.enteredAt ?? 0;
    return this.say({ kind: "observed", node, incarnation: this.life(node), since: since ?? entered, services }, node);
  }

  /** Its agents cannot tell whether web runs. */
  unclear(node: NodeId): this {
    const services = [
      { service: web, running: [], unclear: [resourceId(web, "d")], attempt: 0 },
      { service: mail, running: [], unclear: [], attempt: 0 },
    ];
    const since = this.state.nodes[node]?.enteredAt ?? 0;
    return this.say({ kind: "observed", node, incarnation: this.life(node), since, services }, node);
  }

  stopFailed(node: NodeId, attempt: number): this {
    const outcome: OperationOutcome = { status: "failed", severity: "soft", reason: "no", output: "", durationMs: 1 };
    const result = { kind: "failed", resource: resourceId(web, "d"), action: "stop", outcome } as const;
    const incarnation = this.life(node);
    return this.say({ kind: "service-result", node, incarnation, service: web, attempt, result }, node);
  }

  /** The node of the phase does what it was told, well or badly. */
  done(service: ServiceId, status: "ok" | "failed" = "ok", attempt?: number): this {
    const record = this.record(service);
    const node = phaseNode(record.phase) ?? n1;
    const action = record.phase.kind === "starting" ? "start" : record.phase.kind === "stopping" ? "stop" : "monitor";
    const outcome: OperationOutcome = { status: "failed", severity: "soft", reason: "no", output: "", durationMs: 1 };
    const failed = { kind: "failed" as const, resource: resourceId(service, "d"), action, outcome } as const;
    const well = { kind: action === "start" ? ("started" as const) : ("stopped" as const), durationMs: 1 };
    const result = status === "ok" ? well : failed;
    const incarnation = this.life(node);
    return this.say(
      { kind: "service-result", node, incarnation, service, attempt: attempt ?? record.order, result },
      node,
    );
  }

  record(service: ServiceId): ServiceRecord {
    const record = this.state.services[service];
    if (record === undefined) throw new RangeError(`Cannot find service "${service}": no configuration in force`);
    return record;
  }

  phase(service: ServiceId): string {
    return phaseText(this.record(service).phase);
  }
}

function ready(domain: Partial<FailoverDomain> = {}): Story {
  const story = new Story()
    .view(n1, n2, n3)
    .say({ kind: "config", config: config(domain), digest: "d", author: "root" });
  return story.observed(n1).observed(n2).observed(n3);
}

function running(domain: Partial<FailoverDomain> = {}): Story {
  return ready(domain).done(web).done(mail);
}

/** Nobody can say whether web runs on n1 and n2, and nobody can stop it there. */
function unstoppable(): Story {
  const story = new Story().view(n1, n2, n3).say({ kind: "config", config: config(), digest: "d", author: "root" });
  return stopsFail(story.unclear(n1).unclear(n2).observed(n3));
}

function stopsFail(story: Story): Story {
  const { strays } = story.done(web, "failed").record(web);
  for (const { node, attempt } of strays) story.stopFailed(node, attempt);
  return story;
}

describe("what the cluster never started", () => {
  it("[SVC-25] costs no node when it cannot be stopped, and starts nowhere", () => {
    const story = unstoppable();
    expect(story.phase(web)).toBe("blocked on n1");
    expect(story.record(web).strays).toMatchObject([{ node: n2, isBlocked: true }]);
    expect(fenceNeeds(story.state)).toEqual([]);
    expect(story.phase(mail)).toMatch(/^starting/);
  });

  it("[SVC-25] is stopped again everywhere when an operator has mended it", () => {
    const story = unstoppable();
    story.say({ kind: "intent", intent: { kind: "disable-service", service: web }, author: "root" });
    expect(story.phase(web)).toBe("stopping on n1");
    const [stray] = story.record(web).strays;
    expect(stray).toMatchObject({ node: n2, isBlocked: false });
    expect(ordersFor(story.state, n2)).toContainEqual(
      expect.objectContaining({ service: web, action: "stop", attempt: stray?.attempt }),
    );
    expect(stray?.attempt).toBeGreaterThan(story.record(web).order);
  });

  it("[SVC-25] is stopped as the new file says, and forgotten when that has it no more", () => {
    const story = unstoppable();
    const mended = config({ failback: true });
    story.say({ kind: "config", config: mended, digest: "e", author: "root" });
    expect(story.phase(web)).toBe("stopping on n1");
    expect(story.record(web).definition).toEqual(mended.services[0]);
    stopsFail(story);
    const services = mended.services.filter(({ id }) => id !== web);
    story.say({ kind: "config", config: { ...mended, services }, digest: "f", author: "root" });
    expect(story.state.services[web]).toBeUndefined();
  });

  it("[SVC-25] is not forgotten while its node may still run it", () => {
    const story = unstoppable();
    const mended = config();
    const services = mended.services.filter(({ id }) => id !== web);
    story.view(n1, n3).say({ kind: "config", config: { ...mended, services }, digest: "f", author: "root" });
    expect(story.state.services[web]).toMatchObject({ isRemoved: true });
  });

  it("[SVC-25] once it was started, the node that cannot stop it is fenced", () => {
    const story = running().say({ kind: "intent", intent: { kind: "disable-service", service: web }, author: "root" });
    story.done(web, "failed");
    expect(fenceNeeds(story.state)).toMatchObject([{ target: n1, reason: "it could not stop web" }]);
  });
});

describe("members that could not stop something", () => {
  it("[FEN-20] are fenced one after another, and nobody waits for one that lives on though its fence was confirmed", () => {
    const story = running();
    for (const service of [web, mail])
      story
        .say({ kind: "intent", intent: { kind: "disable-service", service }, author: "root" })
        .done(service, "failed");
    const targets = () => fenceNeeds(story.state).map(({ target }) => target);
    const next = (...spare: readonly NodeId[]) => nextForService(fenceNeeds(story.state), spare)?.target;
    expect([next(n1, n2, n3), next(n2, n3), next()]).toEqual([n1, n2, undefined]);
    const attempt = { target: n1, incarnation: life(1), by: n2, attempt: 1, reason: "" };
    story.say({ kind: "fence-begun", ...attempt }, n2);
    expect(targets()).toEqual([n1]);
    story.say({ kind: "fence-result", ...attempt, confirmed: true, devices: [] }, n2);
    // In the view, if its device lied for good: what the others need for a quorum is counted without it.
    expect([targets(), offMembers(story.state), next(n2, n3), next()]).toEqual([[n2], [n1], n2, undefined]);
    story.view(n2, n3);
    expect([offMembers(story.state), next(n2, n3), next()]).toEqual([[], n2, undefined]);
  });

  it("[FEN-20] do not wait for one whose devices fail, nor go two at a time", () => {
    const story = running();
    for (const service of [web, mail])
      story
        .say({ kind: "intent", intent: { kind: "disable-service", service }, author: "root" })
        .done(service, "failed");
    const attempt = { target: n1, incarnation: life(1), by: n2, attempt: 1, reason: "" };
    story.say({ kind: "fence-begun", ...attempt }, n2);
    const other = { target: n2, incarnation: life(1), by: n1, attempt: 1, reason: "" };
    story.say({ kind: "fence-begun", ...other }, n1);
    expect(story.state.fences[n2]?.inFlight ?? null).toBeNull();
    story.say({ kind: "fence-result", ...attempt, confirmed: false, devices: [] }, n2);
    expect(nextForService(fenceNeeds(story.state), nodes)?.target).toBe(n2);
    story.say({ kind: "fence-begun", ...other }, n1);
    expect(story.state.fences[n2]?.inFlight).not.toBeNull();
  });

  it("[FEN-20] wait for nobody whom an operator wants fenced", () => {
    const story = running();
    story
      .say({ kind: "intent", intent: { kind: "disable-service", service: web }, author: "root" })
      .done(web, "failed");
    story.say({ kind: "intent", intent: { kind: "fence-node", node: n3 }, author: "root" });
    expect(fenceNeeds(story.state).map(({ target, isWished }) => [target, isWished])).toEqual([
      [n1, false],
      [n3, true],
    ]);
  });
});

describe("what an entry changes", () => {
  it("[SVC-1] nothing starts before the last member has reported", () => {
    const story = new Story().view(n1, n2, n3).say({ kind: "config", config: config(), digest: "d", author: "root" });
    story.observed(n1).observed(n2);
    expect(story.phase(web)).toBe("stopped");
    story.observed(n3);
    expect([story.phase(web), story.phase(mail)]).toEqual(["starting on n1", "starting on n2"]);
  });

  it("[SVC-1, SVC-11] nothing starts while it runs in a second place, too", () => {
    const story = running().observed(n2, [web, mail]);
    const [stray] = story.record(web).strays;
    expect(stray).toMatchObject({ node: n2 });
    story.say({ kind: "intent", intent: { kind: "restart-service", service: web }, author: "root" }).done(web);
    expect(story.phase(web)).toBe("stopped");
    const stopped = { kind: "stopped", durationMs: 1 } as const;
    const attempt = stray?.attempt ?? 0;
    story.say({ kind: "service-result", node: n2, incarnation: life(1), service: web, attempt, result: stopped }, n2);
    expect(story.phase(web)).toBe("starting on n1");
  });

  it("[SVC-3] an answer to an older order changes nothing", () => {
    const story = running();
    story.say({ kind: "intent", intent: { kind: "restart-service", service: web }, author: "root" });
    const before = story.record(web);
    story.done(web, "ok", before.order - 1);
    expect(story.record(web)).toEqual(before);
  });

  it("[SVC-3] a report of an earlier stay changes nothing", () => {
    const story = running().view(n1, n2);
    const stay = story.state.nodes[n3]?.enteredAt ?? 0;
    story.view(n1, n2, n3).observed(n3, [], stay);
    expect(story.record(web).doubts).toEqual([n3]);
  });

  it("[SAFE-2, FEN-4] a fence counts for the life it was meant for, and for no later one", () => {
    const story = running().view(n2, n3);
    story.say({ kind: "fence-begun", target: n1, incarnation: life(1), by: n2, attempt: 1, reason: "" }, n2);
    story.reboot(n1).view(n1, n2, n3);
    const result = { by: n2, attempt: 1, confirmed: true, devices: [], reason: "" };
    story.say({ kind: "fence-result", target: n1, incarnation: life(1), ...result }, n2);
    expect(story.phase(web)).toBe("started on n1");
    expect(story.record(web).doubts).toEqual([n1]);
    story.observed(n1);
    expect(story.phase(web)).toBe("starting on n1");
  });

  it("[FEN-3] the answer to an older fence is ignored, and a lost performer's attempt is void", () => {
    const story = running().view(n2, n3);
    story.say({ kind: "fence-begun", target: n1, incarnation: life(1), by: n2, attempt: 1, reason: "" }, n2);
    story.reboot(n2).view(n2, n3);
    expect(fenceNeeds(story.state).map(({ by, attempt }) => `${attempt} by ${by}`)).toEqual(["2 by n3"]);
    story.say({ kind: "fence-begun", target: n1, incarnation: life(1), by: n3, attempt: 2, reason: "" }, n3);
    const late = { by: n2, attempt: 1, confirmed: true, devices: [], reason: "" };
    story.say({ kind: "fence-result", target: n1, incarnation: life(1), ...late }, n2);
    expect(story.phase(web)).toBe("started on n1");
    story.say({ kind: "fence-result", target: n1, incarnation: life(1), ...late, by: n3, attempt: 2 }, n3);
    expect(story.state.nodes[n1]?.off).toBe("fenced");
  });

  it("[SVC-2] a cold start believes nothing that was written of absent nodes", () => {
    const story = running();
    for (const node of nodes) story.reboot(node);
    story.view(n2, n3);
    expect(story.record(mail).doubts).toEqual(nodes);
    story.observed(n2).observed(n3);
    expect(story.phase(mail)).toBe("stopped");
    story.say({ kind: "assumed-off", target: n1, incarnation: life(1), by: n2, reason: "" }, n2);
    expect(story.phase(mail)).toMatch(/^starting on/);
  });

  it("[SVC-10] a daemon that comes back with its services keeps them, one without starts anew", () => {
    const story = running().reboot(n1).view(n1, n2, n3).observed(n1, [web]);
    expect(story.phase(web)).toBe("started on n1");
    story.reboot(n1).view(n1, n2, n3).observed(n1);
    expect(story.phase(web)).toBe("starting on n1");
  });

  it("[PLC-6] a node lost three times within the hour is the last to be given anything", () => {
    const story = running({ nodes: [n1, n2], ordered: true, failback: true });
    for (let round = 0; round < 3; round += 1) story.reboot(n1).view(n1, n2, n3).observed(n1, [web]);
    story.say({ kind: "intent", intent: { kind: "disable-service", service: web }, author: "root" }).done(web);
    story.say({ kind: "intent", intent: { kind: "enable-service", service: web }, author: "root" });
    expect(story.phase(web)).toBe("starting on n2");
    story.done(web).say({ kind: "intent", intent: { kind: "release-node", node: n1 }, author: "root" });
    expect(story.phase(web)).toBe("stopping on n2");
  });

  it("[SVC-21] the same entries give the same state, written to the letter", () => {
    expect(JSON.stringify(running().view(n2, n3).state)).toBe(JSON.stringify(running().view(n2, n3).state));
    expect(JSON.parse(JSON.stringify(running().state))).toEqual(running().state);
  });
});

type Step = (story: Story) => Story;

const anyNode = fc.constantFrom(...nodes);
const anyService = fc.constantFrom(web, mail);

/** Whatever may come, in any order, whether it fits or not. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.subarray(nodes, { minLength: 2 }).map(
    (members): Step =>
      (story) =>
        story.view(...members),
  ),
  anyNode.map(
    (node): Step =>
      (story) =>
        story.reboot(node),
  ),
  fc.tuple(anyNode, fc.subarray([web, mail])).map(
    ([node, found]): Step =>
      (story) =>
        story.observed(node, found),
  ),
  fc.tuple(anyService, fc.constantFrom("ok" as const, "ok" as const, "failed" as const)).map(
    ([service, status]): Step =>
      (story) =>
        story.done(service, status),
  ),
  fc
    .tuple(
      anyService,
      fc.constantFrom(
        "enable-service" as const,
        "disable-service" as const,
        "restart-service" as const,
        "relocate-service" as const,
        "clear-service" as const,
      ),
    )
    .map(
      ([service, kind]): Step =>
        (story) =>
          story.say({ kind: "intent", intent: { kind, service }, author: "root" }),
    ),
  fc
    .tuple(
      anyNode,
      fc.constantFrom(
        "standby-node" as const,
        "online-node" as const,
        "fence-node" as const,
        "confirm-off-node" as const,
      ),
    )
    .map(
      ([node, kind]): Step =>
        (story) =>
          story.say({ kind: "intent", intent: { kind, node }, author: "root" }),
    ),
  fc.boolean().map(
    (confirmed): Step =>
      (story) => {
        const [need] = fenceNeeds(story.state);
        if (need === undefined) return story;
        const { target, incarnation, by, attempt, reason } = need;
        story.say({ kind: "fence-begun", target, incarnation, by, attempt, reason }, by);
        return story.say(
          { kind: "fence-result", target, incarnation, by, attempt, confirmed, devices: [], reason },
          by,
        );
      },
  ),
  anyService.map(
    (service): Step =>
      (story) =>
        story.say({ kind: "retry", service, attempt: story.record(service).attempt }),
  ),
);

const anyDomain = fc.record({
  nodes: fc.subarray(nodes, { minLength: 1 }),
  ordered: fc.boolean(),
  restricted: fc.boolean(),
  failback: fc.boolean(),
});

function* lives(
  domain: Partial<FailoverDomain>,
  steps: readonly Step[],
): Generator<readonly [ClusterState, ClusterState]> {
  const story = ready(domain);
  for (const step of steps) {
    const before = story.state;
    step(story);
    yield [before, story.state];
  }
}

describe("whatever entries come", () => {
  const anyLife = fc.tuple(anyDomain, fc.array(anyStep, { maxLength: 40 }));

  it("[SVC-17, LIVE-2] nothing moves when nothing has happened: an empty entry changes no service", () => {
    fc.assert(
      fc.property(anyLife, ([domain, steps]) => {
        for (const [, state] of lives(domain, steps)) {
          const story = new Story();
          story.state = state;
          story.say({ kind: "electorate", voters: nodes, reason: "" });
          expect(story.state.services).toEqual(state.services);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("[SAFE-1, SAFE-2, SVC-1] an order to start is given only when the service may be active nowhere", () => {
    fc.assert(
      fc.property(anyLife, ([domain, steps]) => {
        for (const [before, state] of lives(domain, steps)) {
          for (const record of Object.values(state.services)) {
            const isNew = record.phase.kind === "starting" && record.order !== before.services[record.service]?.order;
            if (!isNew) continue;
            expect(record.doubts).toEqual([]);
            expect(record.strays).toEqual([]);
            expect(placesOf(record)).toHaveLength(1);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("[SAFE-1] at most one node is told to start or keep a service", () => {
    fc.assert(
      fc.property(anyLife, ([domain, steps]) => {
        for (const [, state] of lives(domain, steps)) {
          for (const service of [web, mail]) {
            const told = nodes.filter((node) =>
              ordersFor(state, node).some(
                (order) => order.service === service && (order.action === "start" || order.action === "keep"),
              ),
            );
            expect(told.length).toBeLessThanOrEqual(1);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("[SAFE-5, PLC-2] nothing is started outside its restricted domain, on standby, while disabled or while being fenced", () => {
    fc.assert(
      fc.property(anyLife, ([domain, steps]) => {
        for (const [before, state] of lives(domain, steps)) {
          for (const record of Object.values(state.services)) {
            if (record.phase.kind !== "starting" || record.order === before.services[record.service]?.order) continue;
            const { node } = record.phase;
            expect(record.isEnabled).toBe(true);
            expect(state.nodes[node]).toMatchObject({ isStandby: false, isMember: true, off: null });
            expect(state.fences[node]?.inFlight ?? null).toBe(null);
            expect(!domain.restricted || domain.nodes.includes(node)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it("[LIVE-2, SVC-17] one lost node moves only what it ran", () => {
    fc.assert(
      fc.property(anyDomain, anyNode, (domain, lost) => {
        const story = running(domain);
        const others = [web, mail].filter((service) => phaseNode(story.record(service).phase) !== lost);
        const before = others.map((service) => story.record(service).phase);
        story.view(...nodes.filter((node) => node !== lost));
        for (const { target, incarnation, by, attempt, reason } of fenceNeeds(story.state)) {
          story.say({ kind: "fence-begun", target, incarnation, by, attempt, reason }, by);
          story.say(
            { kind: "fence-result", target, incarnation, by, attempt, confirmed: true, devices: [], reason },
            by,
          );
        }
        expect(others.map((service) => story.record(service).phase)).toEqual(before);
      }),
    );
  });
});
