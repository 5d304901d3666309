import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster, haleConfig, labKeys } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { writeFile } from "./alone.ts";
import { DebianMachines } from "./debian.ts";

// Goal: no fence device at all, and a watchdog that is a device. A machine is cut off and cannot stop what it runs: its watchdog resets it, and only
// then another node starts that. The other two are hosts of the lab, which have no watchdog and need none for it.

const [deadtimeS, timeoutS] = [4, 24];
/** FEN-11. */
const boundMs = (2 * deadtimeS + 2 * timeoutS) * 1_010 + 1_000;
const waitMs = 200_000;
const stuck = "/run/stuck";
let machines: DebianMachines;
let lab: Lab;

beforeAll(async () => {
  machines = new DebianMachines();
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"], networks: ["front"] });
  // What runs as n1 is no host of the lab.
  await lab.host("n1").powerOff();
});
afterAll(async () => {
  machines[Symbol.dispose]();
  await lab.close();
});

test("[FEN-11, FEN-13, SAFE-1, SAFE-2] a service of a machine that is cut off starts elsewhere when its watchdog has surely reset it", async ({
  annotate,
}) => {
  const tap = { name: "n1.card", namespace: `/proc/${(await lab.inSwitch("echo $pid")).trim()}/ns/net` };
  await using machine = await machines.boot([], tap);
  await lab.inSwitch(`ip link set ${tap.name} master front up`);
  const monitor = { command: ["/bin/sh", "-c", `[ -e ${stuck} ] || exit 7`], interval: "10s" };
  const config = haleConfig(lab, {
    heartbeat: { keepalive: "1s", warntime: "3s", deadtime: `${deadtimeS}s`, initdead: "6s", "daemon-grace": "5s" },
    fencing: { watchdog: { device: "/dev/watchdog", timeout: `${timeoutS}s` } },
    services: {
      held: {
        domain: { nodes: ["n1", "n2"], ordered: true, restricted: true },
        resources: [{ exec: { name: "stuck", start: ["touch", stuck], stop: ["sleep", "1000"], monitor } }],
      },
    },
  });
  await writeFile(machine, "/etc/hale/cluster.yaml", config);
  await writeFile(machine, "/etc/hale/authkeys", labKeys);
  const address = `ip address add ${lab.host("n1").ports[0]?.ip}/24 dev eth0; ip link set eth0 up`;
  await machine.run(`modprobe -a e1000 i6300esb; ${address}; chmod 600 /etc/hale/authkeys; hostname n1`);
  const cluster = await HaleCluster.found(lab, { nodes: ["n2", "n3"], config });
  await machine.run("systemctl start haled");
  await cluster.waitForService("held", { owner: "n1", seenBy: ["n2", "n3"], timeoutMs: waitMs });
  expect(await machine.run("cat /sys/class/watchdog/watchdog0/state")).toBe("active");

  await lab.inSwitch(`ip link set ${tap.name} down`);
  const cutAt = performance.now();
  const isMoved = cluster.waitForService("held", { owner: "n2", seenBy: ["n2", "n3"], timeoutMs: waitMs });
  const order: string[] = [];
  await Promise.all([
    machine.ended(waitMs).then(() => order.push(`reset after ${seconds(cutAt)} s`)),
    isMoved.then(() => order.push(`elsewhere after ${seconds(cutAt)} s`)),
  ]);
  await annotate(order.join(", "));
  expect(order[0]).toMatch(/^reset/);
  expect(performance.now() - cutAt).toBeGreaterThan(boundMs - deadtimeS * 1_000);
  expect(await cluster.must("n2", ["events"])).toMatch(/n1 .*lost -> off: its watchdog has reset it/);
}, 400_000);

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1_000).toFixed(1);
}
