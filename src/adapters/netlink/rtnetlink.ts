import { getSystemErrorName } from "node:util";
import type { Libc } from "../native/libc.ts";
import type {
  AddressChange,
  AddressTable,
  AddressWatch,
  Interface,
  InterfaceAddress,
  OwnInterface,
} from "./address-kernel.ts";
import { broadcastOf } from "../native/ip-bytes.ts";

/**
 * rtnetlink: how `ip` talks to the kernel, without starting `ip`.
 *
 * A request is a header (length, type, flags, sequence, port), a fixed structure and attributes (length, type, value, padded to 4). The
 * kernel has done the work when `send` returns; the answer, an acknowledgement with an errno or the messages of a dump, waits in the
 * socket, so that `recv` does not block in practice. Numbers are in host order: all machines koffi is prebuilt for are little-endian.
 * A socket lives for one question: opening costs 10 µs and no stale answer can be met.
 */
const families = { inet: 2, inet6: 10, netlink: 16 } as const;
const messages = {
  error: 2,
  done: 3,
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
} as const;
const flags = { request: 1, acknowledge: 4, dump: 0x300, create: 0x400, exclusive: 0x200 } as const;
const addressAttributes = { address: 1, local: 2, label: 3, broadcast: 4, flags: 8 } as const;
const linkAttributes = { address: 1, name: 3, parent: 5, info: 18 } as const;
const infoAttributes = { kind: 1, data: 2 } as const;
/** Who has one hardware address each on one interface may talk to each other. */
const macvlanMode = { attribute: 1, bridge: 4 } as const;
const addressFlags = { secondary: 0x01, noDad: 0x02, dadFailed: 0x08, tentative: 0x40 } as const;
const linkFlags = { up: 0x1, loopback: 0x8, pointToPoint: 0x10, noArp: 0x80, lowerUp: 0x10000 } as const;
const errnos = { exists: -17, notAvailable: -99, noDevice: -19 } as const;

/** RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR. */
const watchedGroups = 0x10 | 0x100;
const doNotWait = 0x40;
/** ENOBUFS: more has happened than the socket could hold. */
const lostMessages = 105;
const socketRaw = 3;
const closeOnExec = 0o2000000;
/** A dump comes in chunks of at most 32 KiB, or the page size; a larger buffer never cuts one. */
const receiveBytes = 64 * 1024;
/** For a kernel that breaks its habit: SOL_SOCKET, SO_RCVTIMEO, 1 s. */
const receiveTimeout = { level: 1, option: 20, seconds: 1 } as const;
/** A machine with this many addresses is beyond us; the limit ends a loop that the kernel should end. */
const chunksMax = 10_000;

/** Every interface and address. @throws Error when the kernel refuses */
export function readAddressTable(libc: Libc): AddressTable {
  return withSocket(libc, (socket) => ({
    interfaces: socket
      .dump(messages.getLink, 16)
      .flatMap(({ type, body }) => (type === messages.newLink ? [parseLink(body)] : [])),
    addresses: socket
      .dump(messages.getAddress, 8)
      .flatMap(({ type, body }) => (type === messages.newAddress ? (parseAddress(body) ?? []) : [])),
  }));
}

/** Sets an address; it may be there already. @throws Error when the kernel refuses */
export function addAddress(libc: Libc, change: AddressChange): void {
  const { ip, prefix } = change;
  const isIpv4 = ip.length === 4;
  const attributes = [attribute(addressAttributes.local, ip), attribute(addressAttributes.address, ip)];
  if (isIpv4 && prefix < 31) attributes.push(attribute(addressAttributes.broadcast, broadcastOf(ip, prefix)));
  // Duplicate address detection would keep the address unusable for a second or more, in the middle of a takeover. Nobody else has it:
  // its last owner is known to be off or to have stopped it.
  const bits = isIpv4 || change.detectsDuplicates === true ? 0 : addressFlags.noDad;
  if (isIpv4 && change.label !== undefined)
    attributes.push(attribute(addressAttributes.label, Buffer.from(`${change.label}\0`)));
  const body = Buffer.concat([addressHeader(change, bits), ...attributes]);
  withSocket(libc, (socket) => socket.ask(messages.newAddress, flags.create | flags.exclusive, body, errnos.exists));
}

