import { join } from "node:path";
import type { SambaResource } from "../../model/cluster-config.ts";

/**
 * The configuration of one file server. What keeps it apart from others comes last, in the global section once more: of a parameter that is there twice the last counts, and
 * the administrator's file may end in any section.
 *
 * @param run its folder of what a boot forgets
 */
export function instanceText({ config, folder, netbiosName, addresses }: SambaResource, run: string): string {
  const own: readonly (readonly [string, string])[] = [
    ["netbios name", netbiosName],
    ["interfaces", addresses.join(" ")],
    ["bind interfaces only", "yes"],
    ["pid directory", join(run, "pid")],
    ["lock directory", join(run, "lock")],
    ["cache directory", join(run, "cache")],
    ["ncalrpc dir", join(run, "ncalrpc")],
    ["state directory", join(folder, "state")],
    ["private dir", join(folder, "private")],
  ];
  const lines = own.map(([name, value]) => `  ${name} = ${value}`);
  const head = "# Made by hale at each start: what is shared stands in the file that is included.";
  return [head, "[global]", `  include = ${config}`, "", "[global]", ...lines, ""].join("\n");
}
