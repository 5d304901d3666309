import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { inspectNode } from "./inspect-node.ts";

/** A file that can be run on every machine of the tests. */
const program = process.execPath;

function configWith(port: number): ClusterConfig {
  const parsed = parseConfig(
    `
cluster: c
heartbeat: { port: ${port} }
nodes:
  a: { addresses: [127.0.0.1, 203.0.113.77] }
fencing: { watchdog: { device: /dev/no-such-watchdog } }
services:
  web:
    resources:
      - exec: { start: [${program}], stop: [/no/such/program], monitor: [${program}] }
  elsewhere:
    domain: { nodes: [a] }
    resources: [{ ocf: { agent: "nobody:nothing" } }]
`,
    "cluster.yaml",
  );
  if (!parsed.ok) throw new RangeError(JSON.stringify(parsed.errors));
  return parsed.config;
}

async function environment(): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), "hale-check-"));
  await writeFile(join(folder, "authkeys"), "auth 1\n1 hmac-sha256 a-secret-that-is-long-enough\n", { mode: 0o644 });
  return { ...process.env, HALE_ETC: folder, HALE_STATE: folder, HALE_NODE: "a", OCF_ROOT: folder };
}

test("looks at the real machine: addresses, ports, keys, programs, folders", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const env = await environment();
  try {
    const facts = await inspectNode(env, configWith(port), false);
    expect(facts).toMatchObject({
      name: "a",
      keysProblem: expect.stringContaining("mode 0644 lets others read it") as unknown,
      stateFolder: { isThere: true, isWritable: true },
      watchdog: { device: "/dev/no-such-watchdog", isThere: false, holder: null },
      arbiterDisk: null,
    });
    expect(facts.stateFolder.freeBytes).toBeGreaterThan(0);
    expect(facts.addresses).toEqual([
      { link: 0, address: "127.0.0.1", interface: "lo", isUp: true, mtu: expect.any(Number) as unknown, busy: ["TCP"] },
      { link: 1, address: "203.0.113.77", interface: null, isUp: false, mtu: null, busy: [] },
    ]);
    expect(facts.missingPrograms).toEqual([
      { resource: "web/exec", program: "/no/such/program" },
      { resource: "elsewhere/nothing", program: join(env["OCF_ROOT"] ?? "", "resource.d/nobody/nothing") },
    ]);
    // A daemon that runs has the port itself: it is not touched.
    expect((await inspectNode(env, configWith(port), true)).addresses[0]?.busy).toEqual([]);
  } finally {
    server.close();
  }
});

test("says what is missing where there is nothing", async () => {
  const facts = await inspectNode({ HALE_ETC: "/no/etc", HALE_STATE: "/no/state", HALE_NODE: "-" }, null, false);
  expect(facts).toMatchObject({
    name: null,
    nameProblem: expect.stringContaining('"-" is no node name') as unknown,
    keysProblem: expect.stringContaining("ENOENT") as unknown,
    stateFolder: { isThere: false, isWritable: false },
    addresses: [],
    watchdog: null,
    missingPrograms: [],
  });
});
