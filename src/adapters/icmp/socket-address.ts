import { isIPv6 } from "node:net";
import { parseIpBytes } from "../native/ip-bytes.ts";

/** The version of an address of the configuration. */
export function familyOf(host: string): 4 | 6 {
  return isIPv6(host) ? 6 : 4;
}

/** A struct sockaddr_in or sockaddr_in6 without port. @throws RangeError when `host` is no address */
export function socketAddress(host: string): Uint8Array {
  const bytes = parseIpBytes(host);
  if (bytes === null) throw new RangeError(`Cannot ask ${JSON.stringify(host)}: no IPv4 or IPv6 address`);
  const isShort = bytes.length === 4;
  const address = Buffer.alloc(isShort ? 16 : 28);
  address.writeUInt16LE(isShort ? 2 : 10, 0);
  address.set(bytes, isShort ? 4 : 8);
  return address;
}
