import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ExecResult } from "../../lab/host-process.ts";
import type { LabHost } from "../../lab/host.ts";
import { Lab } from "../../lab/lab.ts";
import { processStates } from "../../lab/process-states.ts";
import { waitUntil } from "../../lab/wait-until.ts";

let lab: Lab;
let n1: LabHost;
let n2: LabHost;
let n3: LabHost;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  n1 = lab.host("n1");
  n2 = lab.host("n2");
  n3 = lab.host("n3");
});
afterAll(async () => lab.close());

/** True when one of a few pings is answered; they are given little time, for the wires are short. */
async function reaches(from: LabHost, ip: string): Promise<boolean> {
  return (await from.exec(["ping", "-q", "-c3", "-i0.02", "-W0.3", ip])).code === 0;
}

/** Fence as Pacemaker does, by stdin, from n2. */
async function fence(lines: string): Promise<ExecResult> {
  return n2.exec(["fence_lab"], { stdin: lines });
}

/** Numbers of the processes whose command line is `argv`, as the machine sees them. */
async function running(host: LabHost, argv: string): Promise<string[]> {
  const { stdout } = await host.exec(["pgrep", "-fx", argv]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("wires", () => {
  afterEach(async () => lab.heal());

  test("hosts reach each other on both networks, by address and by name", async () => {
    expect(await reaches(n1, n2.ip("front"))).toBe(true);
    expect(await reaches(n1, n3.ip("back"))).toBe(true);
    expect(await reaches(n3, "n1")).toBe(true);
    expect(await reaches(n3, "n1.back")).toBe(true);
  });

  test("the client is on the first network only", async () => {
    expect(await reaches(lab.client, n1.ip())).toBe(true);
    expect(await reaches(lab.client, n1.ip("back"))).toBe(false);
  });

  test("a cut separates groups on all networks, and healing joins them", async () => {
    await lab.cut([["n1"], ["n2", "n3"]]);
    expect(await reaches(n1, n2.ip())).toBe(false);
    expect(await reaches(n3, n1.ip("back"))).toBe(false);
    expect(await reaches(n2, n3.ip())).toBe(true);
    expect(await reaches(lab.client, n1.ip())).toBe(true);
    await lab.heal();
    expect(await reaches(n1, n2.ip())).toBe(true);
  });

  test("a cut of one network leaves the other whole", async () => {
    await lab.cut([["n1"], ["n2"]], { network: "back" });
    expect(await reaches(n1, n2.ip("back"))).toBe(false);
    expect(await reaches(n1, n2.ip("front"))).toBe(true);
  });

  test("a one-way cut loses one direction and carries the other", async () => {
    await n1.run(["ip", "neigh", "replace", n2.ip(), "lladdr", n2.ports[0]?.mac ?? "", "dev", "eth0"]);
    await lab.cutOneWay(["n2"], ["n1"]);
    const before = await icmpRequestsSeen(n2);
    expect(await reaches(n1, n2.ip())).toBe(false);
    expect(await icmpRequestsSeen(n2)).toBe(before + 3);
  });

  test("loss takes about the part of the packets that was asked for", async () => {
    await lab.lose(0.3, { network: "front" });
    const { stdout } = await n1.exec(["ping", "-q", "-c300", "-i0.002", "-W1", n2.ip()]);
    const lost = Number(/([\d.]+)% packet loss/.exec(stdout)?.[1]);
    // There and back: 1 - 0.7 * 0.7 = 51 %; 300 tries scatter by 2.9 % (one sigma).
    expect(lost).toBeGreaterThan(30);
    expect(lost).toBeLessThan(72);
    await lab.lose(0, { network: "front" });
    expect(await reaches(n1, n2.ip())).toBe(true);
  });
});

async function icmpRequestsSeen(host: LabHost): Promise<number> {
  const lines = (await host.readFile("/proc/1/net/snmp")).split("\n").filter((line) => line.startsWith("Icmp:"));
  const [names = [], values = []] = lines.map((line) => line.split(" "));
  return Number(values[names.indexOf("InEchos")]);
}

describe("services", () => {
  test("the client reaches a real nginx on a virtual address of n1", async () => {
    const ip = lab.virtualIp();
    await n1.writeFile("/etc/nginx/sites-enabled/default", `server { listen ${ip}:80; return 200 "$hostname\\n"; }`);
    await n1.run(["ip", "addr", "add", `${ip}/24`, "dev", "eth0"]);
    await n1.run(["nginx"]);
    expect(await lab.client.run(["curl", "-sf", "--max-time", "5", `http://${ip}/`])).toBe("n1\n");
    await n1.run(["nginx", "-s", "quit"]);
    await waitUntil("nginx to leave no zombies", 5_000, async () => (await n1.exec(["pgrep", "nginx"])).code === 1);
    await n1.run(["ip", "addr", "del", `${ip}/24`, "dev", "eth0"]);
  });

  test("a program that takes too long is killed with its children", async () => {
    const { timedOut } = await n1.exec(["sh", "-c", "sleep 4711 & sleep 4711"], { timeoutMs: 50 });
    expect(timedOut).toBe(true);
    await waitUntil("the children to be gone", 5_000, async () => (await running(n1, "sleep 4711")).length === 0);
  });
});

describe("power", () => {
  beforeEach(async () => {
    lab.fenceDevice.behaviour = "works";
    await Promise.all([n1.powerOn(), n2.powerOn()]);
  });

  test("power-off kills everything at once; power-on returns with the disk and without memory", async () => {
    await n1.writeFile("/var/lib/hale/kept", "disk");
    await n1.run(["sh", "-c", "echo changed >>/etc/motd; echo gone >/run/gone; echo gone >/tmp/gone"]);
    const programs = await Promise.all([n1.spawn(["sleep", "1000"]), n1.spawn(["setsid", "-w", "sleep", "1000"])]);
    await waitUntil("both programs to run", 5_000, async () => (await running(n1, "sleep 1000")).length === 2);
    await n1.powerOff();
    expect(n1.isOn).toBe(false);
    expect(await Promise.all(programs.map(async (program) => program.exited))).toEqual([137, 137]);
    expect(await reaches(n2, n1.ip())).toBe(false);
    expect(await n1.readFile("/var/lib/hale/kept")).toBe("disk");
    await n1.powerOff();

    await n1.powerOn();
    expect(await reaches(n2, n1.ip())).toBe(true);
    expect(await n1.run(["cat", "/var/lib/hale/kept"])).toBe("disk");
    expect(await n1.run(["tail", "-n1", "/etc/motd"])).toBe("changed\n");
    expect((await n1.exec(["ls", "/run/gone", "/tmp/gone"])).code).not.toBe(0);
    expect(await running(n1, "sleep 1000")).toEqual([]);
  });

  test("a power-off during power-on comes after it, and both may be repeated", async () => {
    await Promise.all([n1.powerOff(), n1.powerOn(), n1.powerOff(), n1.powerOff()]);
    expect(n1.isOn).toBe(false);
    await Promise.all([n1.powerOn(), n1.powerOn()]);
    expect(n1.isOn).toBe(true);
    expect(await reaches(n1, n2.ip())).toBe(true);
  });

  test("the boot programs run at each power-on", async () => {
    n1.boot = [["sh", "-c", 'echo "booted $(hostname)"; exec sleep 1000']];
    await n1.powerOff();
    await n1.powerOn();
    await n1.bootProcesses[0]?.waitForOutput(/^booted n1$/m);
    n1.boot = [];
  });

  test("a paused host's programs stand still and go on afterwards, or can be switched off", async () => {
    const program = await n1.spawn(["sh", "-c", "while :; do echo tick; sleep 0.01; done"]);
    await program.waitForOutput(/tick/);
    await n1.pause();
    // D: a shell whose child was stopped before it began with its own program.
    const states = await processStates(n1.pid);
    expect(states.filter((state) => state !== "T" && state !== "D")).toEqual([]);
    const before = await program.output();
    expect(await program.output()).toBe(before);
    await n1.resume();
    await waitUntil("more output", 5_000, async () => (await program.output()).length > before.length);
    await n1.pause();
    await n1.powerOff();
    expect(await program.exited).toBe(137);
  });

  test("a host that resets itself by reboot(2) comes back by itself, another process", async () => {
    const before = n1.powerOns;
    await n1.exec(["python3", "-c", "import ctypes; ctypes.CDLL(None).reboot(0x01234567)"]);
    await waitUntil("the reset", 5_000, () => n1.powerOns > before && n1.isOn);
  });
});

describe("fence_lab", () => {
  beforeEach(async () => {
    lab.fenceDevice.behaviour = "works";
    await Promise.all([n1.powerOn(), n2.powerOn()]);
  });

  test("off is done when the host is off, on when it is on, and status tells by its exit code", async () => {
    expect((await fence("action=status\nplug=n1\n")).code).toBe(0);
    const orders = lab.fenceDevice.count("off", "n1");
    expect(await fence("# comment\nnodename=n1\naction=off\nplug=n1\n")).toMatchObject({
      code: 0,
      stdout: "Success: Powered OFF\n",
    });
    expect(n1.isOn).toBe(false);
    expect(lab.fenceDevice.count("off", "n1")).toBe(orders + 1);
    expect((await fence("action=status\nplug=n1\n")).code).toBe(2);
    expect((await fence("action=off\nport=n1")).stdout).toBe("Success: Already OFF\n");
    expect((await fence("action=on\nplug=n1\n")).code).toBe(0);
    expect(n1.isOn).toBe(true);
  });

  test("reboot is the default action and leaves a fresh host", async () => {
    const before = n1.powerOns;
    expect((await fence("plug=n1\n")).code).toBe(0);
    expect(n1.isOn).toBe(true);
    expect(n1.powerOns).toBe(before + 1);
  });

  test("it can be told by options, on the machine as in a host", async () => {
    const argv = ["fence_lab", "--action=status", "-n", "n3", "-v"];
    expect(await n2.exec(argv)).toMatchObject({ code: 0, stdout: "Status: ON\n" });
    expect((await n2.exec(["fence_lab", "--what"])).code).toBe(2);
  });

  test("monitor, list and metadata need no plug", async () => {
    expect((await fence("action=monitor\n")).code).toBe(0);
    expect((await fence("action=list\n")).stdout).toBe("n1,\nn2,\nn3,\n");
    expect((await fence("action=list-status\n")).stdout).toBe("n1,,on\nn2,,on\nn3,,on\n");
    expect((await fence("action=validate-all\nplug=n1\n")).code).toBe(0);
    const { code, stdout } = await fence("action=metadata\n");
    expect(code).toBe(0);
    expect(stdout).toMatch(/<resource-agent name="fence_lab"/);
  });

  test("what is not known to have been done is a failure", async () => {
    expect((await fence("action=off\n")).code).toBe(2);
    expect((await fence("action=explode\nplug=n1\n")).code).toBe(2);
    expect((await fence("action=off\nplug=n9\n")).code).toBe(8);
    expect((await fence("action=off\nplug=n1\nip=/nonexistent\n")).code).toBe(4);
    lab.fenceDevice.works = false;
    expect((await fence("action=off\nplug=n1\n")).code).toBe(1);
    expect((await fence("action=monitor\n")).code).toBe(1);
    lab.fenceDevice.behaviour = "ignores";
    expect((await fence("action=off\nplug=n1\n")).code).toBe(7);
    lab.fenceDevice.behaviour = "hangs";
    expect((await fence("action=off\nplug=n1\nlogin_timeout=0.2\n")).code).toBe(5);
    expect(n1.isOn).toBe(true);
  });

  test("a host can fence itself, and its device forgets the asker", async () => {
    await n2.exec(["fence_lab", "-o", "off", "-n", "n2"]);
    expect(n2.isOn).toBe(false);
  });
});
