import { chmod, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepConfigFile } from "./keep-config-file.ts";

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "hale-keep-"));
}

describe("the configuration file of a node", () => {
  it("[SVC-49] is replaced with its mode, and the one before is kept beside it", async () => {
    const place = await folder();
    const path = join(place, "cluster.yaml");
    await writeFile(path, "old");
    await chmod(path, 0o640);
    await keepConfigFile(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readFile(`${path}.before`, "utf8")).toBe("old");
    expect((await readdir(place)).toSorted()).toEqual(["cluster.yaml", "cluster.yaml.before"]);
  });

  it("is written where there was none, and where a try was cut short", async () => {
    const place = await folder();
    const path = join(place, "cluster.yaml");
    await writeFile(`${path}.new`, "half");
    await keepConfigFile(path, "new");
    expect(await readdir(place)).toEqual(["cluster.yaml"]);
    expect(await readFile(path, "utf8")).toBe("new");
  });

  it("is replaced where a link leads", async () => {
    const place = await folder();
    const [real, path] = [join(place, "shared.yaml"), join(place, "cluster.yaml")];
    await writeFile(real, "old");
    await symlink(real, path);
    await keepConfigFile(path, "new");
    expect(await readFile(real, "utf8")).toBe("new");
    expect(await readFile(path, "utf8")).toBe("new");
  });

  it("[SVC-49] stays when the new one cannot take its place", async () => {
    const place = await folder();
    const path = join(place, "cluster.yaml");
    await mkdir(path);
    await expect(keepConfigFile(path, "new")).rejects.toThrow("EISDIR");
    expect((await readdir(place)).toSorted()).toEqual(["cluster.yaml"]);
  });
});
