import fc from "fast-check";
import { expect, it } from "vitest";
import type { ResourceConfig } from "./cluster-config.ts";
import { parseServiceId, type ResourceId, resourceId } from "./ids.ts";
import { subtreeOf, treeOf } from "./resource-tree.ts";
import { durationMs } from "./units.ts";

const web = parseServiceId("web");
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };

function resource(
  name: string,
  place: Pick<ResourceConfig, "after" | "independent" | "critical"> = {},
): ResourceConfig {
  return { kind: "lsb", id: resourceId(web, name), name, script: "/s", ...times, ...place };
}

function ids(...names: readonly string[]): readonly ResourceId[] {
  return names.map((name) => resourceId(web, name));
}

it("[TREE-1] a list where nobody names anything is one branch", () => {
  const { below, upon, roots, isCritical } = treeOf(["disk", "ip", "app"].map((name) => resource(name)));
  expect({ below, upon, roots, isCritical }).toEqual({
    below: [[], [0], [1]],
    upon: [[1, 2], [2], []],
    roots: [[], [], []],
    isCritical: [true, true, true],
  });
});

it("[TREE-1, TREE-3] who names others stands on those, and on what they stand on", () => {
  const tree = treeOf([
    resource("disk"),
    resource("ip", { after: [] }),
    resource("db", { after: ids("disk"), independent: true }),
    resource("web", { after: ids("db", "ip") }),
    resource("report", { after: ids("db"), critical: false }),
  ]);
  expect(tree.below).toEqual([[], [], [0], [2, 1], [2]]);
  expect(subtreeOf(tree, 0)).toEqual([0, 2, 3, 4]);
  expect(subtreeOf(tree, 1)).toEqual([1, 3]);
  expect(subtreeOf(tree, 2)).toEqual([2, 3, 4]);
  expect(tree.roots).toEqual([[], [], [2], [2], [4, 2]]);
  expect(tree.isCritical).toEqual([true, true, true, true, false]);
});

it("[TREE-1] what stands on something stands on all that this stands on, and below it in the list", () => {
  const drawn = fc.array(fc.array(fc.nat({ max: 20 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(drawn, (links) => {
      const resources = links.map((numbers, position) => {
        const names = position === 0 ? [] : numbers.map((number) => `r${number % position}`);
        return resource(`r${position}`, { after: ids(...new Set(names)) });
      });
      const { below, upon } = treeOf(resources);
      for (const [position, direct] of below.entries())
        for (const other of direct) {
          expect(other).toBeLessThan(position);
          expect(upon[other]).toEqual(expect.arrayContaining([position, ...(upon[position] ?? [])]));
        }
    }),
  );
});
