import { afterAll, beforeAll, expect, test } from "vitest";
import { AloneCluster, writeFile } from "./alone.ts";
import { type DebianMachine, DebianMachines } from "./debian.ts";

// Goal: Debian's own systemd as the first program of a machine, its message bus, and hale's daemon as a unit of it. Monitors are minutes away: what is
// noticed, systemd has told. One story, in the order of the tests.

let machines: DebianMachines;
let machine: DebianMachine;
let cluster: AloneCluster;

const units = {
  // By itself it would be restarted, whatever the cluster has decided.
  web: "[Service]\nExecStart=/bin/sleep infinity\nRestart=always\n",
  // Ready some time after its start was asked for; no process is left.
  slow: "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 3\n",
  broken: "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 3'\n",
  stuck: "[Service]\nExecStartPre=/bin/sleep infinity\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity\n",
};

beforeAll(async () => {
  machines = new DebianMachines();
  machine = await machines.boot();
  const unitOf = (name: string) => `/etc/systemd/system/${name}.service`;
  for (const [name, text] of Object.entries(units)) await writeFile(machine, unitOf(name), text);
  await machine.run("systemctl daemon-reload");
  const service = (name: string, more = {}) => ({
    enabled: name === "web",
    resources: [{ systemd: { unit: `${name}.service`, monitor: { interval: "30m", timeout: "1m" }, ...more } }],
  });
  cluster = await AloneCluster.found(machine, {
    services: {
      web: service("web"),
      slow: service("slow"),
      broken: service("broken"),
      stuck: service("stuck", { start: { timeout: "5m" } }),
    },
  });
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  machines[Symbol.dispose]();
});

async function show(unit: string, property: string): Promise<string> {
  return machine.run(`systemctl show --value --property=${property} ${unit}`);
}

/**
 * Does harm to a unit that runs, and waits until systemd has told of it and the cluster has started it again.
 *
 * @returns ms from the harm to the word of its agent, which was asked because of it
 */
async function expectNoticed(unit: string, harm: string): Promise<number> {
  const at = Number(await machine.run(`date +%s%3N; ${harm}`));
  const told = new RegExp(`^unit ${unit}\\.service \\(\\w+\\) of ${unit}/${unit} has ended: its agent is asked`);
  const { sequence: after } = await cluster.waitForEvent(told);
  const found = await cluster.waitForEvent(/found it not running/, { service: unit, after });
  await cluster.waitForStart(unit, after);
  return found.at - at;
}

test("[UNIT-1] a unit that is managed is not restarted by systemd, and stopped after the daemon", async () => {
  await cluster.waitForStart("web");
  expect(await show("web", "ActiveState")).toBe("active");
  expect(await show("web", "Restart")).toBe("no");
  expect(await show("web", "Before")).toContain("haled.service");
});

test("[UNIT-4, SVC-32] its process is killed: systemd tells, at once, and the cluster starts it again", async ({
  annotate,
}) => {
  const tookMs = await expectNoticed("web", "kill -9 $(systemctl show --value --property=MainPID web)");
  await annotate(`noticed after ${tookMs} ms, emulated`);
  expect(await show("web", "ActiveState")).toBe("active");
  expect(await show("web", "NRestarts")).toBe("0");
});

test("[UNIT-2] a start waits for the job of systemd", async () => {
  await cluster.must("enable-service", "slow");
  expect(await show("slow", "ActiveState")).toBe("active");
});

test("[UNIT-4] a unit without any process is stopped by somebody: that is told, too", async () => {
  await expectNoticed("slow", "systemctl stop slow");
  expect(await show("slow", "ActiveState")).toBe("active");
});

test("[UNIT-2] a unit that cannot be started says why", async () => {
  expect(await cluster.ask("enable-service", "broken")).toMatchObject({ ok: false });
  const told = await machine.run("hale why broken");
  expect(told).toContain("Cannot start broken.service: ");
  expect(told).toContain("(failed, exit-code): journalctl -u broken.service");
  await cluster.must("disable-service", "broken");
});

test("[SVC-16] a service whose start hangs is disabled at once, not when its start has timed out", async () => {
  await cluster.begin("enable-service", "stuck");
  await machine.until("the start", "systemctl is-active stuck", /^activating/);
  await cluster.must("disable-service", "stuck");
  expect(await show("stuck", "ActiveState")).toMatch(/inactive|failed/);
  expect(await show("stuck", "Job")).toBe("");
});

test("[SVC-10, UNIT-4] a daemon that is killed is started again by systemd, and goes on with what it finds running", async () => {
  const before = await show("web", "MainPID");
  const daemon = await show("haled", "MainPID");
  await machine.run(`kill -9 ${daemon}`);
  await machine.until(
    "another daemon",
    "systemctl show --value --property=MainPID haled",
    new RegExp(`^(?!(0|${daemon})$)`),
  );
  await cluster.waitForEvent(/^view of n1/);
  await cluster.waitForState("web", "started");
  expect(await show("web", "MainPID")).toBe(before);
  await expectNoticed("web", `kill -9 ${before}`);
});

test("[UNIT-1] a unit that is stopped is as it was before", async () => {
  await cluster.must("disable-service", "web");
  expect(await show("web", "ActiveState")).toBe("inactive");
  expect(await show("web", "Restart")).toBe("always");
  expect(await machine.run("ls /run/systemd/system")).not.toContain("web.service.d");
});

test("[SVC-14] a daemon that is stopped stops its units", async () => {
  await machine.run("systemctl stop haled");
  expect(await show("slow", "ActiveState")).toBe("inactive");
});

test("[SVC-46] a cluster that was told to stop stays so: systemd starts no daemon again", async () => {
  await machine.run("systemctl start haled");
  await cluster.waitForState("slow", "started");
  expect(await machine.run("hale cluster stop --yes")).toContain("all services are stopped, and the daemons end");
  await machine.until("the daemon to end", "systemctl show --value --property=ActiveState haled", /^inactive$/);
  expect(await show("slow", "ActiveState")).toBe("inactive");
  expect(await show("haled", "Result")).toBe("success");
});
