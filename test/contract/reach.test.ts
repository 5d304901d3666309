import { describe, expect, test } from "vitest";
import { IcmpReach } from "../../src/adapters/icmp/icmp-reach.ts";
import { FakeReach } from "../../src/sim/fake-reach.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { VirtualTime } from "../../src/sim/virtual-time.ts";
import { canMakeSandbox, enterNetworkSandbox } from "./network-sandbox.ts";
import { reachContract } from "./reach.contract.ts";

const there = ["192.0.2.1", "192.0.2.2"];

reachContract("fake", () => {
  const time = new VirtualTime();
  const fake = new FakeReach(time);
  const process = new SimProcess(time, (error) => {
    throw error;
  });
  return {
    there,
    away: ["192.0.2.9"],
    count: async (hosts, timeoutMs) => {
      fake.reached = hosts.filter((host) => there.includes(host)).length;
      const begin = time.now;
      let tookMs = timeoutMs;
      const counted = fake
        .forProcess(process)
        .count(hosts, timeoutMs)
        .then((reached) => {
          tookMs = time.now - begin;
          return reached;
        });
      time.runUntil(begin + timeoutMs);
      return { reached: await counted, tookMs };
    },
    close: () => undefined,
  };
});

describe.skipIf(!canMakeSandbox)("in a network of its own", () => {
  let isEntered = false;
  reachContract("ICMP", () => {
    if (!isEntered) enterNetworkSandbox();
    isEntered = true;
    const reach = new IcmpReach();
    return {
      there: ["192.168.7.11", "127.0.0.1", "fd07::11", "::1"],
      // One that nobody answers for, one without a way.
      away: ["192.168.7.12", "203.0.113.1", "fd07::12"],
      count: async (hosts, timeoutMs) => {
        const begin = performance.now();
        const reached = await reach.count(hosts, timeoutMs);
        return { reached, tookMs: performance.now() - begin };
      },
      close: () => undefined,
    };
  });

  test("[GRP-45] an answer to somebody else's question is none to ours", async () => {
    const [mine, others] = [new IcmpReach(), new IcmpReach()];
    const [counted] = await Promise.all([mine.count(["192.168.7.12"], 200), others.count(["192.168.7.11"], 200)]);
    expect(counted).toBe(0);
  });
});
