import { describe, expect, it } from "vitest";
import { decisionsBetween } from "./decisions.ts";
import { Site, siteConfig } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];

describe("what was decided between two states", () => {
  it("[SVC-50] is told with each node's case by then, of the services that were decided about", () => {
    const site = new Site(siteConfig(nodes, { web: {}, db: {} }));
    const before = site.state;
    site.lose("n1");
    const decisions = decisionsBetween(before, site.state);
    expect(decisions.map(({ service }) => service)).toEqual(["web"]);
    expect(decisions[0]?.entry).toBe(site.state.services["web" as never]?.history.at(-1)?.entry);
    expect(decisions[0]?.nodes).toMatchObject([
      { node: "n3", verdict: "runs it" },
      { node: "n2", verdict: "may" },
      { node: "n1", verdict: "may not", reasons: [expect.stringContaining("off:")] },
    ]);
  });

  it("is nothing where nothing was decided", () => {
    const site = new Site(siteConfig(nodes, { web: {} }));
    const before = site.state;
    expect(decisionsBetween(before, before)).toEqual([]);
    expect(decisionsBetween(before, site.ask({ kind: "clear-service", service: "web" as never }).state)).toEqual([]);
  });
});
