import { readFileSync, writeFileSync } from "node:fs";
import type { AddressKernel, AddressTable, Interface, InterfaceAddress } from "./address-kernel.ts";
import { isSameSubnet } from "../native/ip-bytes.ts";

/**
 * Removes an address without taking its neighbours along.
 *
 * The first IPv4 address of a subnet on an interface is its primary; the kernel deletes the secondaries with it, unless
 * promote_secondaries is 1. A virtual address becomes a primary where it was set before the host's own, and then stopping one service
 * would cut off another. So the setting is 1 while we delete, and what got lost all the same is put back.
 */
export async function removeGently(
  kernel: AddressKernel,
  table: AddressTable,
  on: Interface,
  address: InterfaceAddress,
): Promise<void> {
  const dependents = table.addresses.filter((other) => isDependent(other, address));
  const change = { interface: on, ip: address.ip, prefix: address.prefix };
  if (dependents.length === 0) {
    await kernel.remove(change);
    return;
  }
  const restore = promoteSecondaries(on.name);
  try {
    await kernel.remove(change);
  } finally {
    restore();
  }
  const left = await kernel.read();
  for (const { ip, prefix } of dependents) {
    const isLost = !left.addresses.some((one) => one.interfaceIndex === on.index && Buffer.compare(one.ip, ip) === 0);
    if (isLost) await kernel.add({ interface: on, ip, prefix });
  }
}

function isDependent(other: InterfaceAddress, address: InterfaceAddress): boolean {
  return (
    other.interfaceIndex === address.interfaceIndex &&
    other.isSecondary &&
    !address.isSecondary &&
    other.prefix === address.prefix &&
    isSameSubnet(other.ip, address.ip, address.prefix)
  );
}

function promoteSecondaries(interfaceName: string): () => void {
  const path = `/proc/sys/net/ipv4/conf/${interfaceName}/promote_secondaries`;
  try {
    const before = readFileSync(path, "utf8");
    if (before.startsWith("1")) return () => undefined;
    writeFileSync(path, "1");
    return () => writeFileSync(path, before);
  } catch {
    // Read-only /proc, as in containers: the caller puts the lost addresses back.
    return () => undefined;
  }
}
