import { expect, test } from "vitest";
import { PostgresSite } from "../../bench/postgres-site.ts";

// Goal: a real PostgreSQL primary and two standbys, and a client that writes all the time: whatever becomes of the primary, a standby takes over, the old one comes
// back as a standby, and not one commit that the client was told of is lost.

test("[PRO-2, PRO-3, CLN-5] a primary without power, and one that is killed: another one is promoted, and no acknowledged commit is lost", async () => {
  await using site = await PostgresSite.start();
  const failovers = [await site.failover("power"), await site.failover("killed"), await site.failover("power")];
  // One that was only killed may be back before the others have answered, and then has the newest data.
  for (const { loss, from, to } of failovers) expect(loss === "power" && to === from).toBe(false);
  expect(await site.lostCommits()).toEqual([]);
  expect((await site.acknowledged()).length).toBeGreaterThan(50);
}, 300_000);
