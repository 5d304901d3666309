import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HaleCluster } from "../hale-cluster.ts";

const dist = join(import.meta.dirname, "..", "..", "dist");

/**
 * Writes a program `on` into the lab's folder that runs a command on a host: `on n2 hale status`. It finds the host at each call,
 * because a host that was off and on again is another set of namespaces.
 *
 * @returns its path; gone with the lab
 */
export async function writeOn(cluster: HaleCluster): Promise<string> {
  const path = join(cluster.lab.folder, "on");
  await writeFile(
    path,
    `#!/bin/sh
# usage: on HOST COMMAND [ARGUMENT ...]
host="$1"
shift
for init in $(pgrep -f "host-init.sh $host ${cluster.lab.folder}/"); do
  case "$(nsenter -t "$init" -u hostname 2>/dev/null)" in "$host") found="$init" ;; esac
done
[ -n "$found" ] || { echo "$host is off or unknown; hosts: ${cluster.nodes.join(" ")} client" >&2; exit 1; }
PATH="${dist}:$PATH"
exec nsenter -t "$found" -m -u -i -n -p -- "$@"
`,
  );
  await chmod(path, 0o755);
  return path;
}

/** What somebody may try while the cluster is up. */
export function suggestions(on: string, virtualIp: string): string {
  return [
    `${on} n1 hale.js status`,
    `${on} n2 hale.js watch`,
    `${on} n1 hale.js why intranet`,
    `${on} n1 hale.js service relocate intranet --to n1`,
    `${on} n3 hale.js node standby n2`,
    `${on} n3 fence_lab -o off -n n1     pull the plug of n1; hale switches it on again`,
    `${on} n1 pkill -9 nginx             kill the web server behind hale's back`,
    `${on} n1 pkill -9 -f haled.js             kill the daemon; its services go on`,
    `${on} client curl -s http://${virtualIp}/`,
    `${on} n1 hale.js events -f`,
  ].join("\n");
}
