import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseScenario } from "../../src/sim/scenario/parse-scenario.ts";
import { World } from "../../src/sim/world.ts";

// Goal: a file that was edited, and never reloaded, changes nothing when a daemon is restarted with it.

const folder = join(import.meta.dirname, "../../scenarios/third-node-added");

test("[GRP-108] a daemon restarted with another node in its file takes it into no view, and says so once", () => {
  const readFile = (path: string): string => readFileSync(join(folder, path), "utf8");
  const fileName = join(folder, "scenario.yaml");
  const { config, digest, begin, bootMs } = parseScenario(readFileSync(fileName, "utf8"), { fileName, readFile });
  const [n1, n2, n3] = config.nodes.map(({ id }) => id);
  if (begin === null || n1 === undefined || n2 === undefined || n3 === undefined) throw new Error("Cannot begin");
  const world = new World({ config, configDigest: digest, begin, bootMs, seed: 1 });
  world.found();
  for (const node of [n1, n2]) world.machine(node).powerOn(0);
  world.runUntil(20_000);
  for (const node of [n1, n2, n3]) world.machine(node).file = { config, digest };
  world.machine(n3).powerOn(0);
  world.runUntil(25_000);
  world.crashDaemon(n1, 1_000);
  world.runUntil(60_000);
  const views = world.timeline.filter(({ atMs, text }) => atMs > 25_000 && text.includes("view of"));
  expect(views.length).toBeGreaterThan(0);
  expect(views.filter(({ text }) => text.includes(n3))).toEqual([]);
  const told = world.timeline.filter(
    ({ node, text }) => node === n1 && text.includes("not in the configuration in force"),
  );
  expect(told).toHaveLength(1);
  expect(told[0]?.text).toMatch(/which counts: n3; when there is quorum: hale config reload/);
  expect(world.violations).toEqual([]);
});
