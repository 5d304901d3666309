/** An address as its bytes: 4 of IPv4, 16 of IPv6. */
export type IpBytes = readonly number[];

/** Own parser, because sim and browsers read configuration too and have no node:net. undefined when it is no address. */
export function parseIp(text: string): IpBytes | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** One text for all spellings of an address: to find duplicates. */
export function ipKey(bytes: IpBytes): string {
  return bytes.join(".");
}

/** An address with its network. */
export interface IpWithPrefix {
  readonly ip: string;
  readonly bytes: IpBytes;
  readonly prefix: number;
}

/** `192.168.1.100/24`. undefined when there is no prefix, or one that does not fit. */
export function parseIpWithPrefix(text: string): IpWithPrefix | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const ip = match?.[1] ?? "";
  const bytes = parseIp(ip);
  const prefix = Number(match?.[2]);
  if (bytes === undefined || !(prefix >= 1 && prefix <= bytes.length * 8)) return undefined;
  return { ip, bytes, prefix };
}

/** `192.168.1.20:6941` or `[fd00::20]:6941`. undefined when it is neither, or no port can be so. */
export function parseEndpoint(text: string): { readonly ip: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const ip = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3]);
  const isRight = parseIp(ip) !== undefined && (match?.[1] !== undefined) === ip.includes(":");
  return isRight && port >= 1 && port <= 65_535 ? { ip, port } : undefined;
}

/** True for the all-zeros and (IPv4) all-ones host part, which no interface may have. */
export function isNetworkOrBroadcast({ bytes, prefix }: IpWithPrefix): boolean {
  const hostBits = bytes.length * 8 - prefix;
  if (hostBits < 2) return false;
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const host = bits.slice(prefix);
  return !host.includes("1") || (bytes.length === 4 && !host.includes("0"));
}

function parseIpv4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  // No leading zeros: 010 is 8 to some tools and 10 to others.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIpv6(text: string): IpBytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1) return missing === 0 ? head : undefined;
  if (missing < 2) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const isLast = index === groups.length - 1;
    if (isLast && mayEndInIpv4 && group.includes(".")) {
      const ipv4 = parseIpv4(group);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return undefined;
  }
  return bytes;
}
