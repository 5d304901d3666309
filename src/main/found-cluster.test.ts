import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileJournal } from "../adapters/journal/file-journal.ts";
import { readKeys } from "../wire/keys.ts";
import { foundCluster } from "./found-cluster.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
const config =
  "cluster: c\nnodes: { n1: { addresses: [10.0.0.1] }, n2: { addresses: [10.0.0.2] }, n3: { addresses: [10.0.0.3] } }\nfencing: none\n";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-init-"));
  env = { HALE_ETC: folder, HALE_STATE: join(folder, "state"), HALE_NODE: "n1" };
  await writeFile(join(folder, "cluster.yaml"), config);
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function records() {
  const journal = new FileJournal(join(folder, "state"));
  const content = await journal.load();
  await journal.close();
  return content.records;
}

describe("hale init", () => {
  it("writes the founding record and a key file that only its owner may read", async () => {
    const keysPath = join(folder, "authkeys");
    expect(await foundCluster(env)).toEqual({
      cluster: "c",
      node: "n1",
      others: ["n2", "n3"],
      stateFolder: join(folder, "state"),
      newKeys: keysPath,
    });
    expect(await records()).toEqual([{ kind: "founded", voters: ["n1"] }]);
    expect((await stat(keysPath)).mode & 0o777).toBe(0o600);
    expect(readKeys(await readFile(keysPath, "utf8")).ok).toBe(true);
  });

  it("refuses where there is state already", async () => {
    await foundCluster(env);
    await expect(foundCluster(env)).rejects.toMatchObject({
      code: "STATE_UNUSABLE",
      message: expect.stringContaining("holds state already") as string,
    });
    expect(await records()).toHaveLength(1);
  });

  it("keeps a key file that is there, and refuses a wrong one", async () => {
    const keysPath = join(folder, "authkeys");
    await writeFile(keysPath, "auth 1\n1 hmac-sha256 0123456789abcdef\n", { mode: 0o644 });
    await expect(foundCluster(env)).rejects.toMatchObject({ code: "KEYS_UNREADABLE" });
    await chmod(keysPath, 0o600);
    expect((await foundCluster(env)).newKeys).toBeNull();
    expect(await readFile(keysPath, "utf8")).toContain("0123456789abcdef");
  });

  it("writes nothing when something is wrong", async () => {
    await expect(foundCluster({ ...env, HALE_NODE: "n4" })).rejects.toMatchObject({ code: "NODE_UNKNOWN" });
    await writeFile(join(folder, "cluster.yaml"), "cluster: c\n");
    await expect(foundCluster(env)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await rm(join(folder, "cluster.yaml"));
    await expect(foundCluster(env)).rejects.toMatchObject({ code: "CONFIG_UNREADABLE" });
    await expect(stat(join(folder, "state"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(stat(join(folder, "authkeys"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
