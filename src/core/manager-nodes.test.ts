import { describe, expect, test } from "vitest";
import type { QuorumConfig } from "../model/cluster-config.ts";
import type { EntryBody } from "../model/entry.ts";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import type { Intent } from "../model/intent.ts";
import { wallMs } from "../model/units.ts";
import { noView } from "../model/view.ts";
import { testConfig } from "./manager-driver.fixture.ts";
import { applyEntry } from "./services/apply-entry.ts";
import { type ClusterState, emptyClusterState, type Refusal } from "./services/cluster-state.ts";
import { explainNodes } from "./services/explain.ts";

// Goal: nodes come and go by entries, and none goes of which it is not known that it runs nothing.

const [n1, n2, n3, n4] = ["n1", "n2", "n3", "n4"].map(parseNodeId) as [Id, Id, Id, Id];
type Id = ReturnType<typeof parseNodeId>;

const life = (boot: number) => makeIncarnation({ boot, startedAt: 0, random: 0 });
const web = parseServiceId("web");
const three = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
const withNodes = (...ids: readonly Id[]) => ({
  ...three,
  nodes: ids.map((id) => ({ id, addresses: [`10.0.0.${id.slice(1)}`], fence: [] })),
});

class Story {
  state: ClusterState = emptyClusterState;
  refusal: Refusal | null = null;
  events: string[] = [];

  say(body: EntryBody): this {
    const index = this.state.index + 1;
    const id = { origin: n1, incarnation: life(1), sequence: index };
    const applied = applyEntry(this.state, { index, view: noView, id, at: wallMs(index), body });
    this.state = applied.state;
    this.refusal = applied.refusal;
    this.events = applied.events.map(({ text }) => text);
    return this;
  }

  view(...members: readonly Id[]): this {
    return this.say({
      kind: "view",
      coordinator: n1,
      members: members.map((node) => ({ node, incarnation: life(1) })),
    });
  }

  config(...ids: readonly Id[]): this {
    return this.say({ kind: "config", config: withNodes(...ids), digest: "d", author: "operator" });
  }

  arbiter(quorum: QuorumConfig): this {
    return this.say({ kind: "config", config: { ...withNodes(n1, n2, n3), quorum }, digest: "d", author: "operator" });
  }

  intent(kind: Intent["kind"], node: Id): this {
    return this.say({ kind: "intent", intent: { kind, node } as Intent, author: "operator" });
  }

  /** In order: by then it has told that it runs nothing. */
  left(node: Id): this {
    const idle = { service: web, attempt: 0, running: [], unclear: [] };
    this.say({ kind: "observed", node, incarnation: life(1), since: 1, services: [idle] });
    return this.say({ kind: "left", node, incarnation: life(1), voters: [n1, n2] });
  }
}

const witness = { kind: "witness", ip: "192.0.2.1", port: 6941 } as const;

const running = () => new Story().view(n1, n2, n3).config(n1, n2, n3);

