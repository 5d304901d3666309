import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { FileJournal } from "../adapters/journal/file-journal.ts";
import type { Founding } from "../cli/cli-context.ts";
import { ClusterError } from "../model/errors.ts";
import { configPath, foldersOf, keysPath, ownName } from "./folders.ts";
import { readConfigFile, readKeysFile } from "./read-files.ts";

/**
 * `hale init`: writes the founding record, this node being the first voter, and a key file when there is none.
 *
 * Everything is checked before anything is written: a founded node whose configuration is wrong would be a riddle.
 *
 * @throws ClusterError when a file is wrong, the node is not in it, or there is state already
 */
export async function foundCluster(env: NodeJS.ProcessEnv): Promise<Founding> {
  const folders = foldersOf(env);
  const self = ownName(env);
  const { config } = await readConfigFile(configPath(folders));
  const nodes = config.nodes.map((node) => node.id);
  if (!nodes.includes(self)) {
    const message = `Cannot found the cluster on node "${self}": ${configPath(folders)} has ${nodes.join(", ")}`;
    throw new ClusterError("NODE_UNKNOWN", `${message}; run it on one of these, or set HALE_NODE`);
  }
  const newKeys = await ensureKeys(keysPath(folders));
  const journal = new FileJournal(folders.state);
  try {
    const content = await journal.load();
    if (content.state === "damaged" || content.records.length > 0) throw alreadyState(folders.state, content.detail);
    await journal.append([{ kind: "founded", voters: [self] }]);
  } finally {
    await journal.close();
  }
  return {
    cluster: config.cluster,
    node: self,
    others: nodes.filter((node) => node !== self),
    stateFolder: folders.state,
    newKeys,
  };
}

function alreadyState(folder: string, detail: string): ClusterError {
  const advice =
    "a cluster is founded once, on one node; to begin anew and forget all of it, stop haled and empty the folder";
  return new ClusterError(
    "STATE_UNUSABLE",
    `Cannot found the cluster: "${folder}" holds state already (${detail}); ${advice}`,
  );
}

/** @returns the path when the file was written now, null when a right one was there */
async function ensureKeys(path: string): Promise<string | null> {
  const secret = randomBytes(32).toString("hex");
  const text = `# Shared by all nodes of the cluster. Mode 600, the same on every node.\nauth 1\n1 hmac-sha256 ${secret}\n`;
  try {
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return path;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EEXIST") {
      const advice = code === "EACCES" || code === "EROFS" ? "run as root" : "is the folder there?";
      throw new ClusterError("KEYS_UNREADABLE", `Cannot write a new key file "${path}": ${code}; ${advice}`, { cause });
    }
    await readKeysFile(path);
    return null;
  }
}
