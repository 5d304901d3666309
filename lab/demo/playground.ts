import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HaleCluster } from "../hale-cluster.ts";

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
if [ $# -lt 2 ]; then
  echo "usage: on HOST COMMAND [ARGUMENT ...]; hosts: ${cluster.nodes.join(" ")} client" >&2
  exit 2
fi
host="$1"
shift
for init in $(pgrep -f "host-init.sh $host ${cluster.lab.folder}/"); do
  case "$(nsenter -t "$init" -u hostname 2>/dev/null)" in "$host") found="$init" ;; esac
done
[ -n "$found" ] || { echo "$host is off or unknown; hosts: ${cluster.nodes.join(" ")} client" >&2; exit 1; }
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
exec nsenter -t "$found" -m -u -i -n -p -- "$@"
`,
  );
  await chmod(path, 0o755);
  return path;
}

/** What somebody may try while the cluster is up. */
export function suggestions(on: string, virtualIp: string): string {
  const commands = [
    ["n1 hale status"],
    ["n2 hale watch", "q ends it"],
    ["n1 hale why intranet"],
    ["n1 hale service relocate intranet --to n3"],
    ["n3 hale node standby n2", "n2 gives up its services, if it has any, and takes none"],
    ["n3 hale node online n2"],
    ["n3 fence_lab -o off -n n1", "pull the plug of n1; hale switches it on again"],
    ["n3 pkill -9 nginx", "kill the web server behind hale's back"],
    ["n3 pkill -9 -f haled", "kill the daemon; its services go on"],
    ["n3 haled", "and start it again, within 10 s, or n3 is fenced; Ctrl-C leaves the cluster"],
    [`client curl -s http://${virtualIp}/`, "who answers?"],
    ["n1 hale events -f"],
  ] as const;
  const width = Math.max(...commands.map(([command, note]) => (note === undefined ? 0 : command.length)));
  const lines = commands.map(([command, note]) =>
    note === undefined ? `on ${command}` : `on ${command.padEnd(width)}   # ${note}`,
  );
  return [`alias on=${on}`, ...lines].join("\n");
}
