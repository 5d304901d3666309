import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { networkInterfaces } from "node:os";

const familyIpv4 = 2;
const familyIpv6 = 10;

/**
 * The device that has the address, or null when none that is up has it.
 *
 * All of 127.0.0.0/8 belongs to the loopback device, although it lists only one address.
 */
export function deviceOf(address: string): string | null {
  for (const [device, all] of Object.entries(networkInterfaces())) {
    if (all?.some((one) => one.address === address) === true) return device;
  }
  return isIPv4(address) && address.startsWith("127.") ? "lo" : null;
}

/** As `addr:port` of a source, for people. Made for each packet, hence not by `isIPv6`, whose regular expression is long. */
export function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The protocol family for socket(2). */
export function familyOf(address: string): number {
  return isIPv6(address) ? familyIpv6 : familyIpv4;
}

/** One spelling of each address; an IPv4 address that a socket of IPv6 sees is the IPv4 address. */
export function plainIp(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? new SocketAddress({ address, family: "ipv6" }).address : address;
}

/** A struct sockaddr_in or sockaddr_in6. @throws TypeError when `address` is not an IP address without a zone */
export function makeSockaddr(address: string, port: number): Buffer {
  if (isIPv4(address)) {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(familyIpv4, 0);
    bytes.writeUInt16BE(port, 2);
    bytes.set(address.split(".").map(Number), 4);
    return bytes;
  }
  if (!isIPv6(address) || address.includes("%")) throw new TypeError(`Cannot use "${address}": not an IP address`);
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(familyIpv6, 0);
  bytes.writeUInt16BE(port, 2);
  for (const [place, group] of ipv6Groups(address).entries()) bytes.writeUInt16BE(group, 8 + 2 * place);
  return bytes;
}

function ipv6Groups(address: string): readonly number[] {
  const [left = "", right] = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, ipv4AsGroups).split("::");
  const before = left === "" ? [] : left.split(":");
  const behind = right === undefined || right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: 8 - before.length - behind.length }, () => "0");
  return [...before, ...zeros, ...behind].map((group) => Number.parseInt(group, 16));
}

function ipv4AsGroups(_: string, a: string, b: string, c: string, d: string): string {
  return `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
}
