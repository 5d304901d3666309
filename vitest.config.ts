import { defineConfig } from "vitest/config";

const setupFiles = ["test/setup/fail-on-warnings.ts"];

/**
 * A process loads each module once for all the files that it runs: loading the same files again and again was half of
 * the fast gate's time. A test that mocks a module loads it anew, and puts it back.
 */
const shared = { isolate: false };

/** e2e hosts are real and share the machine: one file at a time, after everything else. */
export default defineConfig({
  test: {
    passWithNoTests: true,
    // Half of them would be idle with vitest's own default on two processors.
    maxWorkers: "100%",
    coverage: { provider: "v8", include: ["src/**/*.ts"], exclude: ["**/*.test.ts"] },
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "lab/**/*.test.ts", "chaos/**/*.test.ts"],
          setupFiles,
          ...shared,
          // Virtual time: a longer wait only means that the machine is busy.
          testTimeout: 30_000,
        },
      },
      { test: { name: "contract", include: ["test/contract/**/*.test.ts"], setupFiles, testTimeout: 20_000 } },
      {
        test: {
          name: "scenarios",
          include: ["test/scenarios/**/*.test.ts"],
          setupFiles,
          ...shared,
          testTimeout: 60_000,
        },
      },
      { test: { name: "seeds", include: ["test/seeds/**/*.test.ts"], setupFiles, ...shared, testTimeout: 120_000 } },
      {
        test: {
          name: "exploration",
          include: ["test/exploration/**/*.test.ts"],
          setupFiles,
          ...shared,
          testTimeout: 120_000,
        },
      },
      { test: { name: "planted", include: ["test/planted/**/*.test.ts"], setupFiles, testTimeout: 120_000 } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          setupFiles,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "vm",
          include: ["test/vm/**/*.test.ts"],
          // The watchdog's drivers, machine after machine: `npm run watchdog`.
          exclude: process.env["npm_lifecycle_event"] === "watchdog" ? [] : ["test/vm/watchdog.test.ts"],
          setupFiles,
          // The emulator takes a processor each; the first use of it fetches a small Debian.
          maxConcurrency: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 240_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
