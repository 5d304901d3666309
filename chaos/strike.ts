import { stateFolder } from "../lab/hale-cluster.ts";
import { waitUntil } from "../lab/wait-until.ts";
import type { ChaosSite } from "./chaos-site.ts";
import type { Fault, Target } from "./fault.ts";
import { statusOf, waitUntilWhole } from "./whole.ts";

/** A fault on its way: what must be done first, what it does, and how it ends. */
export interface Strike {
  /** The host it fell on; "" for none or all. */
  readonly node: string;
  /** Healed by mending all wires: another one that is not over yet must begin again. */
  readonly isOfWires: boolean;
  /** May take its time and restart a daemon; afterwards the cluster is whole. */
  prepare(): Promise<void>;
  begin(): Promise<void>;
  /** Everything put right that is still wrong. Hosts may have lost power or come back meanwhile. */
  heal(): Promise<void>;
}

/** What strikes need to know of the run. */
export interface StrikeOptions {
  readonly wholeMsMax: number;
  /** Path of libfaketime; undefined: clock steps cannot be made. */
  readonly clockLibrary: string | undefined;
}

const clockFile = "/etc/hale/clock";
const fillMsMax = 5_000;
const clockMsMax = 10_000;
const clockMsOff = 3_000;
/** Room for the journal of a long run, and filled in a moment. */
const stateFolderSize = "8m";

/** Choose the host, now. */
export async function aim(site: ChaosSite, fault: Fault, options: StrikeOptions): Promise<Strike> {
  const { lab, cluster } = site;
  const node = "on" in fault ? await hostOf(site, fault.on) : "";
  const others = cluster.nodes.filter((name) => name !== node);
  const mend = async (): Promise<void> => lab.heal();
  const strike = (begin: () => Promise<void>, heal: () => Promise<void>): Strike => ({
    node,
    isOfWires: heal === mend,
    prepare: async () => {},
    begin,
    heal,
  });
  switch (fault.kind) {
    case "power-off":
      return strike(
        async () => lab.host(node).powerOff(),
        async () => lab.host(node).powerOn(),
      );
    case "power-off, fence device broken":
      return strike(
        async () => {
          lab.fenceDevice.works = false;
          await lab.host(node).powerOff();
        },
        async () => {
          lab.fenceDevice.works = true;
          await lab.host(node).powerOn();
        },
      );
    case "kill -9 haled, restarted at once":
    case "kill -9 haled, restarted late":
    case "kill -9 haled, until it is taken over":
      return strike(
        async () => killDaemon(site, node),
        async () => startDaemon(site, node),
      );
    case "kill -STOP haled, shorter than the deadtime":
    case "kill -STOP haled, longer than the deadtime":
      return strike(
        async () => signalDaemon(site, node, "STOP"),
        async () => signalDaemon(site, node, "CONT"),
      );
    case "host stands still":
      return strike(
        async () => pause(site, node),
        async () => {
          if (lab.host(node).isOn && lab.host(node).isPaused) await lab.host(node).resume();
        },
      );
    case "one link cut":
      return strike(async () => lab.cut([[node], others], { network: fault.network }), mend);
    case "all links cut":
      return strike(async () => lab.cut([[node], others]), mend);
    case "every host alone":
      return strike(async () => lab.cut(cluster.nodes.map((name) => [name])), mend);
    case "one-way cut":
      return strike(async () => {
        await (fault.way === "from" ? lab.cutOneWay([node], others) : lab.cutOneWay(others, [node]));
      }, mend);
    case "packets lost":
      return strike(async () => lab.lose(fault.share), mend);
    case "kill -9 witness":
    case "kill -STOP witness":
    case "witness disk full":
    case "arbiter disk unplugged":
    case "arbiter disk refuses to write": {
      const { arbiter } = site;
      if (arbiter === null) throw new Error(`Cannot do "${fault.kind}": this setup has no arbiter`);
      return strike(
        async () => arbiter.strike(fault.kind),
        async () => arbiter.heal(),
      );
    }
    case "disk full":
      return fillDisk(site, node, options);
    case "clock step":
      return stepClock(site, node, fault.stepS, options);
  }
}

async function hostOf(site: ChaosSite, target: Target): Promise<string> {
  if ("node" in target) return target.node;
  for (const node of site.cluster.nodes) {
    const owner = (await statusOf(site, node))?.services.find((s) => s.service === target.ownerOf)?.owner;
    if (owner !== undefined && owner !== null) return owner;
  }
  throw new Error(`Cannot find the owner of ${target.ownerOf}: nobody knows it`);
}

async function killDaemon(site: ChaosSite, node: string): Promise<void> {
  if (site.cluster.isDaemonRunning(node)) await site.cluster.killDaemon(node);
}

async function pause(site: ChaosSite, node: string): Promise<void> {
  const host = site.lab.host(node);
  if (host.isOn) await host.pause().catch(() => undefined); // It lost power on the way.
}

