import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { makeTarget } from "../../src/adapters/network/datagram-socket.ts";
import { UdpLink } from "../../src/adapters/network/udp-link.ts";
import { Counters } from "../../src/model/counters.ts";
import { parseLinkId } from "../../src/model/ids.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";

// A device goes down, comes up, is taken away and made anew: what a cable and a driver do to a link.

const { clock } = openClock();
const address = "192.168.7.11";
const target = makeTarget("192.168.7.12", 6_940);

describe.skipIf(!canMakeSandbox)("a link whose device changes", () => {
  const counters = new Counters();
  let link: UdpLink;
  const send = (): void => link.send(target, Buffer.from("x"));
  const failures = (): number =>
    Object.entries(counters.all()).reduce((sum, [name, count]) => (name.includes("moved") ? sum : sum + count), 0);

  beforeAll(() => enterNetworkSandbox());
  afterEach(() => link.close());

  test("it sends again when the device is up again, and on the new device of the old name", async () => {
    link = new UdpLink({
      link: parseLinkId(0),
      address,
      port: 6_940,
      counters,
      now: () => clock.now(),
      receive: () => undefined,
      peers: new Map(),
    });
    expect(await link.open()).toBeNull();
    send();
    expect(failures()).toBe(0);

    ip("link set hale0 down");
    send();
    expect(failures()).toBe(1);
    await link.check();
    ip("link set hale0 up");
    await link.check();
    send();
    expect(failures()).toBe(1);

    ip("link delete hale0");
    ip("link add name hale0 type veth peer name hale1");
    ip("link set hale1 up");
    ip("link set hale0 up");
    ip(`address add ${address}/24 dev hale0`);
    send();
    expect(failures()).toBe(2);
    await link.check();
    expect(counters.all()).toMatchObject({ "link 0: moved to another device": 1 });
    send();
    expect(failures()).toBe(2);
  });

  test("an address that comes late is taken when it comes", async () => {
    const late = "192.168.8.11";
    link = new UdpLink({
      link: parseLinkId(1),
      address: late,
      port: 6_940,
      counters,
      now: () => clock.now(),
      receive: () => undefined,
      peers: new Map(),
    });
    expect(await link.open()).toContain(`has the address ${late}; give it one, or mend "addresses"`);
    send();
    expect(counters.all()).toMatchObject({ "link 1: not open": 1 });
    ip(`address add ${late}/24 dev hale0`);
    await link.check();
    expect(link.isOpen).toBe(true);
  });
});
