import { readFile, stat } from "node:fs/promises";
import { formatConfigError } from "../config/config-error.ts";
import { parseConfig } from "../config/parse-config.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { ClusterError } from "../model/errors.ts";
import { parseKeys, type Keys } from "../wire/keys.ts";

/** A configuration that was read and is right. */
export interface ReadConfigFile {
  readonly config: ClusterConfig;
  readonly digest: string;
}

/**
 * Reads and checks `cluster.yaml`.
 *
 * @throws ClusterError CONFIG_UNREADABLE, or CONFIG_INVALID with every error of the file, one per line
 */
export async function readConfigFile(path: string): Promise<ReadConfigFile> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    const todo = error.code === "ENOENT" ? "write it, the same on every node" : "make it a file that root can read";
    throw new ClusterError("CONFIG_UNREADABLE", `Cannot read "${path}": ${error.code}; ${todo}`, {
      cause: error,
    });
  });
  const parsed = parseConfig(text, path);
  if (parsed.ok) return { config: parsed.config, digest: parsed.digest };
  throw new ClusterError("CONFIG_INVALID", parsed.errors.map(formatConfigError).join("\n"));
}

/**
 * Reads and checks `authkeys`, which only its owner may read.
 *
 * @throws ClusterError KEYS_UNREADABLE or KEYS_INVALID
 */
export async function readKeysFile(path: string): Promise<Keys> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, "0");
      throw new ClusterError(
        "KEYS_UNREADABLE",
        `Cannot use "${path}": mode ${found} lets others read it, wants chmod 600`,
      );
    }
    return parseKeys(await readFile(path, "utf8"), `"${path}"`);
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const wanted = 'wants a file such as "auth 1" and "1 hmac-sha256 SECRET", mode 600';
    throw new ClusterError("KEYS_UNREADABLE", `Cannot read "${path}": ${code}, ${wanted}`, { cause: error });
  }
}