/** Removes an address; it may be gone already. @throws Error when the kernel refuses */
export function removeAddress(libc: Libc, change: AddressChange): void {
  const { ip } = change;
  const attributes = [attribute(addressAttributes.local, ip), attribute(addressAttributes.address, ip)];
  const body = Buffer.concat([addressHeader(change, 0), ...attributes]);
  withSocket(libc, (socket) => socket.ask(messages.delAddress, 0, body, errnos.notAvailable));
}

/** Makes a macvlan, down. @throws Error when the kernel refuses */
export function addMacvlan(libc: Libc, { name, parent, hardwareAddress }: OwnInterface): void {
  const mode = attribute(macvlanMode.attribute, numberBytes(macvlanMode.bridge));
  const kind = attribute(infoAttributes.kind, Buffer.from("macvlan\0"));
  const info = Buffer.concat([kind, attribute(infoAttributes.data, mode)]);
  const body = Buffer.concat([
    linkHeader(0),
    attribute(linkAttributes.name, Buffer.from(`${name}\0`)),
    attribute(linkAttributes.parent, numberBytes(parent.index)),
    attribute(linkAttributes.address, hardwareAddress),
    attribute(linkAttributes.info, info),
  ]);
  withSocket(libc, (socket) => socket.ask(messages.newLink, flags.create | flags.exclusive, body, 0));
}

/** @throws Error when the kernel refuses, or there is none of that name */
export function setLinkUp(libc: Libc, name: string): void {
  const body = Buffer.concat([linkHeader(linkFlags.up), attribute(linkAttributes.name, Buffer.from(`${name}\0`))]);
  withSocket(libc, (socket) => socket.ask(messages.newLink, 0, body, 0));
}

/** Removes an interface with its addresses; it may be gone already. @throws Error when the kernel refuses */
export function removeLink(libc: Libc, name: string): void {
  const body = Buffer.concat([linkHeader(0), attribute(linkAttributes.name, Buffer.from(`${name}\0`))]);
  withSocket(libc, (socket) => socket.ask(messages.delLink, 0, body, errnos.noDevice));
}

/** Hears of every address that is set or removed. @throws Error when the kernel refuses */
export function watchAddresses(libc: Libc): AddressWatch {
  const fd = check(libc, libc.socket(families.netlink, socketRaw | closeOnExec, 0), "open a netlink socket");
  // struct sockaddr_nl: family, padding, port, groups.
  const address = Buffer.alloc(12);
  address.writeUInt16LE(families.netlink, 0);
  address.writeUInt32LE(watchedGroups, 8);
  check(libc, libc.bind(fd, address, address.length), "listen to the kernel");
  const buffer = Buffer.alloc(receiveBytes);
  return {
    hasChanged() {
      let hasHeard = false;
      for (let messages = 0; messages < chunksMax; messages += 1) {
        if (libc.recv(fd, buffer, buffer.length, doNotWait) < 0) return hasHeard || libc.errno() === lostMessages;
        hasHeard = true;
      }
      return true;
    },
    close: () => void libc.close(fd),
  };
}

interface NetlinkMessage {
  readonly type: number;
  readonly body: Buffer;
}

interface NetlinkSocket {
  ask(type: number, moreFlags: number, body: Buffer, alsoFine: number): void;
  dump(type: number, headerBytes: number): readonly NetlinkMessage[];
}

function withSocket<T>(libc: Libc, use: (socket: NetlinkSocket) => T): T {
  const fd = check(libc, libc.socket(families.netlink, socketRaw | closeOnExec, 0), "open a netlink socket");
  try {
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(BigInt(receiveTimeout.seconds), 0);
    libc.setsockopt(fd, receiveTimeout.level, receiveTimeout.option, timeout, timeout.length);
    return use({
      ask(type, moreFlags, body, alsoFine) {
        send(libc, fd, request(type, flags.request | flags.acknowledge | moreFlags, body));
        for (const message of receive(libc, fd)) {
          if (message.type !== messages.error) continue;
          const code = message.body.readInt32LE(0);
          if (code !== 0 && code !== alsoFine) throw new Error(`${getSystemErrorName(code)} from the kernel`);
        }
      },
      dump(type, headerBytes) {
        send(libc, fd, request(type, flags.request | flags.dump, Buffer.alloc(headerBytes)));
        const all: NetlinkMessage[] = [];
        for (let chunk = 0; chunk < chunksMax; chunk += 1) {
          for (const message of receive(libc, fd)) {
            if (message.type === messages.done) return all;
            if (message.type === messages.error)
              throw new Error(`${getSystemErrorName(message.body.readInt32LE(0))} from the kernel`);
            all.push(message);
          }
        }
        throw new Error(`EOVERFLOW: more than ${chunksMax} chunks`);
      },
    });
  } finally {
    libc.close(fd);
  }
}

