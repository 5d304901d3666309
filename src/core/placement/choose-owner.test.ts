import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FailoverDomain } from "../../model/cluster-config.ts";
import { type NodeId, parseNodeId } from "../../model/ids.ts";
import { type Candidate, chooseOwner, failbackTarget, type PlacementQuestion } from "./choose-owner.ts";

const names = ["n1", "n2", "n3", "n4"] as const;
const everywhere: FailoverDomain = { nodes: [], ordered: false, restricted: false, failback: false };

function domain(nodes: readonly string[], given: Partial<FailoverDomain> = {}): FailoverDomain {
  return { ...everywhere, nodes: nodes.map(parseNodeId), ...given };
}

function candidate(node: string, given: Partial<Candidate> = {}): Candidate {
  return {
    node: parseNodeId(node),
    against: [],
    services: 0,
    misfits: 0,
    isOthersOnly: false,
    isQuarantined: false,
    isNew: false,
    ...given,
  };
}

function question(given: Partial<PlacementQuestion> = {}): PlacementQuestion {
  return { domain: everywhere, candidates: names.map((node) => candidate(node)), owner: null, wanted: null, ...given };
}

function withNode(node: string, given: Partial<Candidate>, others: Partial<Candidate> = {}): readonly Candidate[] {
  return names.map((name) => candidate(name, name === node ? given : others));
}

describe("where a service goes", () => {
  it.each<{ readonly what: string; readonly asked: Partial<PlacementQuestion>; readonly chosen: string | null }>([
    { what: "file order when all is equal", asked: {}, chosen: "n1" },
    { what: "fewest services", asked: { candidates: withNode("n3", { services: 1 }, { services: 2 }) }, chosen: "n3" },
    {
      what: "ordered before fewest",
      asked: { domain: domain(["n2", "n1"], { ordered: true }), candidates: withNode("n2", { services: 9 }) },
      chosen: "n2",
    },
    {
      what: "unordered: fewest inside",
      asked: { domain: domain(["n3", "n2"]), candidates: withNode("n2", { services: 1 }) },
      chosen: "n3",
    },
    {
      what: "inside before outside",
      asked: { domain: domain(["n3"]), candidates: withNode("n3", { services: 9 }) },
      chosen: "n3",
    },
  ])("[PLC-3] $what", ({ asked, chosen }) => {
    expect(chooseOwner(question(asked)).chosen).toBe(chosen);
  });

  it("[PLC-2] outside a restricted domain is nowhere, outside another is second best", () => {
    const candidates = withNode("n2", { against: ["on standby"] });
    expect(chooseOwner(question({ domain: domain(["n2"], { restricted: true }), candidates })).chosen).toBe(null);
    expect(chooseOwner(question({ domain: domain(["n2"]), candidates })).chosen).toBe("n1");
  });

  it("[PLC-1] a node with a case against it is never chosen, named or not", () => {
    const candidates = withNode("n1", { against: ["it is leaving"] });
    const asked = { candidates, owner: parseNodeId("n1"), wanted: parseNodeId("n1") };
    expect(chooseOwner(question(asked)).chosen).toBe("n2");
  });

  it("[PLC-7] the node an operator named is taken when it may", () => {
    const asked = {
      domain: domain(["n1", "n2"], { ordered: true }),
      wanted: parseNodeId("n4"),
      owner: parseNodeId("n2"),
    };
    expect(chooseOwner(question(asked)).chosen).toBe("n4");
  });

  it("[PLC-6] a node in quarantine is the last resort", () => {
    const flapping = withNode("n1", { isQuarantined: true }, { services: 5 });
    expect(chooseOwner(question({ candidates: flapping })).chosen).toBe("n2");
    const only = withNode("n1", { isQuarantined: true }, { against: ["lost"] });
    expect(chooseOwner(question({ candidates: only })).chosen).toBe("n1");
  });

  it("[PLC-8] gives every node's case, in order of preference, with the reasons", () => {
    const answer = chooseOwner(
      question({
        domain: domain(["n2", "n1"], { ordered: true, restricted: true }),
        candidates: withNode("n1", { against: ["on standby"] }),
        owner: parseNodeId("n2"),
      }),
    );
    expect(answer.verdicts).toEqual([
      {
        node: "n2",
        verdict: "runs it",
        reasons: ["it stays where it runs", "place 1 of its domain", "runs no other services"],
      },
      { node: "n1", verdict: "may not", reasons: ["on standby"] },
      { node: "n3", verdict: "may not", reasons: ["not in its domain (n2, n1), which is restricted"] },
      { node: "n4", verdict: "may not", reasons: ["not in its domain (n2, n1), which is restricted"] },
    ]);
  });
});

