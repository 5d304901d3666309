import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { formatResult, runStep, type Step } from "./gate/run-step.ts";

// `npm run ok` (gate.ts ok) and the second half of `npm test` (gate.ts test). Exit code 1 when anything failed.

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");
const run = join(root, "scripts/run");

/** What the last run found is kept: only what depends on a change is looked at again. */
const typesKept = join(root, "node_modules/.cache/types.tsbuildinfo");
const types: Step = {
  name: "types",
  command: [join(bin, "tsc"), "--noEmit", "--pretty", "--incremental", "--tsBuildInfoFile", typesKept],
};
const lint: Step = { name: "lint", command: [join(bin, "oxlint"), "--type-aware"] };
const deps: Step = { name: "deps", command: [run, "scripts/check-deps.ts"] };
const spec: Step = { name: "spec", command: [run, "scripts/check-spec.ts"] };
const format: Step = { name: "format", command: [join(bin, "biome"), "format"] };
const build: Step = { name: "build", command: [run, "scripts/build.ts"] };
const knip: Step = { name: "knip", command: [join(bin, "knip")] };

const fastProjects = ["unit", "scenarios", "seeds"];

const mode = process.argv[2];
if (mode === "ok") await runFastGate();
else if (mode === "test") await runEverything();
else {
  console.error("usage: scripts/run scripts/gate.ts ok|test");
  process.exitCode = 2;
}

/** Under one minute on two cores: everything at once, one line per step as it ends. */
async function runFastGate(): Promise<void> {
  const projects = fastProjects.flatMap((project) => ["--project", project]);
  // `npm test` runs them all.
  process.env["HALE_SEEDS"] = "0.05";
  // Transformed sources are kept from run to run: a fifth of the time.
  const kept = "--experimental.fsModuleCache";
  const tests: Step = { name: "tests", command: [join(bin, "vitest"), "run", "--reporter=dot", kept, ...projects] };
  await runChecks([tests, types, lint, deps, build]);
}

/** The checks, then every test in the foreground, so that what vitest says in the end is the end. */
async function runEverything(): Promise<void> {
  await runChecks([types, lint, format, deps, spec, knip, build]);
  const child = spawn(join(bin, "vitest"), ["run"], { cwd: root, stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) process.exitCode = 1;
}

async function runChecks(steps: readonly Step[]): Promise<void> {
  await Promise.all(
    steps.map(async (step) => {
      const result = await runStep(step, root);
      console.log(formatResult(result));
      if (!result.passed) process.exitCode = 1;
    }),
  );
}
