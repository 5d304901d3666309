import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resourceId, parseServiceId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { outdatedServices } from "./outdated.ts";
import { type GivenServices, Site, siteConfig } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };

/** Services of these names, each with the script of this number. */
function services(scripts: Readonly<Record<string, number>>): GivenServices {
  return Object.fromEntries(
    Object.entries(scripts).map(([name, number]) => {
      const id = resourceId(parseServiceId(name), "d");
      return [name, { resources: [{ kind: "lsb" as const, id, name: "d", script: `/${name}${number}`, ...times }] }];
    }),
  );
}

/** What is found where nothing is known of the records yet. */
function foundAnew({ state }: Site): ReadonlySet<string> {
  return outdatedServices({ config: state.config, services: { ...state.services } });
}

const step = fc.oneof(
  fc
    .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 2 }))
    .map((scripts) => (site: Site) => site.reload(siteConfig(nodes, services(scripts)))),
  fc.constant((site: Site) => site.obey()),
  fc.constant((site: Site) => site.done()),
  fc.constantFrom("a", "b", "c", "d").map((name) => (site: Site) => site.fail(name, "monitor")),
  fc.constant((site: Site) => site.lose("n3")),
  fc.constant((site: Site) => site.join("n3")),
);

describe("services that have not what the configuration gives them", () => {
  it("[SVC-27] who was started by another configuration, and who is removed, until they are stopped", () => {
    const site = new Site(siteConfig(nodes, services({ a: 0, b: 0, c: 0 })));
    expect(outdatedServices(site.state)).toEqual(new Set());
    site.reload(siteConfig(nodes, services({ a: 1, b: 0 })));
    expect(outdatedServices(site.state)).toEqual(new Set(["a", "c"]));
    site.done();
    expect(outdatedServices(site.state)).toEqual(new Set());
  });

  it("are known after any change as if they were looked for anew", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const site = new Site(siteConfig(nodes, services({ a: 0, b: 0 })));
        for (const take of steps) {
          take(site);
          expect(outdatedServices(site.state)).toEqual(foundAnew(site));
        }
      }),
    );
  });
});
