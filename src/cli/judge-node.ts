import type { ClusterConfig } from "../model/cluster-config.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { NodeFacts } from "./node-facts.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly topic: string;
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

const mebibyte = 1024 * 1024;
/** A journal is at most some MiB, and is written twice when it is rewritten. */
const freeBytesWanted = 100 * mebibyte;
const freeBytesNeeded = 10 * mebibyte;
/** The greatest datagram of the group, with its headers: a shorter way would lose it, or cut it in pieces. */
const mtuNeeded = 1_280;

/** What stands between this node and safety, by its machine. Pure. */
export function judgeNode(facts: NodeFacts, config: ClusterConfig | null, hasDaemon: boolean): readonly Finding[] {
  return [
    ...judgeName(facts, config),
    ...judgeKeys(facts),
    ...judgeState(facts),
    ...judgeTime(facts),
    ...judgeLinks(facts, config),
    ...judgePorts(facts, config, hasDaemon),
    ...judgeWatchdog(facts),
    ...judgeArbiterDisk(facts),
    ...judgePrograms(facts, config),
    ...judgeBoot(facts),
  ];
}

/** The same by what the daemon sees of the cluster. Pure. */
export function judgeCluster(snapshot: Snapshot): readonly Finding[] {
  return [
    ...judgeQuorum(snapshot),
    ...judgePeers(snapshot),
    ...judgeDevices(snapshot),
    // Links were told above, each by itself.
    ...snapshot.warnings
      .filter((warning) => !warning.startsWith("link "))
      .map((text): Finding => ({ topic: "cluster", level: "warning", text })),
  ];
}

function judgeQuorum({ group }: Snapshot): readonly Finding[] {
  const quorum: Finding = group.isQuorate
    ? { topic: "quorum", level: "ok", text: `${group.quorum}, members ${group.members.join(" ")}` }
    : {
        topic: "quorum",
        level: "problem",
        text: `none: this node is ${group.status}`,
        todo: "see what keeps the others away: hale status",
      };
  const { witness } = group;
  if (witness === null) return [quorum];
  const topic = "arbiter";
  const isDisk = witness.isDisk === true;
  const name = isDisk ? `the disk ${witness.address}` : `the witness at ${witness.address}`;
  if (witness.isHeard) return [quorum, { topic, level: "ok", text: `${name} answers` }];
  const todo = isDisk
    ? "see why: hale events, hale arbiter-disk show"
    : "start it there: systemctl enable --now hale-witness";
  return [quorum, { topic, level: "problem", text: `${name} is not heard`, todo }];
}

function judgePeers({ nodes, node: self }: Snapshot): readonly Finding[] {
  const topic = "links";
  const links = nodes
    .filter(({ node }) => node !== self)
    .flatMap(({ node, links: all }) => all.map((link) => ({ ...link, node })));
  const silent = links.filter(({ state }) => state !== "up");
  if (links.length > 0 && silent.length === 0) return [{ topic, level: "ok", text: `all ${links.length} are heard` }];
  return silent.map(({ node, link, address, state }) => ({
    topic,
    level: "warning",
    text: `link ${link} to ${node} (${address}) is ${state === "never" ? "not heard" : state}`,
    todo: "is the node up? then look at the cable, the switch and the firewall",
  }));
}

function judgeDevices({ devices }: Snapshot): readonly Finding[] {
  const topic = "fencing";
  return devices.flatMap(({ device, last, broken }): Finding[] => {
    const faults = broken.map(({ node, reason }): Finding => {
      return {
        topic,
        level: "problem",
        text: `device ${device} does not work for ${node}: ${reason}`,
        todo: "try it: hale fence test",
      };
    });
    if (faults.length > 0) return faults;
    return last?.isWorking === true ? [{ topic, level: "ok", text: `device ${device} answers` }] : [];
  });
}

function judgeName({ name, nameProblem }: NodeFacts, config: ClusterConfig | null): readonly Finding[] {
  if (name === null) return [{ topic: "name", level: "problem", text: nameProblem ?? "this machine has no name" }];
  if (config === null || config.nodes.some(({ id }) => id === name))
    return [{ topic: "name", level: "ok", text: `this is node ${name}` }];
  const known = config.nodes.map(({ id }) => id).join(", ");
  const text = `${name} is not in the configuration (${known})`;
  return [{ topic: "name", level: "problem", text, todo: "name it there, or set the host name or HALE_NODE" }];
}

function judgeKeys({ keysProblem }: NodeFacts): readonly Finding[] {
  if (keysProblem === null)
    return [{ topic: "keys", level: "ok", text: "the key file is right, and nobody else may read it" }];
  return [{ topic: "keys", level: "problem", text: keysProblem }];
}

function judgeState({ stateFolder: { path, isThere, isWritable, freeBytes } }: NodeFacts): readonly Finding[] {
  const topic = "state";
  if (!isThere)
    return [
      {
        topic,
        level: "warning",
        text: `${path} is not there yet`,
        todo: "it is made by hale init, or when the daemon starts",
      },
    ];
  if (!isWritable)
    return [
      {
        topic,
        level: "problem",
        text: `${path} cannot be written`,
        todo: "give it to root, on a file system that is mounted read-write",
      },
    ];
  if (freeBytes === null) return [{ topic, level: "ok", text: `${path} can be written` }];
  const free = `${Math.floor(freeBytes / mebibyte)} MiB free`;
  if (freeBytes >= freeBytesWanted) return [{ topic, level: "ok", text: `${path} can be written, ${free}` }];
  const level = freeBytes < freeBytesNeeded ? "problem" : "warning";
  return [{ topic, level, text: `${path} has ${free}: a daemon that cannot write ends`, todo: "make room" }];
}

