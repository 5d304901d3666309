import { HaleCluster } from "../hale-cluster.ts";
import type { Lab } from "../lab.ts";
import { monotonicMs } from "../monotonic.ts";
import type { Probe } from "../probe.ts";
import { Prober } from "../prober.ts";
import { nginxConfig, nginxConfigFile, siteConfig } from "./site.ts";
import type { Stage } from "./stage.ts";

const service = "intranet";
const answerMs = 30_000;

/** What the acts leave behind for the report. */
export interface Played {
  readonly cluster: HaleCluster;
  readonly probes: readonly Probe[];
  readonly virtualIp: string;
}

/** The main job, act by act: start, relocate, lose the owner, take it back. Everything is real but the walls between the hosts. */
export async function playDemo(lab: Lab, stage: Stage): Promise<Played> {
  const virtualIp = lab.virtualIp();
  stage.act("A real haled on each, one cluster.yaml, nginx behind a virtual address");
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  const cluster = await HaleCluster.found(lab, { config: siteConfig(virtualIp) });
  await cluster.waitForMembers();
  stage.say("one view of all three; each has the whole log on its disk");
  await cluster.waitForService(service);
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${virtualIp}/` }, { everyMs: 5 });
  const first = await ownerOf(cluster);
  await prober.waitForAnswer(first, answerMs);
  stage.say(`a client asks http://${virtualIp}/ every 5 ms; ${first} answers`);
  await show(cluster, stage, first, ["status"]);

  await watchFor(prober, first, 1_500);

  stage.act("An operator relocates the service");
  const second = cluster.nodes.find((name) => name !== first) ?? first;
  stage.mark(`relocate to ${second}`);
  await show(cluster, stage, first, ["service", "relocate", service, "--to", second]);
  await watchFor(prober, second, 1_500);

  stage.act("The owner loses power");
  const cutMs = monotonicMs();
  stage.mark(`power cut on ${second}`);
  await lab.host(second).powerOff();
  const survivor = cluster.nodes.find((name) => name !== second) ?? first;
  const taken = await prober.waitFor((p) => p.outcome === "answered" && p.responder !== second, answerMs, cutMs);
  stage.mark(`${taken.responder} answers`);
  await cluster.waitForService(service, { owner: taken.responder });
  await show(cluster, stage, survivor, ["why", service]);

  stage.act("The old owner comes back");
  await lab.host(second).powerOn();
  stage.mark(`power on ${second}`);
  await cluster.waitForMembers();
  stage.say(`${second} is a member again; the service stays where it is (failback: false)`);
  await watchFor(prober, taken.responder, 1_500);
  await show(cluster, stage, second, ["status"]);

  stage.act("The timeline, as a survivor has it");
  await show(cluster, stage, survivor, ["events"]);
  await prober.stop();
  return { cluster, probes: await prober.probes(), virtualIp };
}

/** Lets the client go on asking for a while, so that the picture shows the calm beside the storms. */
async function watchFor(prober: Prober, responder: string, spanMs: number): Promise<void> {
  await prober.waitForAnswer(responder, answerMs, monotonicMs() + spanMs);
}

async function ownerOf(cluster: HaleCluster): Promise<string> {
  const owner = await cluster.owner(service);
  if (owner === undefined) throw new Error(`Service "${service}" has no owner although it is started`);
  return owner;
}

async function show(cluster: HaleCluster, stage: Stage, node: string, argv: readonly string[]): Promise<void> {
  stage.command(node, ["hale", ...argv], await cluster.must(node, argv));
}