describe("removal", () => {
  test("[NOD-2] of a member is refused, and told what to do", () => {
    const { refusal, state } = running().intent("remove-node", n3);
    expect(refusal?.text).toMatch(/^Cannot remove node "n3": it is a member; stop its daemon first/);
    expect(state.nodes[n3]?.isMember).toBe(true);
  });

  test("[NOD-2] of a lost node is refused until it is known to be off", () => {
    const story = running().view(n1, n2).intent("remove-node", n3);
    expect(story.refusal?.text).toMatch(/not known to be off.*hale node fence n3.*hale node confirm-off n3/);
    story.intent("confirm-off-node", n3).intent("remove-node", n3);
    expect(story.refusal).toBeNull();
    expect(story.events).toEqual(["off -> removed: for ever, by operator"]);
  });

  test("[NOD-2] of a node that was never seen is refused while something waits for it", () => {
    const story = new Story().view(n1).config(n1, n4);
    expect(story.state.services[web]).toMatchObject({ doubts: [n1, n4] });
    expect(story.intent("remove-node", n4).refusal).not.toBeNull();
    const later = new Story().view(n1).config(n1).config(n1, n4).intent("remove-node", n4);
    expect(later.refusal).toBeNull();
  });

  test("[NOD-3] forgets the node, but for its removal", () => {
    const { state } = running().left(n3).view(n1, n2).intent("remove-node", n3);
    expect(JSON.stringify({ ...state, removed: undefined, config: undefined })).not.toContain("n3");
    expect(state.removed?.[n3]).toEqual({ node: n3, at: 6, author: "operator", addresses: ["10.0.0.3"] });
    expect(explainNodes(state).map(({ node }) => node)).toEqual([n1, n2]);
  });

  test("[NOD-3] a file that still names it brings nothing back", () => {
    const { state, refusal } = running().left(n3).view(n1, n2).intent("remove-node", n3).config(n1, n2, n3);
    expect(refusal).toBeNull();
    expect(state.nodes[n3]).toBeUndefined();
  });

  test("[NOD-4] in a view for a moment, it has no part in anything", () => {
    const story = running().left(n3).view(n1, n2).intent("remove-node", n3).view(n1, n2, n3).view(n1, n2);
    expect(story.state.nodes[n3]).toBeUndefined();
    expect(story.state.services[web]).toMatchObject({ doubts: [n1, n2] });
    expect(running().view(n1, n2, n3, n4).state.nodes[n4]).toBeUndefined();
  });

  test("[NOD-5] is undone by readmission: the node is one that was never seen", () => {
    const story = running().left(n3).view(n1, n2).intent("remove-node", n3).intent("readmit-node", n3);
    expect(story.refusal).toBeNull();
    expect(story.state.nodes[n3]).toMatchObject({ incarnation: null, isMember: false, off: null });
    expect(story.intent("readmit-node", n3).refusal?.text).toBe('Cannot readmit node "n3": no node was removed');
  });
});

describe("a configuration", () => {
  test("[NOD-1] adds nodes, which have nothing to do with what runs already", () => {
    const story = running().config(n1, n2, n3, n4);
    expect(story.events).toContain("none -> unseen: added to the cluster");
    expect(story.state.services[web]).toMatchObject({ doubts: [n1, n2, n3] });
  });

  test("[NOD-6] without a node is refused until that is removed", () => {
    const story = running().left(n3).view(n1, n2).config(n1, n2);
    expect(story.refusal?.text).toMatch(/it has no node "n3" any more; first: hale node remove n3$/);
    expect(story.intent("remove-node", n3).config(n1, n2).refusal).toBeNull();
  });

  test("[NOD-7] gives a witness up only with all nodes here, and says who is missing", () => {
    const story = running().arbiter(witness).view(n1, n2).arbiter({ kind: "majority" });
    expect(story.refusal?.text).toBe(
      "Cannot apply the configuration: it takes the witness away, whose vote may be needed while not all nodes are members; missing: n3; start what is away, or: hale node remove NODE",
    );
    expect(story.state.config?.config.quorum).toEqual(witness);
    expect(story.arbiter({ ...witness, port: 6942 }).refusal?.text).toMatch(/missing: n3/);
    expect(story.view(n1, n2, n3).arbiter({ kind: "majority" }).refusal).toBeNull();
  });

  test("[NOD-7] gives a disk up without a node that was removed, and takes a witness whoever is away", () => {
    const disk = { kind: "disk", path: "/dev/arbiter" } as const;
    const story = running().arbiter(disk).view(n1, n2).arbiter(witness);
    expect(story.refusal?.text).toMatch(/it takes the arbiter disk away/);
    expect(story.arbiter({ ...disk, waitForAll: true }).refusal).toBeNull();
    story.intent("confirm-off-node", n3).intent("remove-node", n3).arbiter({ kind: "majority" });
    expect(story.refusal).toBeNull();
    expect(story.arbiter(witness).refusal).toBeNull();
  });
});