describe("failback", () => {
  const ordered = domain(["n1", "n2"], { ordered: true, failback: true });
  const n2 = parseNodeId("n2");

  it("[PLC-4] goes to a better place that became available since", () => {
    expect(failbackTarget(question({ domain: ordered, candidates: withNode("n1", { isNew: true }) }), n2)).toBe("n1");
    expect(failbackTarget(question({ domain: ordered }), n2)).toBe(null);
  });

  it("[PLC-5] never goes for balance, and not at all without failback", () => {
    const fresh = withNode("n1", { isNew: true }, { services: 9 });
    expect(failbackTarget(question({ domain: { ...everywhere, failback: true }, candidates: fresh }), n2)).toBe(null);
    expect(failbackTarget(question({ domain: { ...ordered, failback: false }, candidates: fresh }), n2)).toBe(null);
  });

  it("[PLC-6] never goes to an flapping node", () => {
    const candidates = withNode("n1", { isNew: true, isQuarantined: true });
    expect(failbackTarget(question({ domain: ordered, candidates }), n2)).toBe(null);
  });
});

describe("placement, whatever is asked", () => {
  const node = fc.constantFrom<NodeId>(...names.map(parseNodeId));
  const anyDomain = fc.record({
    nodes: fc.uniqueArray(node),
    ordered: fc.boolean(),
    restricted: fc.boolean(),
    failback: fc.boolean(),
  });
  const anyCandidates = fc.tuple(
    ...names.map((name) =>
      fc.record({
        node: fc.constant(parseNodeId(name)),
        against: fc.constantFrom<readonly string[]>([], ["on standby"]),
        services: fc.nat(3),
        misfits: fc.nat(2),
        isOthersOnly: fc.boolean(),
        isQuarantined: fc.boolean(),
        isNew: fc.boolean(),
      }),
    ),
  );
  const anyQuestion = fc.record({
    domain: anyDomain,
    candidates: anyCandidates,
    owner: fc.option(node),
    wanted: fc.option(node),
  });

  it("[SAFE-5, PLC-2] never leaves a restricted domain, nor takes a node with a case against it", () => {
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const { chosen } = chooseOwner(asked);
        if (chosen === null) return;
        const { domain: asks, candidates } = asked;
        expect(!asks.restricted || asks.nodes.length === 0 || asks.nodes.includes(chosen)).toBe(true);
        expect(candidates.find((one) => one.node === chosen)?.against).toEqual([]);
      }),
    );
  });

  it("[PLC-4] is stable: asked again with the answer as owner, it answers the same", () => {
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const first = chooseOwner({ ...asked, wanted: null }).chosen;
        fc.pre(first !== null);
        expect(chooseOwner({ ...asked, wanted: null, owner: first }).chosen).toBe(first);
      }),
    );
  });

  it("[LIVE-1, PLC-1] finds a node whenever one may", () => {
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const { domain: asks, candidates } = asked;
        const isIn = (one: Candidate): boolean =>
          !asks.restricted || asks.nodes.length === 0 || asks.nodes.includes(one.node);
        const may = candidates.some((one) => one.against.length === 0 && isIn(one));
        expect(chooseOwner(asked).chosen !== null).toBe(may);
      }),
    );
  });
});
