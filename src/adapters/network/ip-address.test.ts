import { expect, test } from "vitest";
import { deviceOf, endpointText, makeSockaddr, plainIp } from "./ip-address.ts";

test("addresses as the kernel wants them", () => {
  expect(makeSockaddr("192.168.1.11", 6940).toString("hex")).toBe("02001b1cc0a8010b0000000000000000");
  expect(makeSockaddr("fd00::1:2", 6940).toString("hex")).toBe(
    "0a001b1c00000000fd00000000000000000000000001000200000000",
  );
  expect(makeSockaddr("::ffff:10.0.0.1", 1).subarray(8, 24).toString("hex")).toBe("00000000000000000000ffff0a000001");
  expect(makeSockaddr("::", 1).subarray(8, 24).toString("hex")).toBe("0".repeat(32));
  expect(() => makeSockaddr("serv1", 1)).toThrow(TypeError);
});

test("the whole loopback network is on lo, an address of nobody is on no device", () => {
  expect(deviceOf("127.0.0.1")).toBe("lo");
  expect(deviceOf("127.9.8.7")).toBe("lo");
  expect(deviceOf("203.0.113.77")).toBeNull();
});

test("endpoints for people", () => {
  expect(endpointText("10.0.0.1", 1)).toBe("10.0.0.1:1");
  expect(endpointText("fd00::1", 1)).toBe("[fd00::1]:1");
});

test("one spelling of each address, whatever socket saw it", () => {
  expect(plainIp("10.0.0.1")).toBe("10.0.0.1");
  expect(plainIp("::ffff:10.0.0.1")).toBe("10.0.0.1");
  expect(plainIp("FD00:0001:0:0::5")).toBe("fd00:1::5");
});
