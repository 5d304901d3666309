import type { HostClaim } from "../../cli/node-facts.ts";
import { hostFile, hostFiles } from "./host-files.ts";
import type { ResourceClaims } from "./resource-claims.ts";

/**
 * Addresses that the machine gives to itself: interfaces(5), systemd.network(5), connections of NetworkManager, netplan(5). In each of them an address stands
 * alone in its line, or behind a word for it; a gateway or a name server stands behind another.
 */
export async function claimsInNetworkFiles(
  root: string,
  { address }: ResourceClaims,
): Promise<readonly Omit<HostClaim, "resource">[]> {
  if (address === undefined) return [];
  const files = await Promise.all([
    hostFile(root, "/etc/network/interfaces").then((file) => [file]),
    hostFiles(root, "/etc/network/interfaces.d", ""),
    hostFiles(root, "/etc/systemd/network", ".network"),
    hostFiles(root, "/etc/NetworkManager/system-connections", ".nmconnection"),
    hostFiles(root, "/etc/netplan", ".yaml"),
  ]);
  return files.flat().flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => {
      if (!/^\s*(address\d*\s|address\d*\s*=|addresses:|-\s)/i.test(line)) return [];
      const words = line.toLowerCase().split(/[^0-9a-f.:]+/);
      return words.includes(address.toLowerCase()) ? [{ file: path, line: index + 1, what: `sets ${address}` }] : [];
    }),
  );
}
