import type { ClusterConfig, HeartbeatConfig } from "../model/cluster-config.ts";

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

/** What is to be done for the changes that want a restart, one sentence; null when none does. */
export function restartNeeded(started: ClusterConfig, now: ClusterConfig): string | null {
  const changes = networkChanges(started, now);
  if (changes.length === 0) return null;
  const what = `for what is in use only then: ${changes.join(", ")}`;
  if (started.heartbeat.port !== now.heartbeat.port)
    return `stop haled on all nodes, then start it again, ${what}; before and after that nodes do not hear each other`;
  return `restart haled, one node after the other, ${what}${stepBetween(started.heartbeat, now.heartbeat)}`;
}

/**
 * While one node after the other is restarted, each judges the others' heartbeats by its own deadtime. Between timers that do not fit each
 * other they would take each other for dead, until the last one has been restarted.
 */
function stepBetween(before: HeartbeatConfig, after: HeartbeatConfig): string {
  const keepaliveMs = Math.min(before.keepaliveMs, after.keepaliveMs);
  const deadtimeMs = Math.max(before.deadtimeMs, after.deadtimeMs);
  const longest = Math.max(before.keepaliveMs, after.keepaliveMs);
  const shortest = Math.min(before.deadtimeMs, after.deadtimeMs);
  if (shortest >= keepalivesMin * longest) return "";
  const first = `keepalive: ${keepaliveMs}ms, deadtime: ${deadtimeMs}ms`;
  const why = `with heartbeats every ${longest}ms and a deadtime of ${shortest}ms nodes would take each other for dead`;
  return `. In two steps: reload and restart with { ${first} } first, since ${why}`;
}

/** A deadtime is at least so many keepalives. */
const keepalivesMin = 3;

/** `daemonGraceMs` -> `daemon-grace`. */
function nameInFile(field: string): string {
  return field.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
