/** What tells one count's packets from everybody else's. */
export interface Echo {
  readonly version: 4 | 6;
  /** 8 random bytes that come back. */
  readonly token: Uint8Array;
}

const requestTypes = { 4: 8, 6: 128 } as const;
const replyTypes = { 4: 0, 6: 129 } as const;
const headerBytes = 8;

/** An ICMP echo request; `sequence` says which host, 0 to 65535. */
export function echoRequest({ version, sequence, token }: Echo & { readonly sequence: number }): Uint8Array {
  const packet = Buffer.alloc(headerBytes + token.length);
  packet[0] = requestTypes[version];
  packet.set(token.subarray(0, 2), 4);
  packet.writeUInt16BE(sequence, 6);
  packet.set(token, headerBytes);
  // Over IPv6 the kernel fills it in, because it covers addresses that only the kernel knows.
  if (version === 4) packet.writeUInt16BE(internetChecksum(packet), 2);
  return packet;
}

/**
 * Reads what a raw socket gave: over IPv4 with the IP header, over IPv6 without.
 *
 * @returns the request's sequence; null for anything that is no reply to this token
 */
export function replySequence(bytes: Uint8Array, { version, token }: Echo): number | null {
  const begin = version === 4 ? ((bytes[0] ?? 0) & 15) * 4 : 0;
  const icmp = Buffer.from(bytes.buffer, bytes.byteOffset + begin, Math.max(0, bytes.length - begin));
  if (icmp.length < headerBytes + token.length || icmp[0] !== replyTypes[version]) return null;
  return icmp.subarray(headerBytes, headerBytes + token.length).equals(token) ? icmp.readUInt16BE(6) : null;
}

/** RFC 1071; `bytes` of even length, with 0 in the place of the checksum. */
function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