function judgeTime({ realTimeProblem, isClockSynchronized, isRoot }: NodeFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (!isRoot)
    findings.push({
      topic: "rights",
      level: "warning",
      text: "not root: not everything can be seen",
      todo: "sudo hale check",
    });
  if (realTimeProblem === null) findings.push({ topic: "real time", level: "ok", text: "allowed" });
  else if (isRoot)
    findings.push({
      topic: "real time",
      level: "warning",
      text: `not allowed: ${realTimeProblem}; under load this node may look dead`,
      todo: "give it CAP_SYS_NICE, and its cgroup real-time bandwidth: haled(8)",
    });
  if (isClockSynchronized === true) findings.push({ topic: "clock", level: "ok", text: "synchronized" });
  if (isClockSynchronized === false)
    findings.push({
      topic: "clock",
      level: "warning",
      text: "not synchronized: the times of events, failures and losses are those of one node's clock, and may jump",
      todo: "run an NTP client such as systemd-timesyncd or chrony",
    });
  return findings;
}

function judgeLinks({ addresses }: NodeFacts, config: ClusterConfig | null): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (text: string, todo: string, level: Finding["level"] = "problem"): void => {
    findings.push({ topic: "links", level, text, todo });
  };
  for (const { link, address, interface: name, isUp, mtu } of addresses) {
    if (name === null)
      add(`no interface has ${address} (link ${link})`, "give it to one, or correct the configuration");
    else if (!isUp) add(`${name}, which has ${address} (link ${link}), is down`, `ip link set ${name} up`);
    else if (mtu !== null && mtu < mtuNeeded)
      add(
        `${name}, which has ${address} (link ${link}), has an MTU of ${mtu}`,
        `at least ${mtuNeeded}: ip link set ${name} mtu 1500`,
      );
  }
  const names = addresses.flatMap((address) => address.interface ?? []);
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) < index)))
    add(
      `several links are on ${name}: they fail together`,
      "give each link a network card and a switch of its own",
      "warning",
    );
  if (findings.length > 0 || addresses.length === 0 || config === null) return findings;
  return [
    {
      topic: "links",
      level: "ok",
      text: addresses.map(({ address, interface: name }) => `${address} on ${name ?? "-"}`).join(", "),
    },
  ];
}

function judgePorts({ addresses }: NodeFacts, config: ClusterConfig | null, hasDaemon: boolean): readonly Finding[] {
  if (config === null || addresses.length === 0) return [];
  const { port } = config.heartbeat;
  if (hasDaemon) return [{ topic: "port", level: "ok", text: `the daemon has ${port}` }];
  const busy = addresses.filter((one) => one.busy.length > 0);
  if (busy.length === 0) return [{ topic: "port", level: "ok", text: `${port} is free` }];
  return busy.map((one) => ({
    topic: "port",
    level: "problem",
    text: `${one.busy.join(" and ")} port ${port} of ${one.address} is taken, and no daemon of hale was reached`,
    todo: `see who: ss -lpnut sport = :${port}; or set heartbeat.port on all nodes`,
  }));
}

function judgeWatchdog({ watchdog }: NodeFacts): readonly Finding[] {
  const topic = "watchdog";
  if (watchdog === null) return [];
  const { device, isThere, holder } = watchdog;
  if (!isThere)
    return [
      {
        topic,
        level: "problem",
        text: `there is no ${device}`,
        todo: "load the driver of the hardware, or softdog: modprobe softdog",
      },
    ];
  if (holder === null || /\bhaled\b/.test(holder))
    return [{ topic, level: "ok", text: `${device} ${holder === null ? "is free" : "is held by haled"}` }];
  return [
    {
      topic,
      level: "problem",
      text: `${device} is held by ${holder}`,
      todo: "let that program give it up (RuntimeWatchdogSec=0 for systemd)",
    },
  ];
}

function judgeArbiterDisk({ arbiterDisk }: NodeFacts): readonly Finding[] {
  if (arbiterDisk === null) return [];
  const { path, problem } = arbiterDisk;
  if (problem === null)
    return [{ topic: "arbiter", level: "ok", text: `${path} is this cluster's, with a slot for this node` }];
  return [
    {
      topic: "arbiter",
      level: "problem",
      text: `the shared disk ${path}: ${problem}`,
      todo: "see that this node reaches it, and that it was made: hale arbiter-disk init",
    },
  ];
}

function judgePrograms({ missingPrograms }: NodeFacts, config: ClusterConfig | null): readonly Finding[] {
  if (config === null || config.services.length === 0) return [];
  if (missingPrograms.length === 0) return [{ topic: "programs", level: "ok", text: "of all resources are here" }];
  return missingPrograms.map(({ resource, program }) => ({
    topic: "programs",
    level: "warning",
    text: `${program} of ${resource} cannot be run here: this node cannot take the service over`,
    todo: "install it, or leave this node out of the domain",
  }));
}

/** What the machine starts by itself runs on every node at once after a blackout, before anybody has asked who may. */
function judgeBoot({ bootStarts, hostClaims }: NodeFacts): readonly Finding[] {
  const claims = hostClaims.map(
    ({ resource, file, line, what }): Finding => ({
      topic: "boot",
      level: "warning",
      text: `${file}:${line} ${what}, beside ${resource}, which is the cluster's: it may be on two nodes`,
      todo: file === "/etc/fstab" ? "add noauto to its options, or take the line away" : "take the line away",
    }),
  );
  const starts = bootStarts.map(
    ({ resource, name, link, by }): Finding => ({
      topic: "boot",
      level: "warning",
      text: `${name} is started at boot (${link}), beside ${resource}, which is the cluster's to start: it may run on two nodes`,
      todo: by === "systemd" ? `systemctl disable ${name}` : `update-rc.d ${name} disable`,
    }),
  );
  return [...starts, ...claims];
}
