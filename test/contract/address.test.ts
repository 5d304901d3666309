import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadLibc } from "../../src/adapters/native/libc.ts";
import { AddressAgent } from "../../src/adapters/netlink/address-agent.ts";
import type { AddressKernel } from "../../src/adapters/netlink/address-kernel.ts";
import { parseIpBytes } from "../../src/adapters/native/ip-bytes.ts";
import { createIpKernel } from "../../src/adapters/netlink/ip-kernel.ts";
import { createNetlinkKernel } from "../../src/adapters/netlink/netlink-kernel.ts";
import { ownName } from "../../src/adapters/netlink/own-interface.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { startByNode } from "../../src/adapters/process/start-program.ts";
import type { AddressResource, ResourceConfig } from "../../src/model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { announcerContract } from "./announcer.contract.ts";
import { canMakeSandbox, enterNetworkSandbox, ip, listenForFrames } from "./network-sandbox.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";

// The address agent on a real kernel, in a network namespace that only this test process is in.

const arping = "arping";
const never = new AbortController().signal;

function address(text: string, more: Partial<AddressResource> = {}): AddressResource {
  const [host = "", prefix = "24"] = text.split("/");
  return {
    kind: "address",
    id: resourceId(parseServiceId("web"), host),
    name: host,
    ip: host,
    prefix: Number(prefix),
    startTimeoutMs: durationMs(5000),
    stopTimeoutMs: durationMs(5000),
    monitorTimeoutMs: durationMs(5000),
    monitorIntervalMs: durationMs(5000),
    ...more,
  };
}

const foreign: ResourceConfig = {
  ...address("10.0.0.1/8"),
  kind: "lsb",
  script: "/bin/true",
};

function isSet(host: string): boolean {
  return ip("-brief address").includes(` ${host}/`);
}

