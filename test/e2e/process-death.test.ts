import { afterAll, beforeAll, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile } from "../../lab/demo/site.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { monotonicMs } from "../../lab/monotonic.ts";
import { Prober } from "../../lab/prober.ts";

// A real nginx dies. The next monitor would come after the test has given up.

const service = "web";
const pidFile = "/run/nginx-intranet.pid";
const answerMs = 30_000;

let lab: Lab;
let cluster: HaleCluster;
let ip: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  ip = lab.virtualIp();
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  const nginx = { agent: "heartbeat:nginx", configfile: nginxConfigFile, monitor: { interval: "10m", timeout: "20s" } };
  const services = {
    [service]: {
      domain: { nodes: ["n1", "n2", "n3"], ordered: true },
      recovery: { policy: "restart", "max-restarts": 10 },
      resources: [{ address: { ip: `${ip}/24` } }, { ocf: nginx }],
    },
  };
  cluster = await HaleCluster.found(lab, {
    config: { heartbeat: { keepalive: "100ms", deadtime: "800ms" }, services },
  });
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner: "n1" });
});
afterAll(async () => lab.close());

async function masterPid(): Promise<string> {
  return (await lab.host("n1").readFile(pidFile)).trim();
}

async function expectNoticed(pid: string): Promise<void> {
  await cluster.waitForEvent("n1", new RegExp(`process ${pid} \\(nginx\\) of web/nginx has ended: its agent is asked`));
}

/** Kills nginx, wholly, and waits for a new one to answer. */
async function expectRestart(): Promise<void> {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await prober.waitForAnswer("n1", answerMs);
  const pid = await masterPid();
  await lab.host("n1").run(["pkill", "-9", "-x", "nginx"]);
  await prober.waitFor((probe) => probe.outcome !== "answered", answerMs);
  // Which of its processes was told of first does not matter: without a word, the next monitor would be minutes away.
  await prober.waitForAnswer("n1", answerMs, monotonicMs());
  expect(await masterPid()).not.toBe(pid);
}

test("[SVC-32] nginx is killed: it is noticed and mended at once, again and again", async () => {
  await expectRestart();
  await expectRestart();
});

test("[SVC-10, SVC-32] a daemon that was killed and comes back watches what it finds running", async () => {
  await cluster.killDaemon("n1");
  await cluster.startDaemon("n1");
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner: "n1" });
  await expectRestart();
});

test("[SVC-32] its master alone is killed: noticed as quickly, and the service goes on elsewhere when it cannot here", async () => {
  const pid = await masterPid();
  await lab.host("n1").run(["/bin/kill", "-9", pid]);
  await expectNoticed(pid);
  // Debian's agent finds no master to stop, and none can start beside workers that have the port.
  await cluster.waitForService(service, { owner: "n2", timeoutMs: answerMs });
});
