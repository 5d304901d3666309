import { type HaleCluster, stateFolder } from "../../lab/hale-cluster.ts";
import type { HostProcess } from "../../lab/host-process.ts";

/** Its daemon anew, with a disk of its own of a megabyte that has what was on the other one; gone with the host's power. */
export async function startOnSmallDisk(cluster: HaleCluster, node: string): Promise<HostProcess> {
  await cluster.killDaemon(node);
  const move = `cp -a ${stateFolder} /tmp/kept; mount -t tmpfs -o size=1m tmpfs ${stateFolder}; cp -a /tmp/kept/. ${stateFolder}`;
  await cluster.lab.host(node).run(["sh", "-c", move]);
  return cluster.startDaemon(node);
}

/** Not a block of it is left, but what the last one of each file has. */
export async function fillSmallDisk(cluster: HaleCluster, node: string): Promise<void> {
  await cluster.lab.host(node).exec(["sh", "-c", `cat /dev/zero >${stateFolder}/fill`]);
}