function send(libc: Libc, fd: number, bytes: Buffer): void {
  check(libc, libc.sendto(fd, bytes, bytes.length, 0, null, 0), "ask the kernel");
}

const receiveBuffer = Buffer.alloc(receiveBytes);

function receive(libc: Libc, fd: number): readonly NetlinkMessage[] {
  const size = check(libc, libc.recv(fd, receiveBuffer, receiveBytes, 0), "hear the kernel");
  const found: NetlinkMessage[] = [];
  for (let at = 0; at + 16 <= size; ) {
    const length = receiveBuffer.readUInt32LE(at);
    if (length < 16 || at + length > size) throw new Error("EBADMSG from the kernel");
    // Copied: the buffer is used again before these are read.
    found.push({
      type: receiveBuffer.readUInt16LE(at + 4),
      body: Buffer.from(receiveBuffer.subarray(at + 16, at + length)),
    });
    at += align(length);
  }
  return found;
}

function check(libc: Libc, result: number, what: string): number {
  if (result >= 0) return result;
  throw new Error(`${getSystemErrorName(-libc.errno())}: cannot ${what}`);
}

function request(type: number, requestFlags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(requestFlags, 6);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, body]);
}

function addressHeader({ ip, prefix, interface: on }: AddressChange, bits: number): Buffer {
  const header = Buffer.from([ip.length === 4 ? families.inet : families.inet6, prefix, bits, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(on.index, 4);
  return header;
}

/** @param bits of the link, set and none of them cleared */
function linkHeader(bits: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(bits, 8);
  header.writeUInt32LE(bits, 12);
  return header;
}

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(align(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

function parseLink(body: Buffer): Interface {
  const bits = body.readUInt32LE(8);
  const attributes = parseAttributes(body, 16);
  const parent = attributes.get(linkAttributes.parent);
  return {
    ...(parent === undefined ? {} : { parentIndex: parent.readUInt32LE(0) }),
    index: body.readInt32LE(4),
    name: (attributes.get(linkAttributes.name) ?? Buffer.alloc(0)).toString("utf8").replace(/\0.*$/, ""),
    hardwareAddress: attributes.get(linkAttributes.address) ?? Buffer.alloc(0),
    isUp: (bits & linkFlags.up) !== 0,
    hasCarrier: (bits & linkFlags.up) !== 0 && (bits & linkFlags.lowerUp) !== 0,
    isLoopback: (bits & linkFlags.loopback) !== 0,
    hasNoArp: (bits & (linkFlags.noArp | linkFlags.pointToPoint | linkFlags.loopback)) !== 0,
  };
}

function parseAddress(body: Buffer): InterfaceAddress | null {
  const attributes = parseAttributes(body, 8);
  // On a point-to-point link `address` is the other end; IPv6 addresses have no `local` otherwise.
  const ip = attributes.get(addressAttributes.local) ?? attributes.get(addressAttributes.address);
  if (ip === undefined) return null;
  const bits = attributes.get(addressAttributes.flags)?.readUInt32LE(0) ?? body.readUInt8(2);
  const isIpv6 = ip.length === 16;
  return {
    interfaceIndex: body.readUInt32LE(4),
    ip,
    prefix: body.readUInt8(1),
    // The same bit means "temporary" (privacy extensions) on IPv6.
    isSecondary: !isIpv6 && (bits & addressFlags.secondary) !== 0,
    isTentative: (bits & addressFlags.tentative) !== 0,
    isDuplicate: (bits & addressFlags.dadFailed) !== 0,
  };
}

function parseAttributes(body: Buffer, from: number): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = from; at + 4 <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < 4) break;
    // The two highest bits of a type are flags of their own.
    attributes.set(body.readUInt16LE(at + 2) & 0x3fff, body.subarray(at + 4, at + length));
    at += align(length);
  }
  return attributes;
}

function align(length: number): number {
  return (length + 3) & ~3;
}
