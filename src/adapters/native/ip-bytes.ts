import { isIP } from "node:net";

/** An IP address as the network order bytes that packets and the kernel use: 4 or 16. */
export function parseIpBytes(text: string): Buffer | null {
  const version = isIP(text);
  if (version === 4) return Buffer.from(text.split(".").map(Number));
  return version === 6 && !text.includes("%") ? parseIpv6(text) : null;
}

/** The canonical text (RFC 5952) of 4 or 16 bytes, so that two spellings of one address compare equal. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
  const zeros = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(":");
  return `${hex.slice(0, zeros.from).join(":")}::${hex.slice(zeros.from + zeros.length).join(":")}`;
}

/** True when both lie in one subnet of `prefix` bits. False for different versions. */
export function isSameSubnet(a: Uint8Array, b: Uint8Array, prefix: number): boolean {
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < prefix; bit += 8) {
    const mask = bit + 8 <= prefix ? 0xff : (0xff << (8 - (prefix - bit))) & 0xff;
    const index = bit / 8;
    if (((a[index] ?? 0) & mask) !== ((b[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** The last address of an IPv4 subnet. */
export function broadcastOf(ip: Uint8Array, prefix: number): Buffer {
  const host = prefix >= 32 ? 0 : 0xffffffff >>> prefix;
  const broadcast = Buffer.from(ip);
  broadcast.writeUInt32BE((broadcast.readUInt32BE(0) | host) >>> 0, 0);
  return broadcast;
}

function parseIpv6(text: string): Buffer {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const plain = dotted?.[2] === undefined ? text : `${dotted[1]}${embedded(dotted[2])}`;
  const [head = "", tail] = plain.split("::");
  const before = words(head);
  const behind = tail === undefined ? [] : words(tail);
  const bytes = Buffer.alloc(16);
  for (const [index, word] of before.entries()) bytes.writeUInt16BE(word, 2 * index);
  for (const [index, word] of behind.entries()) bytes.writeUInt16BE(word, 16 - 2 * (behind.length - index));
  return bytes;
}

function embedded(ipv4: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function words(part: string): readonly number[] {
  return part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16));
}

function longestZeroRun(groups: readonly number[]): { readonly from: number; readonly length: number } {
  let best = { from: 0, length: 0 };
  let from = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) continue;
    if (index - from > best.length) best = { from, length: index - from };
    from = index + 1;
  }
  return best;
}
