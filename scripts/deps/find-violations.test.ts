import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findViolations } from "./find-violations.ts";
import { parseRules } from "./rules.ts";

const rules = parseRules(readFileSync(join(import.meta.dirname, "../../DEPS"), "utf8"));
const check = (files: Readonly<Record<string, string>>) => findViolations(new Map(Object.entries(files)), rules);

test("the allowed ways are allowed", () => {
  const files = {
    "src/model/ids.ts": "export const a = 1;",
    "src/core/step.ts": 'import { a } from "./fencing/fence.ts";',
    "src/core/fencing/fence.ts": 'import { q } from "../quorum/count.ts"; import type { A } from "../../model/ids.ts";',
    "src/core/quorum/count.ts": "export const q = 1;",
    "src/core/quorum/count.test.ts": 'import { test } from "vitest"; import { fake } from "../../sim/clock.ts";',
    "src/sim/clock.ts": 'import { a } from "../model/ids.ts";',
    "src/adapters/udp/udp.ts": 'import dgram from "node:dgram"; import { run } from "../process/run.ts";',
    "src/adapters/process/run.ts": "export const run = 1;",
    "src/main/haled.ts": 'import { u } from "../adapters/udp/udp.ts"; import "node:fs";',
    "lab/demo.ts": 'import { a } from "../src/model/ids.ts"; import pkg from "../package.json";',
  };
  expect(check(files)).toEqual([]);
});

// One planted violation per rule; the checker is trusted because it catches them.
test.each<[string, Record<string, string>, string]>([
  [
    "a room imports a room it may not",
    { "src/api/a.ts": '\nimport { a } from "../core/step.ts";', "src/core/step.ts": "" },
    "src/api/a.ts:2: src/api may not import src/core (src/core/step.ts)",
  ],
  [
    "a type-only import counts",
    { "src/model/a.ts": 'import type { A } from "../ports/clock.ts";', "src/ports/clock.ts": "" },
    "src/model/a.ts:1: src/model may not import src/ports (src/ports/clock.ts)",
  ],
  [
    "a dynamic import counts",
    { "src/cli/a.ts": 'await import("../adapters/udp/udp.ts");', "src/adapters/udp/udp.ts": "" },
    "src/cli/a.ts:1: src/cli may not import src/adapters (src/adapters/udp/udp.ts)",
  ],
  [
    "a way out of all rooms",
    { "src/core/a.ts": 'import p from "../../package.json";' },
    "src/core/a.ts:1: src/core may not import package.json (package.json)",
  ],
  [
    "a node module in a pure room",
    { "src/daemon/a.ts": 'import fs from "node:fs/promises";' },
    "src/daemon/a.ts:1: src/daemon may not import node:fs/promises",
  ],
  [
    "a node module without its prefix",
    { "src/core/a.ts": 'import fs from "fs";' },
    "src/core/a.ts:1: src/core may not import node:fs",
  ],
  [
    "a package that the room may not have",
    { "src/core/a.ts": 'import { z } from "zod/v4";' },
    "src/core/a.ts:1: src/core may not import zod",
  ],
  [
    "a scoped package",
    { "src/core/a.ts": 'import { serve } from "@hono/node-server/x";' },
    "src/core/a.ts:1: src/core may not import @hono/node-server",
  ],
  [
    "a test library in code that is no test",
    { "src/core/a.ts": 'import fc from "fast-check";' },
    "src/core/a.ts:1: src/core may not import fast-check",
  ],
  [
    "a fake in code that is no test",
    { "src/core/a.ts": 'import { a } from "../sim/a.ts";', "src/sim/a.ts": "" },
    "src/core/a.ts:1: src/core may not import src/sim (src/sim/a.ts)",
  ],
  [
    "a core folder imports a later one",
    { "src/core/quorum/a.ts": 'import { a } from "../fencing/a.ts";', "src/core/fencing/a.ts": "" },
    "src/core/quorum/a.ts:1: folder quorum may not import fencing, which comes after it in src/core",
  ],
  [
    "a core folder imports what composes it",
    { "src/core/quorum/a.ts": 'import { a } from "../step.ts";', "src/core/step.ts": "" },
    "src/core/quorum/a.ts:1: folder quorum may not import files directly in src/core",
  ],
  [
    "a core folder that has no place",
    { "src/core/utils/a.ts": "" },
    'src/core/utils/a.ts:1: folder "utils" has no place in the order of src/core in DEPS',
  ],
  [
    "an adapter imports another",
    { "src/adapters/udp/a.ts": 'import { a } from "../serial/a.ts";', "src/adapters/serial/a.ts": "" },
    "src/adapters/udp/a.ts:1: folder udp may not import serial: folders of src/adapters stay apart",
  ],
  [
    "a test is imported",
    { "test/e2e/a.ts": 'import { a } from "../../src/core/a.test.ts";', "src/core/a.test.ts": "" },
    "test/e2e/a.ts:1: a test may not be imported: src/core/a.test.ts",
  ],
  ["a file in no room", { "src/stray/a.ts": "" }, "src/stray/a.ts:1: lies in no room of DEPS"],
  [
    "a barrel",
    { "src/core/quorum/index.ts": "" },
    "src/core/quorum/index.ts:1: barrel (name the file after its concept)",
  ],
  [
    "export *",
    { "src/core/a.ts": 'export * from "./b.ts";', "src/core/b.ts": "" },
    "src/core/a.ts:1: export * (name what is exported, where it lives)",
  ],
  ["a default export", { "src/core/a.ts": "export default 1;" }, "src/core/a.ts:1: default export (give it a name)"],
  [
    "a cycle",
    {
      "src/core/a.ts": 'import { b } from "./b.ts";',
      "src/core/b.ts": 'import type { C } from "./c.ts";',
      "src/core/c.ts": 'import { b } from "./b.ts";',
    },
    "src/core/b.ts:1: import cycle: src/core/b.ts -> src/core/c.ts -> src/core/b.ts",
  ],
])("catches: %s", (_, files, expected) => {
  expect(check(files)).toEqual([expected]);
});
