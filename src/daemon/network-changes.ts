import type { ClusterConfig } from "../model/cluster-config.ts";

/**
 * What of a configuration is not in use before a restart of the daemon: its sockets and timers were made of it. Nodes that come and
 * go, and the other arbiters, are followed at once.
 *
 * @returns what differs, as people name it; empty when nothing does
 */
export function networkChanges(started: ClusterConfig, now: ClusterConfig): readonly string[] {
  const changes: string[] = [];
  if (started.cluster !== now.cluster) changes.push("cluster");
  const before = new Map(started.nodes.map((node) => [node.id, node.addresses]));
  for (const { id, addresses } of now.nodes) {
    const known = before.get(id);
    if (known !== undefined && known.join() !== addresses.join()) changes.push(`addresses of ${id}`);
  }
  for (const field of Object.keys(now.heartbeat) as (keyof ClusterConfig["heartbeat"])[]) {
    if (started.heartbeat[field] !== now.heartbeat[field]) changes.push(`heartbeat.${nameInFile(field)}`);
  }
  if (thirdPlace(started) !== thirdPlace(now)) changes.push("quorum.arbiter");
  return changes;
}

/** A witness or a disk: the way to it is opened at the start. */
function thirdPlace({ quorum }: ClusterConfig): string {
  return quorum.kind === "witness" || quorum.kind === "disk" ? JSON.stringify(quorum) : "";
}

/** The sentence about `changes`. */
export function restartNeeded(changes: readonly string[]): string {
  return `restart haled, one node after the other, for what is in use only then: ${changes.join(", ")}`;
}

/** `daemonGraceMs` -> `daemon-grace`. */
function nameInFile(field: string): string {
  return field.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
