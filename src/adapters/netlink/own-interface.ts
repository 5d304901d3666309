import { readFileSync, writeFileSync } from "node:fs";
import type { AddressResource } from "../../model/cluster-config.ts";
import { parseIpBytes } from "../native/ip-bytes.ts";
import type { AddressKernel, AddressTable, Interface } from "./address-kernel.ts";

/**
 * The interface of a virtual address that has a hardware address of its own: a macvlan, made for it and removed with it.
 *
 * Its name follows from the address alone, so that the next daemon knows what the one before has left. It carries the address as /32 or /128: without a subnet of
 * its own no route leads through it, and answers leave by the parent as before.
 */
export function ownName(ip: Uint8Array): string {
  return `hale-${Buffer.from(ip.length === 4 ? ip : foldedTo4(ip)).toString("hex")}`;
}

/** The six bytes of `mac`; null when the address has none. */
export function macBytes({ mac }: AddressResource): Buffer | null {
  return mac === undefined ? null : Buffer.from(mac.replaceAll(":", ""), "hex");
}

/** The interface as it should be, left over or made. @throws Error when the kernel refuses */
export async function makeOwn(
  kernel: AddressKernel,
  table: AddressTable,
  { ip, parent, mac }: { readonly ip: Uint8Array; readonly parent: Interface; readonly mac: Buffer },
): Promise<Interface> {
  const name = ownName(ip);
  const left = table.interfaces.find((one) => one.name === name);
  const isRight = left !== undefined && mac.equals(left.hardwareAddress) && left.parentIndex === parent.index;
  if (left !== undefined && !isRight) await kernel.links.remove(name);
  if (!isRight) await kernel.links.add({ name, parent, hardwareAddress: mac });
  keepApart(name, parent.name, ip.length === 4);
  await kernel.links.up(name);
  const made = (await kernel.read()).interfaces.find((one) => one.name === name);
  if (made === undefined) throw new Error(`ENODEV: ${name} is gone as soon as it was made`);
  return made;
}

/** True when it was there. @throws Error when the kernel refuses */
export async function removeOwn(kernel: AddressKernel, table: AddressTable, ip: Uint8Array): Promise<boolean> {
  const name = ownName(ip);
  if (!table.interfaces.some((one) => one.name === name && one.parentIndex !== undefined)) return false;
  await kernel.links.remove(name);
  return true;
}

/**
 * Linux answers on every interface for every address that it has. Then the parent would answer for this one too, with its own hardware address, and ask
 * others in its name. On the macvlan nothing but the address is wanted: no address made of the hardware address, and frames whose answers leave elsewhere
 * are let in.
 */
function keepApart(own: string, parent: string, isIpv4: boolean): void {
  if (isIpv4) {
    atLeast("ipv4", parent, "arp_ignore", 1);
    atLeast("ipv4", parent, "arp_announce", 2);
    atLeast("ipv4", own, "arp_ignore", 1);
    atLeast("ipv4", own, "rp_filter", 2);
  }
  // Where IPv6 is switched off there is nothing to be set.
  for (const [setting, value] of [
    ["addr_gen_mode", 1],
    ["accept_ra", 0],
  ] as const)
    if (valueOf("ipv6", own, setting) !== null) write("ipv6", own, setting, value);
}

/** The kernel takes the greater of an interface's own value and that of `all`. */
function atLeast(family: "ipv4" | "ipv6", name: string, setting: string, wanted: number): void {
  const inForce = Math.max(valueOf(family, "all", setting) ?? 0, valueOf(family, name, setting) ?? 0);
  if (inForce < wanted) write(family, name, setting, wanted);
}

function valueOf(family: string, name: string, setting: string): number | null {
  try {
    return Number(readFileSync(pathOf(family, name, setting), "utf8"));
  } catch {
    // This kernel has no such family or setting.
    return null;
  }
}

function write(family: string, name: string, setting: string, value: number): void {
  if (valueOf(family, name, setting) === value) return;
  writeFileSync(pathOf(family, name, setting), String(value));
}

function pathOf(family: string, name: string, setting: string): string {
  return `/proc/sys/net/${family}/conf/${name}/${setting}`;
}

/** FNV-1a. */
function foldedTo4(ip: Uint8Array): Buffer {
  let hash = 0x811c9dc5;
  for (const byte of ip) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(hash);
  return bytes;
}

/** The interface that the address is to be on, by name. @param chosen where it would be without a hardware address of its own */
export function wantedName({ ip, mac }: AddressResource, chosen: string | undefined): string | undefined {
  const bytes = mac === undefined ? null : parseIpBytes(ip);
  return bytes === null ? chosen : ownName(bytes);
}
