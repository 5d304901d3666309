import { existsSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { parseAgentMetadata } from "../../src/adapters/agent-metadata/agent-metadata.ts";
import { advisedTimes, checkParameters, readOcfMetadata } from "../../src/adapters/ocf/metadata.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
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
  <shortdesc lang="en">A sample</shortdesc>
  <parameters>
    <parameter name="device" required="1"><shortdesc>the device</shortdesc><content type="string"/></parameter>
    <parameter name="count"><content type="integer" default="3"/></parameter>
    <parameter name="mode"><content type="select"><option value="a"/><option value="b"/></content></parameter>
    <parameter name="fast"><deprecated><replaced-with name="mode"/></deprecated><content type="boolean"/></parameter>
  </parameters>
  <actions>
    <action name="start" timeout="40s"/><action name="stop" timeout="1m"/>
    <action name="monitor" depth="10" timeout="60" interval="30"/><action name="monitor" depth="0" timeout="20" interval="10s"/>
  </actions>
</resource-agent>`);

test("advised times, of the shallowest monitor", () => {
  expect(advisedTimes(sample)).toEqual({
    startTimeoutMs: 40_000,
    stopTimeoutMs: 60_000,
    monitorTimeoutMs: 20_000,
    monitorIntervalMs: 10_000,
  });
});

test.each([
  [{}, ['"sample" needs parameter "device": the device']],
  [{ device: "x", count: "3", mode: "a", fast: "yes", OCF_CHECK_LEVEL: "10" }, []],
  [{ device: "x", devise: "y" }, ['"sample" has no parameter "devise": it has device, count, mode, fast']],
  [{ device: "x", count: "many" }, ['Parameter "count" of "sample" is "many": wants an integer']],
  [{ device: "x", mode: "c" }, ['Parameter "mode" of "sample" is "c": wants one of a, b']],
])("parameters %j", (given: Readonly<Record<string, string>>, expected: readonly string[]) => {
  expect(checkParameters(sample, given)).toEqual(expected);
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
    expect(answer.ok && advisedTimes(answer.metadata).startTimeoutMs).toBeGreaterThan(0);
    expect(answer.ok && answer.metadata.parameters.length).toBeGreaterThan(0);
  });
});
