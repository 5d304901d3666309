import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// Goal: real agents on three hosts (in the place of Dummy), one of them promoted, hear of each other before and after what is done, and a promotion waits for all of them.

const told = "/run/told";

/** Runs when its file is there, is promoted when the file says so, and writes down what it is told. */
const agent = `#!/bin/sh
state=/run/teller.state
meta() { eval "echo \\"\\$OCF_RESKEY_CRM_meta_notify_$1\\""; }
case $1 in
  meta-data) echo '<resource-agent name="teller"><actions><action name="notify" timeout="20"/></actions></resource-agent>' ;;
  start) echo slave >$state; "$HA_SBIN_DIR/crm_attribute" -p -v 10 ;;
  stop) rm -f $state ;;
  promote) echo "promoted" >>${told}; echo master >$state ;;
  demote) echo "demoted" >>${told}; echo slave >$state ;;
  notify)
    [ -e /run/slow ] && sleep 2
    echo "$(meta type)-$(meta operation) on $(meta "$(meta operation)_uname"), active $(meta active_uname), promoted $(meta promoted_uname)" >>${told}
    ;;
  monitor)
    "$HA_SBIN_DIR/crm_attribute" -p -v 10
    case $(cat $state 2>/dev/null) in
      master) exit 8 ;;
      slave) exit 0 ;;
      *) exit 7 ;;
    esac ;;
  *) exit 3 ;;
esac
`;

let lab: Lab;
let cluster: HaleCluster;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  for (const host of lab.hosts.values()) {
    await host.writeFile("/etc/hale/teller", agent, 0o755);
    await host.run(["mount", "--bind", "/etc/hale/teller", "/usr/lib/ocf/resource.d/heartbeat/Dummy"]);
  }
  const resources = [{ ocf: { agent: "heartbeat:Dummy", monitor: { interval: "1s" } } }];
  cluster = await HaleCluster.found(lab, {
    config: { services: { db: { clones: "all", promotable: true, notify: { timeout: "20s" }, resources } } },
  });
  await cluster.waitForMembers();
}, 120_000);
afterAll(async () => lab.close());

async function heard(node: string): Promise<readonly string[]> {
  return (await lab.host(node).readFile(told)).trim().split("\n");
}

test("[PRO-7, PRO-8, PRO-9] agents are told before and after a promotion, which waits for the slowest of them", async () => {
  await cluster.waitForService("db");
  const from = await cluster.owner("db");
  const to = from === "n2" ? "n3" : "n2";
  await waitUntil("all to have been told of the first promotion", 30_000, async () => {
    const all = await Promise.all(["n1", "n2", "n3"].map(heard));
    return all.every((lines) => lines.some((line) => line.startsWith("post-promote"))) ? true : undefined;
  });
  for (const host of lab.hosts.values()) await host.run(["sh", "-c", `: >${told}`]);
  const slow = ["n1", "n2", "n3"].find((node) => node !== from && node !== to) ?? "";
  await lab.host(slow).run(["touch", "/run/slow"]);
  const began = performance.now();
  await cluster.must("n1", ["service", "relocate", "db", "--to", to], 60_000);
  // Twice: before the demotion and before the promotion.
  expect(performance.now() - began).toBeGreaterThan(4_000);
  await waitUntil("the slow one to have heard all", 30_000, async () =>
    (await heard(slow)).length >= 4 ? true : undefined,
  );
  const all = "active n1 n2 n3, promoted";
  const lines = [
    `pre-demote on ${from}, ${all} ${from}`,
    `post-demote on ${from}, ${all} ${from}`,
    `pre-promote on ${to}, ${all} `,
    `post-promote on ${to}, ${all} `,
  ];
  expect((await heard(slow)).join("\n").trimEnd()).toBe(lines.join("\n").trimEnd());
  expect((await heard(to)).map((line) => line.trimEnd())).toEqual(
    [lines[0], lines[1], lines[2], "promoted", lines[3]].map((line) => line?.trimEnd()),
  );
}, 120_000);
