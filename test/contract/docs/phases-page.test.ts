import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { transitions } from "../../../src/core/services/transitions.fixture.ts";

it("[SVC-48] the page tells the ways from phase to phase that are tried, and no other", async () => {
  const page = await readFile(new URL("../../../docs/spec/services.md", import.meta.url), "utf8");
  for (const phase of ["stopped", "starting", "started", "stopping", "failed", "blocked"]) {
    const line = new RegExp(`^\\| ${phase} \\|.*$`, "m").exec(page)?.[0] ?? "";
    const ways = line.split("|")[3]?.matchAll(/\*([a-z]+)\*/g) ?? [];
    const told = [...new Set([...ways].map(([, way = ""]) => way))].toSorted();
    const tried = [...new Set(transitions.filter(([from]) => from === phase).map(([, to]) => to))].toSorted();
    expect([phase, told]).toEqual([phase, tried]);
  }
});