describe.skipIf(!canMakeSandbox)("address", () => {
  let folder: string;
  let runner: ProgramRunner;
  let ear: ReturnType<typeof listenForFrames>;
  const agents: AddressAgent[] = [];

  beforeAll(() => {
    enterNetworkSandbox();
    folder = mkdtempSync(join(tmpdir(), "hale-address-"));
    runner = new ProgramRunner({ outputFolder: folder, start: startByNode });
    ear = listenForFrames("hale1");
  });

  afterAll(async () => {
    for (const agent of agents) await agent.close();
    runner.close();
    ear.close();
    rmSync(folder, { recursive: true });
  });

  const netlink = (): AddressKernel => {
    const libc = loadLibc();
    if (libc === null) throw new Error("no koffi");
    return createNetlinkKernel(libc);
  };

  function makeAgent(kernel: AddressKernel = netlink(), announceAtMs: readonly number[] = [0, 50, 100]): AddressAgent {
    const agent = new AddressAgent({ clock: { now: () => instantMs(0) }, runner, kernel, announceAtMs });
    agents.push(agent);
    return agent;
  }

  async function run(
    agent: AddressAgent,
    action: "start" | "stop" | "monitor",
    resource: AddressResource,
  ): Promise<OperationOutcome> {
    return agent.run(operation(resource, action), never);
  }

  /** ARP frames and neighbour advertisements about an address. */
  function announcements(host: string): readonly Buffer[] {
    const bytes = parseIpBytes(host) ?? Buffer.alloc(0);
    const offset = bytes.length === 4 ? 28 : 62;
    return ear
      .frames()
      .filter((frame) =>
        bytes.length === 4 ? frame.readUInt16BE(12) === 0x0806 : frame[20] === 58 && frame[54] === 136,
      )
      .filter((frame) => frame.subarray(offset, offset + bytes.length).equals(bytes));
  }

  for (const [name, kernel] of [
    ["netlink", netlink],
    ["ip", () => createIpKernel(runner)],
  ] as const) {
    const own = { mac: "02:00:c0:a8:07:64" };
    for (const [host, more, device, length] of [
      ["192.168.7.100/24", {}, "hale0", 24],
      ["fd07::100/64", {}, "hale0", 64],
      ["192.168.7.100/24", own, "hale-c0a80764", 32],
      ["fd07::100/64", own, ownName(parseIpBytes("fd07::100") ?? Buffer.alloc(16)), 128],
    ] as const) {
      const resource = address(host, more);
      resourceAgentContract(`address ${host} on ${device} by ${name}`, () => {
        let now = instantMs(0);
        const agent = new AddressAgent({ clock: { now: () => now }, runner, kernel: kernel(), announceAtMs: [0] });
        return {
          agent,
          resource,
          foreign,
          setNow: (instant) => {
            now = instant;
          },
          isRunning: () => isSet(resource.ip),
          kill: () => void ip(`address del ${resource.ip}/${length} dev ${device}`),
          mends: true,
          failing: () => address(host, { ip: "nonsense" }),
          close: () => undefined,
        };
      });
    }
  }

  for (const host of ["192.168.7.90/24", "fd07::90/64"]) {
    announcerContract(`address ${host}`, () => {
      const here = address(host);
      ip(`address replace ${host} dev hale0`);
      const announcer = makeAgent();
      ear.frames();
      return {
        announcer,
        here,
        elsewhere: address(host.replace("90", "91")),
        heard: (about) => announcements(about).length,
        remove: () => void ip(`address del ${host} dev hale0`),
        close: async () => announcer.close(),
      };
    });
  }

  test("a start has announced in both forms before it is done, with our hardware address", async () => {
    const agent = makeAgent();
    const mac = /ether ([0-9a-f:]+)/.exec(ip("link show hale0"))?.[1]?.replaceAll(":", "");
    ear.frames();
    await run(agent, "start", address("192.168.7.101/24"));
    const frames = announcements("192.168.7.101");
    expect(frames.map((frame) => frame.readUInt16BE(20))).toEqual([1, 2]);
    for (const frame of frames) {
      expect(frame.subarray(0, 12).toString("hex")).toBe(`ffffffffffff${mac}`);
      expect(frame.subarray(22, 28).toString("hex")).toBe(mac);
      expect(frame.subarray(38, 42).join(".")).toBe("192.168.7.101");
    }
    await run(agent, "stop", address("192.168.7.101/24"));
    await sleep(150);
    expect(announcements("192.168.7.101")).toEqual([]);
  });

  test("[ADR-7] it is announced as often as is wanted, and again and again while it is here", async () => {
    const agent = makeAgent(undefined, [0, 20, 40]);
    const announce = { times: 1, refreshMs: durationMs(30) };
    const resource = { ...address("192.168.7.102/24"), announce };
    ear.frames();
    await run(agent, "start", resource);
    expect(announcements("192.168.7.102")).toHaveLength(2);
    let heard = 0;
    while (heard < 6) {
      await sleep(5);
      heard += announcements("192.168.7.102").length;
    }
    await run(agent, "stop", resource);
    announcements("192.168.7.102");
    await sleep(100);
    expect(announcements("192.168.7.102")).toEqual([]);
  });

  test("an IPv6 address is usable and advertised before the start is done", async () => {
    const agent = makeAgent();
    ear.frames();
    await run(agent, "start", address("fd07::101/64"));
    const [frame] = announcements("fd07::101");
    expect(frame?.subarray(0, 6).toString("hex")).toBe("333300000001");
    expect(frame?.[21]).toBe(255);
    expect(ip("-6 address show dev hale0 tentative")).not.toContain("fd07::101");
    await run(agent, "stop", address("fd07::101/64"));
  });

  test("the advertisement has the checksum that a kernel wants", async () => {
    const agent = makeAgent();
    await run(agent, "start", address("fd07::102/64"));
    await run(agent, "stop", address("fd07::102/64"));
    const [frame] = announcements("fd07::102");
    const pseudo = Buffer.concat([frame?.subarray(22, 54) ?? Buffer.alloc(0), Buffer.from([0, 0, 0, 32, 0, 0, 0, 58])]);
    const bytes = Buffer.concat([pseudo, frame?.subarray(54, 86) ?? Buffer.alloc(0)]);
    let sum = 0;
    for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    expect(sum).toBe(0xffff);
  });

  test("without an interface in the subnet it says which there are", async () => {
    const outcome = await run(makeAgent(), "start", address("10.1.2.3/24"));
    expect(outcome).toMatchObject({ status: "failed", severity: "hard" });
    expect(outcome.reason).toMatch(
      /^Cannot start address 10\.1\.2\.3\/24: no interface has an address in its subnet: .*hale0 192\.168\.7\.11\/24/,
    );
  });

  test("a configured interface that does not exist is named with those that do", async () => {
    const outcome = await run(makeAgent(), "start", address("10.1.2.3/24", { interface: "eth9" }));
    expect(outcome).toMatchObject({ status: "failed", severity: "hard" });
    expect(outcome.reason).toMatch(/interface "eth9" does not exist: there are lo, .*hale0/);
  });

  test("a configured interface needs no subnet", async () => {
    const agent = makeAgent();
    const resource = address("10.1.2.3/24", { interface: "hale0" });
    expect((await run(agent, "start", resource)).status).toBe("ok");
    expect((await run(agent, "monitor", resource)).status).toBe("ok");
    expect((await run(agent, "stop", resource)).status).toBe("ok");
  });

  test("on the wrong interface it is failed, not started twice, and stopped where it is", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.103/24", { interface: "hale0" });
    ip("address add 192.168.7.103/24 dev hale1");
    expect(await run(agent, "monitor", resource)).toMatchObject({ status: "failed" });
    expect(await run(agent, "start", resource)).toMatchObject({ status: "failed", severity: "hard" });
    expect(await run(agent, "stop", resource)).toMatchObject({ status: "ok" });
    expect(isSet("192.168.7.103")).toBe(false);
  });

  test("a link without carrier fails start and monitor, and does not hold up a stop", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.104/24");
    await run(agent, "start", resource);
    ip("link set hale1 down");
    try {
      expect(await run(agent, "monitor", resource)).toMatchObject({
        status: "failed",
        reason: "Address 192.168.7.104 on hale0: hale0 has no carrier: look at the cable or switch",
      });
      expect((await run(agent, "stop", resource)).status).toBe("ok");
      expect((await run(agent, "start", resource)).status).toBe("failed");
      expect(isSet("192.168.7.104")).toBe(false);
    } finally {
      ip("link set hale1 up");
    }
  });

  for (const promotes of ["0", "1"]) {
    test(`stopping the first address of a subnet leaves the others (promote_secondaries ${promotes})`, async () => {
      const agent = makeAgent();
      const setting = "/proc/sys/net/ipv4/conf/hale0/promote_secondaries";
      writeFileSync("/proc/sys/net/ipv4/conf/all/promote_secondaries", "0");
      writeFileSync(setting, promotes);
      const [first, second, third] = ["10.9.0.1/24", "10.9.0.2/24", "10.9.0.3/24"].map((one) =>
        address(one, { interface: "hale0" }),
      );
      for (const one of [first, second, third]) if (one !== undefined) await run(agent, "start", one);
      if (first !== undefined) await run(agent, "stop", first);
      expect(["10.9.0.1", "10.9.0.2", "10.9.0.3"].map(isSet)).toEqual([false, true, true]);
      expect(readFileSync(setting, "utf8").trim()).toBe(promotes);
      for (const one of [second, third]) if (one !== undefined) await run(agent, "stop", one);
      expect(isSet("10.9.0.3")).toBe(false);
    });
  }

  /** Until it is so, or a second and a half is over: what is waited for is the kernel. */
  async function soon(isSo: () => boolean): Promise<boolean> {
    const end = performance.now() + 1500;
    while (!isSo() && performance.now() < end) await sleep(10);
    return isSo();
  }

  for (const host of ["192.168.7.120/24", "fd07::120/64"]) {
    test(`[ADR-1] ${host}, taken away by somebody, is back within a second and announced, without a word to the core`, async () => {
      const told: string[] = [];
      const agent = new AddressAgent({
        clock: { now: () => instantMs(0) },
        runner,
        kernel: netlink(),
        announceAtMs: [0],
        onProblem: (text) => told.push(text),
      });
      agents.push(agent);
      const hints: string[] = [];
      agent.onDeath(({ what }) => hints.push(what));
      const resource = address(host);
      await run(agent, "start", resource);
      ear.frames();
      const takenAt = performance.now();
      ip(`address del ${host} dev hale0`);
      expect(await soon(() => isSet(resource.ip))).toBe(true);
      expect(performance.now() - takenAt).toBeLessThan(1000);
      expect(announcements(resource.ip)).not.toEqual([]);
      expect([told, hints]).toEqual([[`Address ${host} was taken away by somebody: put back`], []]);
      await run(agent, "stop", resource);
      await sleep(450);
      expect(isSet(resource.ip)).toBe(false);
    });
  }

  test("[ADR-1] a monitor that finds it gone first puts it back, too", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.121/24");
    await run(agent, "start", resource);
    ip("address del 192.168.7.121/24 dev hale0");
    expect(await run(agent, "monitor", resource)).toMatchObject({ status: "ok" });
    expect(isSet(resource.ip)).toBe(true);
    await run(agent, "stop", resource);
  });

  test("[ADR-1] somebody who takes it away again and again is left to the core", async () => {
    const agent = makeAgent();
    const hints: string[] = [];
    agent.onDeath(({ what }) => hints.push(what));
    const resource = address("192.168.7.122/24");
    await run(agent, "start", resource);
    for (let times = 0; times < 5; times += 1) {
      ip("address del 192.168.7.122/24 dev hale0");
      expect(await soon(() => isSet(resource.ip))).toBe(true);
    }
    ip("address del 192.168.7.122/24 dev hale0");
    expect(await soon(() => hints.length > 0)).toBe(true);
    expect(hints).toEqual(["address 192.168.7.122: it was taken away 5 times within 10 s"]);
    expect(await run(agent, "monitor", resource)).toMatchObject({ status: "not-running" });
    await run(agent, "stop", resource);
  });

  test("[ADR-1] what a new daemon finds set is kept from its first monitor on", async () => {
    ip("address add 192.168.7.123/24 dev hale0");
    const agent = makeAgent();
    const resource = address("192.168.7.123/24");
    await run(agent, "monitor", resource);
    ip("address del 192.168.7.123/24 dev hale0");
    expect(await soon(() => isSet(resource.ip))).toBe(true);
    await run(agent, "stop", resource);
  });

  test("[ADR-2] a label is shown", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.124/24", { label: "web" });
    await run(agent, "start", resource);
    expect(ip("address show dev hale0 label hale0:web")).toContain("192.168.7.124/24");
    await run(agent, "stop", resource);
  });

  /** Whoever answers the neighbour's question for the address: hardware addresses, each once. */
  function answersTo(host: string): readonly string[] {
    ear.frames();
    spawnSync(arping, ["-D", "-c", "2", "-w", "2", "-I", "hale1", host]);
    const answers = ear.frames().filter((frame) => frame.readUInt16BE(12) === 0x0806 && frame.readUInt16BE(20) === 2);
    return [...new Set(answers.map((frame) => frame.subarray(22, 28).toString("hex")))];
  }

  test("[ADR-4] an address with a hardware address of its own answers with that one alone, and leaves nothing behind", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.130/24", { mac: "02:00:c0:a8:07:82" });
    expect(await run(agent, "start", resource)).toMatchObject({ status: "ok", reason: "set on hale-c0a80782" });
    expect(announcements(resource.ip).map((frame) => frame.subarray(22, 28).toString("hex"))).toContain("0200c0a80782");
    expect(answersTo(resource.ip)).toEqual(["0200c0a80782"]);
    expect(answersTo("192.168.7.11")).not.toContain("0200c0a80782");
    expect(ip("route show dev hale-c0a80782")).toBe("");
    expect(await run(agent, "stop", resource)).toMatchObject({ status: "ok", reason: "removed" });
    expect(ip("link show")).not.toContain("hale-c0a80782");
    expect(answersTo(resource.ip)).toEqual([]);
  });

  test("[ADR-4] an IPv6 address is advertised with its own hardware address, and is the only one on its interface", async () => {
    const agent = makeAgent();
    const resource = address("fd07::130/64", { mac: "02:06:00:00:00:01" });
    ear.frames();
    await run(agent, "start", resource);
    const [frame] = announcements(resource.ip);
    expect(frame?.subarray(6, 12).toString("hex")).toBe("020600000001");
    const device = ownName(parseIpBytes(resource.ip) ?? Buffer.alloc(16));
    expect(ip(`-brief address show dev ${device}`).trim().split(/\s+/).slice(2)).toEqual(["fd07::130/128"]);
    await run(agent, "stop", resource);
    expect(ip("link show")).not.toContain(device);
  });

  test("[ADR-4] what an earlier daemon has left is adopted when it is whole, cleaned up when it is not", async () => {
    const resource = address("192.168.7.131/24", { mac: "02:00:c0:a8:07:83" });
    const first = makeAgent();
    await run(first, "start", resource);
    await first.close();
    const next = makeAgent();
    expect(await run(next, "monitor", resource)).toMatchObject({ status: "ok", reason: "on hale-c0a80783" });
    ip("address flush dev hale-c0a80783");
    const last = makeAgent();
    expect(await run(last, "monitor", resource)).toMatchObject({ status: "failed" });
    expect(await run(last, "stop", resource)).toMatchObject({ status: "ok" });
    ip("link add link hale0 name hale-c0a80783 address 02:00:00:00:00:01 type macvlan mode bridge");
    expect(await run(last, "start", resource)).toMatchObject({ status: "ok" });
    expect(ip("link show dev hale-c0a80783")).toContain("02:00:c0:a8:07:83");
    await next.close();
    await run(last, "stop", resource);
  });

  test("[ADR-4, ADR-1] the interface, taken away by somebody, is back within a second", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.132/24", { mac: "02:00:c0:a8:07:84" });
    await run(agent, "start", resource);
    ip("link del hale-c0a80784");
    expect(await soon(() => isSet(resource.ip))).toBe(true);
    expect(answersTo(resource.ip)).toEqual(["0200c0a80784"]);
    await run(agent, "stop", resource);
  });

  test("[ADR-4] a monitor finds another hardware address", async () => {
    const agent = makeAgent();
    const resource = address("192.168.7.133/24", { mac: "02:00:c0:a8:07:85" });
    await run(agent, "start", resource);
    ip("link set dev hale-c0a80785 address 02:00:00:00:00:02");
    expect(await run(agent, "monitor", resource)).toMatchObject({
      status: "failed",
      reason: "Address 192.168.7.133 on hale-c0a80785: another hardware address, wants 02:00:c0:a8:07:85",
    });
    await run(agent, "stop", resource);
  });

  /** What an agent tells of addresses that it was to keep away. */
  function warned(agent: AddressAgent): string[] {
    const told: string[] = [];
    agent.onRemoved(({ resource, what }) => told.push(`${resource} ${what}`));
    return told;
  }

  for (const host of ["192.168.7.140/24", "fd07::140/64"]) {
    test(`[ADR-5] ${host}, set by somebody where it is to be kept away, is removed and told of`, async () => {
      const agent = makeAgent();
      const told = warned(agent);
      const resource = address(host);
      agent.keepAway([resource]);
      ip(`address add ${host} dev hale0`);
      expect(await soon(() => !isSet(resource.ip))).toBe(true);
      expect(await soon(() => told.length > 0)).toBe(true);
      expect(told).toEqual([`web/${resource.ip} was set on hale0 by somebody: removed`]);
      agent.keepAway([]);
      ip(`address add ${host} dev hale0`);
      await sleep(1_100);
      expect(isSet(resource.ip)).toBe(true);
      // What is there already when the list comes.
      agent.keepAway([resource]);
      expect(await soon(() => !isSet(resource.ip))).toBe(true);
    });
  }

  test("[ADR-5] an address that is started is never removed, and others and the loopback are left alone", async () => {
    const agent = makeAgent();
    const told = warned(agent);
    const resource = address("192.168.7.141/24");
    const real = address("192.168.7.142/24");
    ip("address add 192.168.7.142/32 dev lo");
    ip("address add 192.168.7.143/24 dev hale0");
    for (let times = 0; times < 20; times += 1) {
      agent.keepAway([real, resource]);
      expect(await run(agent, "start", resource)).toMatchObject({ status: "ok" });
      await sleep(times * 10);
      expect(isSet(resource.ip)).toBe(true);
      await run(agent, "stop", resource);
    }
    expect([isSet("192.168.7.142"), isSet("192.168.7.143"), told]).toEqual([true, true, []]);
    ip("address del 192.168.7.142/32 dev lo");
    ip("address del 192.168.7.143/24 dev hale0");
  });

  test("[ADR-5] what is left of an interface of its own goes as well, and somebody who sets it again and again is let be", async () => {
    const agent = makeAgent();
    const told = warned(agent);
    const resource = address("192.168.7.144/24", { mac: "02:00:c0:a8:07:90" });
    agent.keepAway([resource]);
    ip("link add link hale0 name hale-c0a80790 address 02:00:c0:a8:07:90 type macvlan mode bridge");
    ip("link set hale-c0a80790 up");
    ip("address add 192.168.7.144/32 dev hale-c0a80790");
    expect(await soon(() => !ip("link show").includes("hale-c0a80790"))).toBe(true);
    for (let times = 1; times < 5; times += 1) {
      ip("address add 192.168.7.144/24 dev hale0");
      expect(await soon(() => !isSet(resource.ip))).toBe(true);
    }
    ip("address add 192.168.7.144/24 dev hale0");
    await sleep(1_100);
    expect(isSet(resource.ip)).toBe(true);
    expect(told.at(-1)).toBe(
      "web/192.168.7.144 was set on hale0 by somebody: removed, for the 5th time within a minute: let be until that is over",
    );
    agent.keepAway([]);
    await run(agent, "stop", resource);
  });

  test("[ADR-3] with duplicate detection a start waits for it, and fails when somebody else has the address", async () => {
    const agent = makeAgent();
    const free = address("fd07::124/64", { detectsDuplicates: true });
    expect(await run(agent, "start", free)).toMatchObject({ status: "ok" });
    expect(ip("-6 address show dev hale0 tentative")).not.toContain("fd07::124");
    await run(agent, "stop", free);
    // The neighbour at the other end of the cable says that it has it, as long as it is asked.
    const kernel = netlink();
    const hale1 = (await kernel.read()).interfaces.find(({ name }) => name === "hale1");
    const bytes = parseIpBytes("fd07::125");
    if (hale1 === undefined || bytes === null) throw new Error("no neighbour");
    const claims = setInterval(() => void kernel.announce({ interface: hale1, ip: bytes, prefix: 64 }), 20);
    const taken = address("fd07::125/64", { detectsDuplicates: true });
    const outcome = await run(agent, "start", taken);
    clearInterval(claims);
    kernel.close();
    expect(outcome).toMatchObject({ status: "failed", severity: "hard" });
    expect(outcome.reason).toMatch(/somebody else on hale0 has it \(duplicate address detection\)/);
    expect(isSet(taken.ip)).toBe(false);
  });

  test("a start waits for nothing: no announcement, no process", async () => {
    const agent = makeAgent(netlink(), [0]);
    const resource = address("192.168.7.105/24");
    const starts: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      starts.push((await run(agent, "start", resource)).durationMs);
      await run(agent, "stop", resource);
    }
    // The median, typically 0.2 ms. Whatever it waited for would take longer than this.
    expect(starts.toSorted((a, b) => a - b)[25]).toBeLessThan(20);
  });
});
