import { describe, expect, test } from "vitest";
import { broadcastOf, ipText, isSameSubnet, parseIpBytes } from "./ip-bytes.ts";

function bytes(text: string): Buffer {
  const parsed = parseIpBytes(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

describe("ip bytes", () => {
  test.each([
    ["192.168.1.100", "192.168.1.100"],
    ["::", "::"],
    ["::1", "::1"],
    ["fd07:0:0:0:0:0:0:1", "fd07::1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
    ["FE80::A", "fe80::a"],
    ["::ffff:10.1.2.3", "::ffff:a01:203"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ])("%s is %s", (text, canonical) => {
    expect(ipText(bytes(text))).toBe(canonical);
  });

  test.each(["", "1.2.3", "1.2.3.4/24", "fe80::1%eth0", "web"])("%j is no address", (text) => {
    expect(parseIpBytes(text)).toBeNull();
  });

  test.each([
    ["10.0.0.1", "10.0.0.254", 24, true],
    ["10.0.0.1", "10.0.1.1", 24, false],
    ["10.0.0.1", "10.0.1.1", 23, true],
    ["10.0.0.1", "10.0.0.2", 31, false],
    ["10.0.0.2", "10.0.0.3", 31, true],
    ["10.0.0.1", "10.0.0.2", 32, false],
    ["1.2.3.4", "200.1.1.1", 0, true],
    ["fd07::1", "fd07::ffff", 64, true],
    ["fd07::1", "fd07:0:0:1::1", 64, false],
    ["::a00:1", "10.0.0.1", 0, false],
  ])("%s and %s in one /%d: %s", (a, b, prefix, expected) => {
    expect(isSameSubnet(bytes(a), bytes(b), prefix)).toBe(expected);
  });

  test.each([
    ["192.168.1.100", 24, "192.168.1.255"],
    ["192.168.1.100", 30, "192.168.1.103"],
    ["10.1.2.3", 8, "10.255.255.255"],
    ["10.1.2.3", 0, "255.255.255.255"],
  ])("the broadcast of %s/%d is %s", (ip, prefix, expected) => {
    expect(ipText(broadcastOf(bytes(ip), prefix))).toBe(expected);
  });
});
