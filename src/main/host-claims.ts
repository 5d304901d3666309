import type { HostClaim } from "../cli/node-facts.ts";
import type { ResourceConfig } from "../model/cluster-config.ts";
import { claimsInExports } from "./host-claims/exports.ts";
import { claimsInFstab } from "./host-claims/fstab.ts";
import { claimsInMountUnits } from "./host-claims/mount-units.ts";
import { claimsOf } from "./host-claims/resource-claims.ts";
import { claimsInNetworkFiles } from "./host-claims/static-addresses.ts";

/**
 * What files of this machine have it mount, export or set by itself, although it is a resource's: so it is on every node at once after a boot. Only files
 * are read, and what is in none that is known here is not seen.
 *
 * @param root the folder that `/` is taken for
 */
export async function hostClaims(root: string, resources: readonly ResourceConfig[]): Promise<readonly HostClaim[]> {
  const readers = [claimsInFstab, claimsInMountUnits, claimsInExports, claimsInNetworkFiles];
  const found = await Promise.all(
    resources.flatMap((resource) =>
      readers.map(async (read) =>
        (await read(root, claimsOf(resource))).map((claim) => ({ resource: resource.id, ...claim })),
      ),
    ),
  );
  return found.flat();
}
