import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { type NodeId, parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import { durationMs, wallMs } from "../../model/units.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";
import { phaseText } from "./service-record.ts";

/** n1 is there all the time. */
export const [n1, n2] = ["n1", "n2"].map(parseNodeId) as [NodeId, NodeId];
/** At home on n2. */
export const web = parseServiceId("web");
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
/** Two nodes, no fencing, one service. */
export const base: ClusterConfig = {
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

/** The life of that boot. */
export function life(boot: number): Incarnation {
  return makeIncarnation({ boot, startedAt: 0, random: 0 });
}

/** A cluster of two whose node n2 comes and goes; n1 is there all the time, and answers whatever it is told. */
export class Story {
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

  join(running: readonly (typeof web)[] = []): this {
    this.boot += 1;
    return this.view(true).report(n2, running).done();
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