/** On a host that is on and has none; one that was fenced meanwhile has started its own. */
async function startDaemon(site: ChaosSite, node: string, env?: Readonly<Record<string, string>>): Promise<void> {
  if (site.lab.host(node).isOn && !site.cluster.isDaemonRunning(node)) await site.cluster.startDaemon(node, env);
}

/** To the daemon alone and from inside: a stopped process above it would keep its host from dying. */
async function signalDaemon(site: ChaosSite, node: string, signal: string): Promise<void> {
  if (site.lab.host(node).isOn) await site.lab.host(node).exec(["pkill", `-${signal}`, "-f", "haled.js"]);
}

/**
 * The state folder becomes small and then full; the next entry ends the daemon. A memory disk, because a file system of its own on
 * a host's disk would need a loop device. It would go with the power, so its content goes to the real disk as soon as the daemon
 * has ended; a host that loses power before that comes back with an older disk, which is a fault of its own (and found out).
 */
async function fillDisk(site: ChaosSite, node: string, { wholeMsMax }: StrikeOptions): Promise<Strike> {
  const { lab, cluster } = site;
  const small = `cp -a ${stateFolder} /tmp/kept && mount -t tmpfs -o size=${stateFolderSize} tmpfs ${stateFolder} && cp -a /tmp/kept/. ${stateFolder} && rm -r /tmp/kept`;
  const large = `rm -f ${stateFolder}/fill && cp -a ${stateFolder} /tmp/kept && umount ${stateFolder} && cp -a /tmp/kept/. ${stateFolder} && rm -r /tmp/kept`;
  const witness = cluster.nodes.find((name) => name !== node) ?? "";
  let powerOns = 0;
  const put = async (): Promise<void> => {
    const host = lab.host(node);
    if (!host.isOn || host.powerOns !== powerOns || cluster.isDaemonRunning(node)) return;
    if ((await host.exec(["mountpoint", "-q", stateFolder])).code === 0) await host.exec(["sh", "-c", large]);
  };
  return {
    node,
    isOfWires: false,
    prepare: async () => {
      powerOns = lab.host(node).powerOns;
      await killDaemon(site, node);
      await lab.host(node).run(["sh", "-c", small]);
      await startDaemon(site, node);
      await waitUntilWhole(site, wholeMsMax);
    },
    begin: async () => {
      if (!lab.host(node).isOn) return; // Another fault came first.
      await lab.host(node).exec(["sh", "-c", `cat /dev/zero >${stateFolder}/fill`]);
      // In a cluster without quorum nothing is written, so nothing is found: then the disk is full until it is healed.
      await waitUntil(`the daemon of ${node} to find its disk full`, fillMsMax, async () => {
        if (!lab.host(node).isOn || lab.host(node).powerOns !== powerOns || !cluster.isDaemonRunning(node)) return true;
        // An entry, whatever comes of it: once the daemon has ended, perhaps nothing for a long time.
        const asked = cluster.hale(witness, ["node", "online", node, "--no-wait"], fillMsMax);
        await Promise.race([asked, cluster.daemon(node).exited]);
        return false;
      }).catch(() => undefined);
      await put();
    },
    heal: async () => {
      const host = lab.host(node);
      if (host.isOn && host.powerOns === powerOns && cluster.isDaemonRunning(node)) await killDaemon(site, node);
      await put();
      await startDaemon(site, node);
    },
  };
}

/** The daemon alone has another wall clock: the hosts share the machine's. Only its own, since agents do not inherit its environment. */
async function stepClock(
  site: ChaosSite,
  node: string,
  stepS: number,
  { wholeMsMax, clockLibrary }: StrikeOptions,
): Promise<Strike> {
  const { lab, cluster } = site;
  if (clockLibrary === undefined) throw new Error("Cannot step a clock: libfaketime is not installed");
  const env = {
    LD_PRELOAD: clockLibrary,
    FAKETIME_TIMESTAMP_FILE: clockFile,
    FAKETIME_CACHE_DURATION: "1",
    // What timers and leases go by is not what somebody sets.
    DONT_FAKE_MONOTONIC: "1",
  };
  const restart = async (with_: Readonly<Record<string, string>>): Promise<void> => {
    await killDaemon(site, node);
    await startDaemon(site, node, with_);
  };
  return {
    node,
    isOfWires: false,
    prepare: async () => {
      await lab.host(node).writeFile(clockFile, "+0\n");
      await restart(env);
      await waitUntilWhole(site, wholeMsMax);
    },
    begin: async () => {
      await lab.host(node).writeFile(clockFile, `${stepS > 0 ? "+" : ""}${stepS}\n`);
      // The library reads the file again now and then. A host that another fault has switched off has no clock to look at.
      await waitUntil(`the clock of ${node} to step`, clockMsMax, async () => {
        if (!cluster.isDaemonRunning(node)) return true;
        const at = (await statusOf(site, node))?.at;
        return at !== undefined && Math.abs(at - Date.now() - stepS * 1_000) < clockMsOff;
      });
    },
    heal: async () => {
      await lab.host(node).writeFile(clockFile, "+0\n");
    },
  };
}
