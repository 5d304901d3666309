import { existsSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { parseAgentMetadata } from "../../src/adapters/agent-metadata/agent-metadata.ts";
import { installedOcfAgents } from "../../src/adapters/ocf/installed-agents.ts";
import { readOcfMetadata } from "../../src/adapters/ocf/metadata.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { inTurns } from "../../src/cli/in-turns.ts";
import { advisedTimeouts, timeoutDefaults, timeoutsAskedBy } from "../../src/config/advised-timeouts.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { ownFolder } from "./own-folder.ts";

const folder = ownFolder("metadata");
const runner = new ProgramRunner({ outputFolder: folder });
const never = new AbortController().signal;

afterAll(() => {
  runner.close();
});

const sample = parseAgentMetadata(`log line
<?xml version="1.0"?>
<resource-agent name="sample">
  <version>1.1</version>
  <shortdesc lang="en">A sample</shortdesc>
  <parameters>
    <parameter name="device" required="1"><shortdesc>the device</shortdesc><content type="string"/></parameter>
    <parameter name="count"><longdesc>how many</longdesc><shortdesc>count</shortdesc><content type="integer" default="3"/></parameter>
    <parameter name="mode"><content type="select"><option value="a"/><option value="b"/></content></parameter>
    <parameter name="fast"><deprecated><replaced-with name="mode"/></deprecated><content type="boolean"/></parameter>
  </parameters>
  <actions>
    <action name="start" timeout="40s"/><action name="stop" timeout="1m"/>
    <action name="monitor" depth="10" timeout="60" interval="30"/><action name="monitor" depth="0" timeout="20" interval="10s"/>
  </actions>
</resource-agent>`);

test("what it asks for, of the shallowest monitor", () => {
  expect(timeoutsAskedBy(sample)).toEqual({ start: 40_000, stop: 60_000, monitor: 20_000 });
  expect(sample.apiVersion).toBe("1.1");
  expect(sample.parameters.map(({ description }) => description)).toEqual(["the device", "how many", "", ""]);
});

test.each(["", "<a>", "<a/>", "<resource-agent><a></resource-agent>", "usage: agent start|stop"])(
  "%j is not metadata",
  (xml) => {
    expect(() => parseAgentMetadata(xml)).toThrow(SyntaxError);
  },
);

test.each([
  ["../../bin", "sh"],
  ["heartbeat", ".hidden"],
  ["", ""],
])("%j:%j is not asked", async (provider, type) => {
  expect(await readOcfMetadata(provider, type, { runner }, never)).toMatchObject({ ok: false });
});

describe.skipIf(!existsSync("/usr/lib/ocf/resource.d/heartbeat/Dummy"))("agents of Debian", () => {
  test.each(["Dummy", "nginx", "apache", "IPaddr2", "Filesystem", "pgsql"])("heartbeat:%s", async (type) => {
    const answer = await readOcfMetadata("heartbeat", type, { runner }, never);
    expect(answer).toMatchObject({ ok: true, metadata: { name: type } });
    expect(answer.ok && timeoutsAskedBy(answer.metadata).start).toBeGreaterThan(0);
    expect(answer.ok && answer.metadata.parameters.length).toBeGreaterThan(0);
  });

  test("[OCF-6] all describe themselves, and no time-out that hale takes is shorter than one that they advise", async () => {
    const names = (await installedOcfAgents()).filter((name) => name.startsWith("heartbeat:"));
    expect(names.length).toBeGreaterThan(100);
    const wrong = await inTurns(names, async (name) => {
      const answer = await readOcfMetadata(
        "heartbeat",
        name.split(":")[1] ?? "",
        { runner },
        new AbortController().signal,
      );
      if (!answer.ok) return [answer.reason];
      const asked = timeoutsAskedBy(answer.metadata);
      const wanted = {
        start: Math.max(asked.start, timeoutDefaults.start),
        stop: Math.max(asked.stop, timeoutDefaults.stop),
        monitor: Math.max(asked.monitor, timeoutDefaults.monitor),
      };
      const taken = advisedTimeouts(name);
      return JSON.stringify(taken) === JSON.stringify(wanted) ? [] : [`${name}: ${JSON.stringify(wanted)}`];
    });
    expect(wrong.flat()).toEqual([]);
  }, 60_000);

  test.each([
    "lvm: { group: vg0, volume: data, access: tag }",
    "nfs-export: { directory: /srv, clients: '*', fsid: 1 }",
  ])("the front %s says what its agent understands", async (written) => {
    const text = `cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\nservices: { s: { resources: [{ ${written} }] } }\n`;
    const parsed = parseConfig(text, "f");
    const resource = parsed.ok ? parsed.config.services[0]?.resources[0] : undefined;
    if (resource?.kind !== "ocf") throw new Error("not a front");
    const answer = await readOcfMetadata(resource.provider, resource.type, { runner }, never);
    const known = answer.ok ? answer.metadata.parameters : [];
    expect(known.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(resource.parameters)));
    const required = known.filter((one) => one.isRequired && one.default === null).map(({ name }) => name);
    expect(Object.keys(resource.parameters)).toEqual(expect.arrayContaining(required));
    const strange = known.filter(({ name, options }) => {
      const given = resource.parameters[name];
      return given !== undefined && options.length > 0 && !options.includes(given);
    });
    expect(strange).toEqual([]);
  });
});
