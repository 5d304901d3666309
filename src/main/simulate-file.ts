import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { SimulatedRun, SimulationProgress } from "../cli/cli-context.ts";
import { coreRules } from "../daemon/core-rules.ts";
import type { Rules } from "../daemon/setup.ts";
import { ClusterError } from "../model/errors.ts";
import { worldBeginning } from "../sim/fake-clock.ts";
import { parseScenario } from "../sim/scenario/parse-scenario.ts";
import { renderDrawing, renderTimeline } from "../sim/scenario/render-run.ts";
import { runScenario } from "../sim/scenario/run-scenario.ts";

/** `hale simulate FILE`. @throws ClusterError SCENARIO_INVALID */
export function simulateFile(path: string, onProgress: SimulationProgress): SimulatedRun {
  const folder = dirname(resolve(path));
  const text = readText(path, path);
  const source = { fileName: path, readFile: (name: string) => readText(resolve(folder, name), name) };
  const { untilMs } = parseScenario(text, source);
  const rules = rulesThatTell((doneMs) => onProgress(doneMs, untilMs));
  const run = runScenario(text, { ...source, rules: () => rules });
  return { ok: run.result.ok, document: run.result, text: `${renderTimeline(run)}\n${renderDrawing(run)}` };
}

/** Looking at the clock costs less than a step, but not nothing. */
const stepsBetween = 256;

/** The real rules; each step knows what time it is in the story. */
function rulesThatTell(tell: (doneMs: number) => void): Rules {
  let steps = 0;
  return {
    ...coreRules,
    stepCore: (core, input, moment) => {
      steps += 1;
      if (steps % stepsBetween === 0) tell(moment.wall - worldBeginning);
      return coreRules.stepCore(core, input, moment);
    },
  };
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ClusterError("SCENARIO_INVALID", `Cannot read "${name}": ${(cause as Error).message}`, { cause });
  }
}
