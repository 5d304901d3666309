import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Lab } from "../../lab/lab.ts";
import { runTypeScript } from "../../lab/run-type-script.ts";
import { expectNothingLeft, killCreator, machine, namespacesOf } from "./leftovers.ts";

test("a closed lab leaves nothing behind, and two labs do not see each other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hale-leftovers-"));
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    const before = await machine();
    let namespaces: ReadonlySet<string>;
    {
      await using one = await Lab.create({ hosts: ["n1", "n2"] });
      await using other = await Lab.create({ hosts: ["n1", "n2"] });
      await one.host("n2").powerOff();
      expect((await one.host("n1").exec(["ping", "-c1", "-W1", one.host("n2").ip()])).code).toBe(1);
      expect((await other.host("n1").exec(["ping", "-c1", "-W1", other.host("n2").ip()])).code).toBe(0);
      // The check itself must be able to fail.
      await expect(expectNothingLeft(folder, new Set(), 50)).rejects.toThrow("to be gone");
      namespaces = await namespacesOf(folder);
      // Of each lab the pid and net namespaces of the keeper, and five of each host that is on.
      expect(namespaces.size).toBe(2 + 2 * 5 + 2 + 3 * 5);
      await other.close();
    }
    await expectNothingLeft(folder, namespaces);
    expect(await machine()).toEqual(before);
  } finally {
    if (usual === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = usual;
    await rm(folder, { recursive: true });
  }
});

test("a lab that cannot be made says why and leaves nothing behind", async () => {
  await expect(Lab.create({ hosts: ["n1", "n1"] })).rejects.toThrow("two hosts of one name");
  await expect(Lab.create({ hosts: ["a-very-long-name"] })).rejects.toThrow("longer than 15");
  await expect(Lab.create({ hosts: ["$(reboot)"] })).rejects.toThrow("wants letters");
});

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGKILL"];
const argv = runTypeScript("leftovers-main.ts");
for (const signal of signals) {
  for (const delayMs of [0, 10, 25, 60]) {
    test(`${signal} ${delayMs} ms into the creation leaves nothing behind`, async () => {
      await killCreator({ argv, signal, stage: "creating\n", delayMs });
    });
  }
  test(`${signal} of the creator of a lab in use leaves nothing behind`, async () => {
    await killCreator({ argv, signal, stage: "used\n", delayMs: 0 });
    await killCreator({ argv, signal, stage: "used\n", delayMs: 7 });
  });
}
