import type { AddressTable, Interface } from "./address-kernel.ts";
import { ipText, isSameSubnet } from "../native/ip-bytes.ts";

/** The interface an address belongs on, or why there is none. */
export type Choice =
  | { readonly kind: "chosen"; readonly interface: Interface }
  | { readonly kind: "none"; readonly reason: string };

/**
 * The configured interface, else the one with an address whose subnet holds `ip`: the narrowest such subnet, a link with carrier first,
 * then the lowest index. Addresses equal to `ip` do not count: after a crash the address may still be where it should not be.
 *
 * @param configured name from the configuration
 */
export function chooseInterface(table: AddressTable, ip: Uint8Array, configured: string | undefined): Choice {
  if (configured !== undefined) {
    const found = table.interfaces.find(({ name }) => name === configured);
    if (found !== undefined) return { kind: "chosen", interface: found };
    const names = table.interfaces.map(({ name }) => name).join(", ");
    return { kind: "none", reason: `interface "${configured}" does not exist: there are ${names}` };
  }
  const byIndex = new Map(table.interfaces.map((one) => [one.index, one]));
  const candidates = table.addresses.flatMap((address) => {
    const on = byIndex.get(address.interfaceIndex);
    const isNeighbour = isSameSubnet(address.ip, ip, address.prefix) && Buffer.compare(address.ip, ip) !== 0;
    return on !== undefined && !on.isLoopback && isNeighbour ? [{ on, prefix: address.prefix }] : [];
  });
  const [best] = candidates.toSorted(
    (a, b) => b.prefix - a.prefix || Number(b.on.hasCarrier) - Number(a.on.hasCarrier) || a.on.index - b.on.index,
  );
  if (best !== undefined) return { kind: "chosen", interface: best.on };
  return {
    kind: "none",
    reason: `no interface has an address in its subnet: set interface, or one of these is wrong: ${subnets(table, ip)}`,
  };
}

function subnets(table: AddressTable, ip: Uint8Array): string {
  const found = table.interfaces
    .filter(({ isLoopback }) => !isLoopback)
    .map(({ index, name }) => {
      const own = table.addresses.filter(
        (address) => address.interfaceIndex === index && address.ip.length === ip.length,
      );
      const texts = own.map((address) => `${ipText(address.ip)}/${address.prefix}`);
      return `${name} ${texts.length === 0 ? "(none)" : texts.join(" ")}`;
    });
  return found.length === 0 ? "no interface but the loopback" : found.join(", ");
}
