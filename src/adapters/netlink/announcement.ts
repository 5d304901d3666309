import { getSystemErrorName } from "node:util";
import type { Libc } from "../native/libc.ts";
import type { Interface } from "./address-kernel.ts";

/**
 * Tells the neighbourhood that an address has moved here, as whole Ethernet frames on an AF_PACKET socket.
 *
 * IPv4: gratuitous ARP in both forms, because each is ignored by somebody: a request whose sender and target are the address (RFC 5227
 * announcement), and a reply. IPv6: an unsolicited neighbour advertisement with the override flag to all nodes. Its source is the address
 * itself; built by hand, because a raw ICMPv6 socket would let the kernel choose the source.
 */
const packetFamily = 17;
const socketRaw = 3;
const closeOnExec = 0o2000000;
const broadcastMac = Buffer.alloc(6, 0xff);
const allNodesMac = Buffer.from("333300000001", "hex");
const allNodesIp = Buffer.from("ff020000000000000000000000000001", "hex");
const etherTypes = { arp: 0x0806, ipv6: 0x86dd } as const;

/** The frames that announce `ip` from hardware address `mac`. `isRouter`: hosts must not drop us as their router. */
export function announcementFrames(ip: Uint8Array, mac: Uint8Array, isRouter: boolean): readonly Buffer[] {
  if (ip.length === 4) return [arpFrame(1, ip, mac), arpFrame(2, ip, mac)];
  return [advertisementFrame(ip, mac, isRouter)];
}

/**
 * A socket that sends frames and hears nothing (protocol 0). Keep it: closing a packet socket waits for every CPU to pass a quiet point,
 * 10 to 20 ms in this thread.
 *
 * @throws Error when the kernel refuses
 */
export function openFrameSocket(libc: Libc): number {
  const fd = libc.socket(packetFamily, socketRaw | closeOnExec, 0);
  if (fd < 0) throw new Error(`${getSystemErrorName(-libc.errno())}: cannot open a packet socket`);
  return fd;
}

/** Sends frames out of one interface. @throws Error when the kernel refuses */
export function sendFrames(libc: Libc, fd: number, on: Interface, frames: readonly Buffer[]): void {
  for (const frame of frames) {
    const to = Buffer.alloc(20);
    to.writeUInt16LE(packetFamily, 0);
    frame.copy(to, 2, 12, 14);
    to.writeInt32LE(on.index, 4);
    to.writeUInt8(6, 11);
    frame.copy(to, 12, 0, 6);
    if (libc.sendto(fd, frame, frame.length, 0, to, to.length) < 0) {
      throw new Error(`${getSystemErrorName(-libc.errno())}: cannot send on ${on.name}`);
    }
  }
}

function arpFrame(operation: 1 | 2, ip: Uint8Array, mac: Uint8Array): Buffer {
  const arp = Buffer.alloc(28);
  arp.writeUInt16BE(1, 0);
  arp.writeUInt16BE(0x0800, 2);
  arp.set([6, 4], 4);
  arp.writeUInt16BE(operation, 6);
  arp.set(mac, 8);
  arp.set(ip, 14);
  if (operation === 2) arp.set(broadcastMac, 18);
  arp.set(ip, 24);
  return ethernetFrame(broadcastMac, mac, etherTypes.arp, arp);
}

function advertisementFrame(ip: Uint8Array, mac: Uint8Array, isRouter: boolean): Buffer {
  const icmp = Buffer.alloc(32);
  icmp.writeUInt8(136, 0);
  icmp.writeUInt8((isRouter ? 0x80 : 0) | 0x20, 4);
  icmp.set(ip, 8);
  icmp.set([2, 1], 24);
  icmp.set(mac, 26);
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(icmp.length, 4);
  // Next header ICMPv6; hop limit 255, or receivers drop it as coming from beyond a router.
  header.set([58, 255], 6);
  header.set(ip, 8);
  header.set(allNodesIp, 24);
  icmp.writeUInt16BE(icmpv6Checksum(header, icmp), 2);
  return ethernetFrame(allNodesMac, mac, etherTypes.ipv6, Buffer.concat([header, icmp]));
}

function ethernetFrame(to: Uint8Array, from: Uint8Array, type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header.set(to, 0);
  header.set(from, 6);
  header.writeUInt16BE(type, 12);
  return Buffer.concat([header, payload]);
}

/** Of a message whose checksum field is still 0: over source, destination, length, next header and the message (RFC 8200, 8.1). */
function icmpv6Checksum(ipHeader: Buffer, icmp: Buffer): number {
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(icmp.length, 0);
  pseudo.writeUInt8(58, 7);
  const bytes = Buffer.concat([ipHeader.subarray(8, 40), pseudo, icmp]);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
