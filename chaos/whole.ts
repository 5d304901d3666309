import { setTimeout as sleep } from "node:timers/promises";
import { createSocketClient } from "../src/client/socket-client.ts";
import type { Snapshot } from "../src/model/snapshot.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import type { ChaosSite } from "./chaos-site.ts";

const lookEveryMs = 50;
const answerMs = 2_000;
/** A host that is still off by then has nobody left who would switch it on: an operator does. */
const operatorAfterMs = 30_000;

/**
 * Wait until every node has heard every other one on every link, is a member with a vote in everybody's eyes, everybody sees
 * each service started in the same place, and its client hears from it; all of it since the call, because what a fault
 * has done may show only after it was healed. Hosts that stay off are switched on by hand: a daemon that has switched a node
 * off may die before anybody else knows that it has [FEN-10].
 *
 * @throws Error with what is missing, when that takes longer than `timeoutMs`
 */
export async function waitUntilWhole(site: ChaosSite, timeoutMs: number): Promise<void> {
  const sinceMs = monotonicMs();
  const deadlineMs = sinceMs + timeoutMs;
  for (;;) {
    const missing = await whatIsMissing(site, sinceMs);
    if (missing === undefined) break;
    if (monotonicMs() > sinceMs + operatorAfterMs) await site.switchOn();
    if (monotonicMs() > deadlineMs) throw new Error(`not whole within ${timeoutMs} ms: ${missing}`);
    await sleep(lookEveryMs);
  }
  await site.waitForAnswers(monotonicMs(), Math.max(answerMs, deadlineMs - monotonicMs()));
}

/**
 * What a daemon says, asked over its own socket from outside the host: a program in the host for each look would cost more
 * than the cluster.
 *
 * @returns undefined while it does not answer
 */
export async function statusOf(site: ChaosSite, node: string): Promise<Snapshot | undefined> {
  const host = site.lab.host(node);
  if (!host.isOn) return undefined;
  const client = createSocketClient({ socketPath: `/proc/${host.pid}/root/run/hale/haled.sock`, author: "chaos" });
  return client.status(AbortSignal.timeout(answerMs)).catch(() => undefined);
}

async function whatIsMissing(site: ChaosSite, sinceMs: number): Promise<string | undefined> {
  const { nodes } = site.cluster;
  const all = [...nodes].sort().join(" ");
  let agreed: string | undefined;
  for (const node of nodes) {
    const status = await statusOf(site, node);
    if (status === undefined) return `${node} is silent`;
    const { group, services } = status;
    if (!group.isQuorate) return `${node} has no quorum`;
    if ([...group.members].sort().join(" ") !== all) return `${node} sees members ${group.members.join(" ")}`;
    const voters = group.electorate.filter((voter) => nodes.includes(voter));
    const areAll = [...voters].sort().join(" ") === all;
    const others = group.electorate.length - voters.length;
    if (!areAll || others !== (site.arbiter === null ? 0 : 1))
      return `${node} sees voters ${group.electorate.join(" ")}`;
    if (site.arbiter !== null && group.witness?.isHeard !== true) return `${node} does not hear the arbiter`;
    const away = status.nodes.find(({ state }) => state !== "member");
    if (away !== undefined) return `${node} sees ${away.node} ${away.state}: ${away.reason}`;
    const links = status.nodes.filter(({ node: other }) => other !== node).flatMap(({ links: all }) => all);
    const silent = links.find(({ silentMs }) => silentMs === null || monotonicMs() - silentMs < sinceMs);
    if (silent !== undefined) return `${node} has not heard ${silent.address} for ${silent.silentMs} ms`;
    const idle = services.find(({ state }) => state !== "started");
    if (idle !== undefined) return `${node} sees ${idle.service} ${idle.state} on ${idle.owner}: ${idle.reason}`;
    const seen = services.map(({ service, owner }) => `${service} on ${owner}`).join(", ");
    if (seen !== (agreed ?? seen)) return `${node} sees ${seen}, another ${agreed}`;
    agreed = seen;
  }
  return undefined;
}
