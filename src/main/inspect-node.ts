import { rhcsProgram } from "../adapters/rhcs/rhcs-agent.ts";
import { createSocket } from "node:dgram";
import { constants } from "node:fs";
import { access, readdir, readFile, readlink, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { delimiter, join } from "node:path";
import type { AddressFacts, NodeFacts } from "../cli/node-facts.ts";
import { ipKey, parseIp } from "../config/ip.ts";
import type { ClusterConfig, ResourceConfig } from "../model/cluster-config.ts";
import { ownWatchdog } from "../core/fencing/own-watchdog.ts";
import { bootStarts } from "./boot-starts.ts";
import { hostClaims } from "./host-claims.ts";
import { foldersOf, keysPath, ownName } from "./folders.ts";
import { arbiterDiskProblem } from "./make-arbiter-disk.ts";
import { readKeysFile } from "./read-files.ts";

/**
 * Looks at this machine as `hale check` needs it. Changes nothing, but that it takes the port of the nodes for an instant while no
 * daemon has it.
 *
 * @param config null: it cannot be read, and what follows from it is left out
 */
export async function inspectNode(
  env: NodeJS.ProcessEnv,
  config: ClusterConfig | null,
  hasDaemon: boolean,
): Promise<NodeFacts> {
  const folders = foldersOf(env);
  const { name, nameProblem } = nameOf(env);
  const self = config?.nodes.find(({ id }) => id === name);
  const watchdog = config === null || self === undefined ? null : (ownWatchdog(config, self.id)?.device ?? null);
  return {
    name,
    nameProblem,
    isRoot: process.getuid?.() === 0,
    keysProblem: await readKeysFile(keysPath(folders)).then(() => null, textOf),
    stateFolder: await stateFacts(folders.state),
    realTimeProblem: await realTimeProblem(),
    isClockSynchronized: await isClockSynchronized(),
    addresses: config === null ? [] : await addressFacts(config, name, hasDaemon),
    watchdog:
      watchdog === null
        ? null
        : {
            device: watchdog,
            isThere: (await problemWith(watchdog, constants.F_OK)) === null,
            holder: await holderOf(watchdog),
          },
    arbiterDisk: await arbiterDisk(config, name),
    missingPrograms: config === null ? [] : await missingPrograms(config, name, env),
    bootStarts: config === null ? [] : await bootStarts("/", resourcesHere(config, name)),
    hostClaims: config === null ? [] : await hostClaims("/", resourcesHere(config, name)),
  };
}

function nameOf(env: NodeJS.ProcessEnv): Pick<NodeFacts, "name" | "nameProblem"> {
  try {
    return { name: ownName(env), nameProblem: null };
  } catch (error) {
    return { name: null, nameProblem: textOf(error) };
  }
}

async function stateFacts(path: string): Promise<NodeFacts["stateFolder"]> {
  const isThere = (await problemWith(path, constants.F_OK)) === null;
  const isWritable = isThere && (await problemWith(path, constants.W_OK)) === null;
  const freeBytes = await statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
  return { path, isThere, isWritable, freeBytes };
}

/** CAP_SYS_NICE, bit 23 of the capabilities; or a limit that somebody has raised. */
async function realTimeProblem(): Promise<string | null> {
  if ((await textIn("/proc/sys/kernel/sched_rt_runtime_us")) === "0") return "kernel.sched_rt_runtime_us is 0";
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(await textIn("/proc/self/status"))?.[1] ?? "0";
  if (((BigInt(`0x${capabilities}`) >> 23n) & 1n) === 1n) return null;
  const limit = /^Max realtime priority\s+(\S+)/m.exec(await textIn("/proc/self/limits"))?.[1] ?? "0";
  return limit === "0" ? "no CAP_SYS_NICE, and no real-time priority in the limits" : null;
}

/** systemd-timesyncd leaves a file when it is; of other clients nothing is known without asking them. */
async function isClockSynchronized(): Promise<boolean | null> {
  const folder = "/run/systemd/timesync";
  if ((await problemWith(folder, constants.F_OK)) !== null) return null;
  return (await problemWith(join(folder, "synchronized"), constants.F_OK)) === null;
}

async function addressFacts(
  { nodes, heartbeat }: ClusterConfig,
  name: string | null,
  hasDaemon: boolean,
): Promise<readonly AddressFacts[]> {
  const own = nodes.find(({ id }) => id === name)?.addresses ?? [];
  return Promise.all(
    own.map(async (address, link): Promise<AddressFacts> => {
      const found = interfaceOf(address);
      if (found === null) return { link, address, interface: null, isUp: false, mtu: null, busy: [] };
      const folder = join("/sys/class/net", found);
      // Where it cannot be told (a loopback says "unknown") it counts as up.
      const isUp = (await textIn(join(folder, "operstate"))) !== "down";
      const mtu = Number.parseInt(await textIn(join(folder, "mtu")), 10);
      const busy = hasDaemon ? [] : await busyProtocols(address, heartbeat.port);
      return { link, address, interface: found, isUp, mtu: Number.isNaN(mtu) ? null : mtu, busy };
    }),
  );
}

function interfaceOf(address: string): string | null {
  const wanted = keyOf(address);
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (wanted !== null && addresses?.some((one) => keyOf(one.address) === wanted) === true) return name;
  }
  return null;
}

