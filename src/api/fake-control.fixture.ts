import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import { type NodeId, parseNodeId, parseServiceId, type ServiceId } from "../model/ids.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { FenceReport, Snapshot, Why } from "../model/snapshot.ts";
import { durationMs, wallMs } from "../model/units.ts";
import type { Control } from "../ports/control.ts";

const n1: NodeId = parseNodeId("n1");

/** What was submitted, with the means to go on. */
export interface FakeSubmission {
  readonly intent: Intent;
  readonly author: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  readonly answer: (answer: Answer) => void;
  readonly fail: (error: Error) => void;
}

/** A daemon that does what a test tells it. */
export class FakeControl implements Control {
  readonly submissions: FakeSubmission[] = [];
  readonly reloads: string[] = [];
  readonly applied: (readonly [author: string, text: string])[] = [];
  reloadAnswer: Answer = { ok: true, text: "configuration 123456789abc is in force" };
  readonly #events: ClusterEvent[] = [];
  readonly #listeners = new Set<(event: ClusterEvent) => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  emit(text: string): void {
    const sequence = this.#events.length + 1;
    const event: ClusterEvent = { sequence, at: wallMs(1_000 * sequence), node: n1, level: "info", text };
    this.#events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  snapshot(): Snapshot {
    return fakeSnapshot;
  }

  config(): ClusterConfig {
    return fakeConfig;
  }

  fences(): readonly FenceReport[] {
    return [];
  }

  why(service: ServiceId): Why | null {
    if (service !== "web") return null;
    return {
      service,
      summary: "web runs on n1",
      nodes: [{ node: n1, verdict: "runs it", reasons: ["it is there"] }],
      history: [],
      failures: [],
    };
  }

  submit(intent: Intent, author: string, progress: (text: string) => void, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.submissions.push({ intent, author, signal, progress, answer: resolve, fail: reject });
    });
  }

  reload(author: string): Promise<Answer> {
    this.reloads.push(author);
    return Promise.resolve(this.reloadAnswer);
  }

  apply(text: string, author: string): Promise<Answer> {
    this.applied.push([author, text]);
    return Promise.resolve(this.reloadAnswer);
  }

  preview(intent: Intent): Preview {
    if (intent.kind !== "relocate-service") return { ok: false, code: "NOT_ALLOWED", text: "Cannot do it: not today" };
    const { service } = intent;
    const step = { atMs: 0, node: n1, service, reason: "asked" };
    return {
      ok: true,
      text: "it would be there",
      steps: [
        { ...step, action: "stop" },
        { ...step, atMs: 1_200, action: "start", node: parseNodeId("n2") },
      ],
      outages: [{ service, from: n1, to: parseNodeId("n2"), outageMs: 2_400 }],
      unsure: [],
    };
  }

  previewReload(): Promise<Preview> {
    return Promise.resolve(this.previewApply(""));
  }

  previewApply(_text: string): Preview {
    const text = "the configuration would be in force";
    return { ok: true, text, steps: [], outages: [], unsure: [] };
  }

  events(after: number): readonly ClusterEvent[] {
    return this.#events.filter((event) => event.sequence > after);
  }

  onEvent(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const fakeConfig: ClusterConfig = {
  cluster: "office",
  heartbeat: {
    keepaliveMs: durationMs(250),
    warntimeMs: durationMs(750),
    deadtimeMs: durationMs(1500),
    initdeadMs: durationMs(30_000),
    daemonGraceMs: durationMs(10_000),
    port: 6940,
  },
  nodes: [{ id: n1, addresses: ["10.0.0.1"], fence: [] }],
  quorum: { kind: "majority" },
  fencing: { kind: "none", assumeOffAfterMs: durationMs(10_000) },
  services: [
    {
      id: parseServiceId("web"),
      domain: { nodes: [n1], ordered: false, restricted: false, failback: false },
      recovery: { policy: "restart", maxRestarts: 3, withinMs: durationMs(600_000) },
      resources: [],
      enabled: true,
    },
  ],
};

const fakeSnapshot: Snapshot = {
  cluster: "office",
  node: n1,
  at: wallMs(1_000_000),
  version: "0.1.0",
  config: { digest: "123456789abc", fileDigest: "123456789abc", entry: 1 },
  group: {
    status: "active",
    isQuorate: true,
    view: "1/n1",
    coordinator: n1,
    members: [n1],
    electorate: [n1],
    votes: { present: 1, expected: 1, needed: 1, of: {} },
    awaited: [],
    reach: [],
    quorum: "majority of 1",
    witness: null,
    leaseMs: 1_200,
    length: 3,
    delivered: 3,
  },
  nodes: [
    { node: n1, state: "member", isStandby: false, incarnation: null, since: wallMs(900_000), reason: "", links: [] },
  ],
  services: [
    {
      service: parseServiceId("web"),
      isEnabled: true,
      state: "started",
      owner: n1,
      since: wallMs(950_000),
      reason: "",
      resources: [],
    },
  ],
  devices: [],
  warnings: [],
  dropped: {},
  network: {},
};
