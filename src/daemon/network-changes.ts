import type { ClusterConfig } from "../model/cluster-config.ts";

/**
 * What of a configuration is not in use before a restart of the daemon: its sockets, its heartbeats and the group were made of it.
 *
 * @returns what differs, as people name it; empty when nothing does
 */
export function networkChanges(started: ClusterConfig, now: ClusterConfig): readonly string[] {
  const changes: string[] = [];
  if (started.cluster !== now.cluster) changes.push("cluster");
  const before = new Map(started.nodes.map((node) => [node.id, node]));
  const names = new Set(now.nodes.map((node) => node.id));
  for (const { id, addresses, votes = 1 } of now.nodes) {
    const known = before.get(id);
    if (known === undefined) changes.push(`new node ${id}`);
    else if (known.addresses.join() !== addresses.join()) changes.push(`addresses of ${id}`);
    if (known !== undefined && (known.votes ?? 1) !== votes) changes.push(`votes of ${id}`);
  }
  for (const id of before.keys()) if (!names.has(id)) changes.push(`node ${id} taken away`);
  for (const field of Object.keys(now.heartbeat) as (keyof ClusterConfig["heartbeat"])[]) {
    if (started.heartbeat[field] !== now.heartbeat[field]) changes.push(`heartbeat.${nameInFile(field)}`);
  }
  if (JSON.stringify(started.quorum) !== JSON.stringify(now.quorum)) changes.push("quorum");
  return changes;
}

/** The sentence about `changes`. */
export function restartNeeded(changes: readonly string[]): string {
  return `restart haled, one node after the other, for what is in use only then: ${changes.join(", ")}`;
}

/** `daemonGraceMs` -> `daemon-grace`. */
function nameInFile(field: string): string {
  return field.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