function keyOf(address: string): string | null {
  const bytes = parseIp(address);
  return bytes === undefined ? null : ipKey(bytes);
}

async function busyProtocols(address: string, port: number): Promise<readonly string[]> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const server = createServer();
  const isBusy = (open: (done: () => void) => void, emitter: NodeJS.EventEmitter): Promise<boolean> =>
    new Promise((resolve) => {
      emitter.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE"));
      open(() => resolve(false));
    });
  const udp = await isBusy((done) => socket.bind(port, address, done), socket);
  const tcp = await isBusy((done) => server.listen(port, address, done), server);
  if (!udp) socket.close();
  if (!tcp) server.close();
  return [...(udp ? ["UDP"] : []), ...(tcp ? ["TCP"] : [])];
}

/** The program that has the device open: as root, all can be seen. `/dev/watchdog` is `/dev/watchdog0` by its old name. */
async function holderOf(device: string): Promise<string | null> {
  const names =
    device === "/dev/watchdog" || device === "/dev/watchdog0" ? ["/dev/watchdog", "/dev/watchdog0"] : [device];
  for (const pid of (await readdir("/proc")).filter((one) => /^\d+$/.test(one))) {
    const folder = join("/proc", pid, "fd");
    for (const descriptor of await readdir(folder).catch(() => [])) {
      const target = await readlink(join(folder, descriptor)).catch(() => "");
      if (!names.includes(target)) continue;
      const command = (await textIn(join("/proc", pid, "cmdline"))).replaceAll("\0", " ").trim();
      return `${command === "" ? await textIn(join("/proc", pid, "comm")) : command} (process ${pid})`;
    }
  }
  return null;
}

async function arbiterDisk(config: ClusterConfig | null, name: string | null): Promise<NodeFacts["arbiterDisk"]> {
  if (config?.quorum.kind !== "disk") return null;
  const { path } = config.quorum;
  const problem = await problemWith(path, constants.R_OK | constants.W_OK);
  const self = config.nodes.find(({ id }) => id === name)?.id;
  if (problem !== null || self === undefined) return { path, problem };
  return { path, problem: await arbiterDiskProblem(path, { self, cluster: config.cluster }) };
}

/** Of services that this node may run. */
function resourcesHere({ services }: ClusterConfig, name: string | null): readonly ResourceConfig[] {
  const here = services.filter(({ domain }) => !domain.restricted || domain.nodes.some((node) => node === name));
  return here.flatMap((service) => service.resources);
}

async function missingPrograms(
  config: ClusterConfig,
  name: string | null,
  env: NodeJS.ProcessEnv,
): Promise<NodeFacts["missingPrograms"]> {
  const missing: { resource: ResourceConfig["id"]; program: string }[] = [];
  for (const resource of resourcesHere(config, name)) {
    for (const program of programsOf(resource, env))
      if (!(await canRun(program, env))) missing.push({ resource: resource.id, program });
  }
  return missing;
}

function programsOf(resource: ResourceConfig, env: NodeJS.ProcessEnv): readonly string[] {
  switch (resource.kind) {
    case "ocf":
      return [join(env["OCF_ROOT"] ?? "/usr/lib/ocf", "resource.d", resource.provider, resource.type)];
    case "lsb":
      return [resource.script];
    case "exec":
      return [...new Set([resource.start, resource.stop, resource.monitor].flatMap((line) => line[0] ?? []))];
    case "rhcs":
      return [rhcsProgram(resource.agent)];
    case "filesystem":
      return ["mount", "umount", "findfs", ...(resource.fsck === "no" ? [] : ["fsck"])];
    case "systemd":
      return ["systemctl"];
    case "samba":
      return ["smbd", "smbcontrol", ...(resource.nmbd === true ? ["nmbd"] : [])];
    case "address":
    case "delay":
      return [];
  }
}

async function canRun(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const paths = program.includes("/")
    ? [program]
    : (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  for (const path of paths) {
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile && (await problemWith(path, constants.X_OK)) === null) return true;
  }
  return false;
}

async function problemWith(path: string, mode: number): Promise<string | null> {
  return access(path, mode).then(
    () => null,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
}

/** Trimmed; empty when it cannot be read. */
async function textIn(path: string): Promise<string> {
  return readFile(path, "utf8").then(
    (text) => text.trim(),
    () => "",
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
