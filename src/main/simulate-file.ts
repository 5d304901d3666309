import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SimulatedRun } from "../cli/cli-context.ts";
import { ClusterError } from "../model/errors.ts";
import { renderDrawing, renderTimeline } from "../sim/scenario/render-run.ts";
import { runScenario } from "../sim/scenario/run-scenario.ts";

/** `hale simulate FILE`. @throws ClusterError SCENARIO_INVALID */
export function simulateFile(path: string): SimulatedRun {
  const folder = dirname(resolve(path));
  const text = readText(path, path);
  const run = runScenario(text, { fileName: path, readFile: (name) => readText(resolve(folder, name), name) });
  return { ok: run.result.ok, document: run.result, text: `${renderTimeline(run)}\n${renderDrawing(run)}` };
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ClusterError("SCENARIO_INVALID", `Cannot read "${name}": ${(cause as Error).message}`, { cause });
  }
}
