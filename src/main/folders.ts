import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { ClusterError } from "../model/errors.ts";
import { isName, parseNodeId, type NodeId } from "../model/ids.ts";

/** Where a daemon and its command find each other and their files. `HALE_ETC`, `HALE_STATE`, `HALE_RUN` override the folders. */
export interface Folders {
  /** Default `/etc/hale`: `cluster.yaml`, `authkeys`. */
  readonly etc: string;
  /** Default `/var/lib/hale`: what must survive a reboot. */
  readonly state: string;
  /** Default `/run/hale`: the socket. */
  readonly run: string;
}

/** The folders of this process. */
export function foldersOf(env: NodeJS.ProcessEnv): Folders {
  return {
    etc: folderOf(env["HALE_ETC"], "/etc/hale"),
    state: folderOf(env["HALE_STATE"], "/var/lib/hale"),
    run: folderOf(env["HALE_RUN"], "/run/hale"),
  };
}

/** An empty variable is one that is not set, as everywhere in the shell. */
function folderOf(text: string | undefined, usual: string): string {
  return text === undefined || text === "" ? usual : resolve(text);
}

/** The configuration file. */
export function configPath(folders: Folders): string {
  return join(folders.etc, "cluster.yaml");
}

/** The key file, readable by root only. */
export function keysPath(folders: Folders): string {
  return join(folders.etc, "authkeys");
}

/** The daemon's unix socket. */
export function socketPath(folders: Folders): string {
  return join(folders.run, "haled.sock");
}

/** The unix socket of a running witness. */
export function witnessSocketPath(folders: Folders): string {
  return join(folders.run, "witness.sock");
}

/**
 * This node's name: `HALE_NODE`, or the host name up to its first dot.
 *
 * @throws ClusterError NODE_UNKNOWN when that cannot name a node
 */
export function ownName(env: NodeJS.ProcessEnv): NodeId {
  const wished = env["HALE_NODE"] ?? "";
  const name = wished !== "" ? wished : (hostname().split(".")[0] ?? "");
  if (isName(name)) return parseNodeId(name);
  throw new ClusterError("NODE_UNKNOWN", `Cannot be a node: "${name}" is no node name; set the host name or HALE_NODE`);
}
