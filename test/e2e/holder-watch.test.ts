import { expect, test } from "vitest";
import { Lab } from "../../lab/lab.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// Goal: the watch is trusted because it sees two holders where there are two.

test("the watch sees an address on two hosts at once, and nothing in an address that moves", async () => {
  await using lab = await Lab.create({ hosts: ["n1", "n2"] });
  const change = async (node: string, action: "add" | "del"): Promise<unknown> =>
    lab.host(node).run(["ip", "address", action, `${lab.virtualIp()}/24`, "dev", "eth0"]);
  const orderly = HolderWatch.start(lab, lab.virtualIp());
  await change("n1", "add");
  await change("n1", "del");
  await change("n2", "add");
  expect(await orderly.stop()).toEqual([]);

  const doubled = HolderWatch.start(lab, lab.virtualIp());
  await change("n1", "add");
  await waitUntil("the watch to see both", 5_000, () => doubled.doubles.length > 0);
  await change("n1", "del");
  expect(await doubled.stop()).toContainEqual(expect.stringMatching(/n1 and n2 hold 10\.77\.0\.200$/));
});
