import { setTimeout as sleep } from "node:timers/promises";
import type { AddressResource } from "../../model/cluster-config.ts";
import type { DeathHint, Operation, OperationOutcome } from "../../model/operation.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { AddressWarden, RemovedAddress } from "../../ports/address-warden.ts";
import type { Announcer } from "../../ports/announcer.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { AddressRemoval } from "./address-removal.ts";
import { AddressGuard } from "./address-guard.ts";
import { libcProblem, loadLibc } from "../native/libc.ts";
import type { ProgramRunner } from "../process/program-runner.ts";
import type { AddressChange, AddressKernel, AddressTable, Interface, InterfaceAddress } from "./address-kernel.ts";
import { chooseInterface } from "./choose-interface.ts";
import { createIpKernel } from "./ip-kernel.ts";
import { ipText, parseIpBytes } from "../native/ip-bytes.ts";
import { createNetlinkKernel } from "./netlink-kernel.ts";
import { macBytes, makeOwn, ownName, removeOwn, wantedName } from "./own-interface.ts";
import { removeGently } from "./remove-address.ts";

/** What an address agent is made of. */
export interface AddressAgentOptions {
  /** Local time, for the lease of a start. */
  readonly clock: Pick<Clock, "now">;
  /** For `ip` and `arping`, where koffi cannot be loaded. */
  readonly runner: ProgramRunner;
  /** Default: netlink where koffi can be loaded, else `ip`. */
  readonly kernel?: AddressKernel;
  /** When an address is announced, ms after its start or `announce`. The first should be 0. */
  readonly announceAtMs?: readonly number[];
  /** Told of announcements that failed (a start does not fail for them), and of a missing koffi. */
  readonly onProblem?: (text: string) => void;
}

/** The first ones beat lost frames, the late ones switches that were busy with the failure that made us take over. */
const announceAtMsDefault: readonly number[] = [0, 50, 200, 1000, 5000];
/** Between those that are wanted beyond. */
const announcePeriodMs = 5000;

/** Of an interface's name with a label; longer ones the kernel refuses. */
const labelCharactersMax = 15;
const detectionPeriodMs = 50;

type Verdict = Pick<OperationOutcome, "status" | "severity" | "reason">;

/**
 * Virtual addresses: resource agent, announcer and warden in one, because stopping an address must end its announcements, and starting it must end its removal.
 *
 * Where an address lies decides a run: looked up in the kernel each time, nothing is remembered but the timers of announcements.
 */
export class AddressAgent implements ResourceAgent, Announcer, AddressWarden {
  readonly kind = "address";
  readonly #clock: Pick<Clock, "now">;
  readonly #kernel: AddressKernel;
  readonly #announceAtMs: readonly number[];
  readonly #onProblem: (text: string) => void;
  readonly #guard: AddressGuard;
  readonly #removal: AddressRemoval;
  #tell: (hint: DeathHint) => void = () => undefined;
  /** By address as configured. */
  readonly #timers = new Map<string, readonly NodeJS.Timeout[]>();

  constructor({ clock, runner, kernel, announceAtMs, onProblem }: AddressAgentOptions) {
    const libc = kernel === undefined ? loadLibc() : null;
    this.#clock = clock;
    this.#kernel = kernel ?? (libc === null ? createIpKernel(runner) : createNetlinkKernel(libc));
    this.#announceAtMs = announceAtMs ?? announceAtMsDefault;
    this.#onProblem = onProblem ?? (() => undefined);
    this.#guard = new AddressGuard(this.#kernel, {
      isSet: async (resource) => {
        const ip = parseIpBytes(resource.ip);
        return ip === null || findAddress(await this.#kernel.read(), ip, resource.interface).length > 0;
      },
      restore: async (resource) => this.#restore(resource),
      onRestored: ({ ip, prefix }) => this.#onProblem(`Address ${ip}/${prefix} was taken away by somebody: put back`),
      onLost: ({ id, ip }, why) => this.#tell({ resource: id, what: `address ${ip}: ${why}` }),
    });
    this.#removal = new AddressRemoval(this.#kernel);
    if (kernel === undefined && libc === null) this.#onProblem(`Addresses are set by ip, slower: ${libcProblem()}`);
  }

  async run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
    const startedAt = performance.now();
    const { resource, action } = operation;
    if (resource.kind === "address" && action !== "monitor") this.#guard.release(resource);
    if (resource.kind === "address" && action === "start") await this.#removal.allow(resource);
    const verdict = await this.#judge(operation, signal).catch((error: unknown) =>
      failed(`Cannot ${operation.action} ${nameOf(operation.resource)}: ${(error as Error).message}`),
    );
    const runs = verdict.status === "ok" && action !== "stop";
    if (resource.kind === "address" && runs) this.#guard.keep(resource);
    return { ...verdict, output: "", durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000 };
  }

  /** Tells the neighbours again, if the address is here; otherwise nothing. */
  announce(address: AddressResource): void {
    this.#cancelAnnouncements(address);
    const { times = this.#announceAtMs.length, refreshMs = 0 } = address.announce ?? {};
    const again = (): void => void this.#announceIfHere(address);
    const timers = announceTimes(this.#announceAtMs, times).map((at) => setTimeout(again, at).unref());
    if (refreshMs > 0) timers.push(setInterval(again, refreshMs).unref());
    this.#timers.set(address.ip, timers);
  }

  keepAway(addresses: readonly AddressResource[]): void {
    this.#removal.keepAway(addresses);
  }

  onRemoved(tell: (removed: RemovedAddress) => void): void {
    this.#removal.onRemoved(tell);
  }

  onDeath(tell: (hint: DeathHint) => void): void {
    this.#tell = tell;
  }

  async close(): Promise<void> {
    this.#guard.close();
    this.#removal.close();
    for (const timers of this.#timers.values()) timers.forEach(clearTimeout);
    this.#timers.clear();
    this.#kernel.close();
    return Promise.resolve();
  }

  async #judge({ resource, action, notAfter, timeoutMs }: Operation, signal: AbortSignal): Promise<Verdict> {
    if (resource.kind !== "address")
      return failed(`Cannot ${action} "${resource.name}": it is ${resource.kind}, not address`, "fatal");
    if (signal.aborted) return failed(`Cannot ${action} ${nameOf(resource)}: cancelled`);
    const ip = parseIpBytes(resource.ip);
    if (ip === null)
      return failed(`Cannot ${action} ${nameOf(resource)}: "${resource.ip}" is not an IP address`, "fatal");
    switch (action) {
      case "start":
        if (this.#clock.now() >= notAfter)
          return { status: "refused", severity: "none", reason: "the lease had run out" };
        return this.#start(resource, ip, { timeoutMs, signal });
      case "stop":
        return this.#stop(resource, ip);
      case "monitor":
        return this.#monitor(resource, ip);
      default:
        return unreachable(action);
    }
  }

  async #start(resource: AddressResource, ip: Uint8Array, limits: Limits): Promise<Verdict> {
    const table = await this.#kernel.read();
    const choice = chooseInterface(table, ip, resource.interface);
    const cannot = `Cannot start ${nameOf(resource)}: `;
    if (choice.kind === "none") return failed(cannot + choice.reason, "hard");
    const there = findAddress(table, ip, resource.interface);
    const wanted = wantedName(resource, choice.interface.name);
    const elsewhere = there.find((found) => found.on.name !== wanted);
    if (elsewhere !== undefined) {
      return failed(`${cannot}it is on ${elsewhere.on.name}, wants ${wanted}: ip address del it there`, "hard");
    }
    const link = linkProblem(choice.interface);
    if (link !== null) return failed(cannot + link);
    const on = await this.#placeFor(resource, { table, ip, chosen: choice.interface });
    if (there.length === 0) await this.#kernel.add(changeOf(resource, on, ip));
    if (resource.detectsDuplicates === true) {
      const problem = await this.#waitUntilUsable(resource, ip, limits);
      if (problem !== null) return { ...problem, reason: cannot + problem.reason };
    }
    this.#announceFirst(resource, on, ip);
    return {
      status: "ok",
      severity: "none",
      reason: there.length === 0 ? `set on ${on.name}` : `was on ${on.name} already`,
    };
  }

  /** Where it is set: on the interface chosen, or on one of its own there. */
  async #placeFor(
    resource: AddressResource,
    { table, ip, chosen }: { readonly table: AddressTable; readonly ip: Uint8Array; readonly chosen: Interface },
  ): Promise<Interface> {
    const mac = macBytes(resource);
    return mac === null ? chosen : makeOwn(this.#kernel, table, { ip, parent: chosen, mac });
  }

  /** Why it cannot be used; null when it can. What somebody else has is taken away again. */
  async #waitUntilUsable(
    resource: AddressResource,
    ip: Uint8Array,
    { timeoutMs, signal }: Limits,
  ): Promise<Verdict | null> {
    for (const beganAt = performance.now(); performance.now() - beganAt < timeoutMs; ) {
      const table = await this.#kernel.read();
      const [found] = findAddress(table, ip, resource.interface);
      if (found === undefined) return failed("somebody took it away at once");
      if (found.address.isDuplicate) {
        await removeGently(this.#kernel, table, found.on, found.address);
        const reason = `somebody else on ${found.on.name} has it (duplicate address detection): find out who, and ask there`;
        return failed(reason, "hard");
      }
      if (!found.address.isTentative) return null;
      await sleep(detectionPeriodMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return failed("cancelled while its duplicate address detection ran");
    }
    const reason = `its duplicate address detection has not ended after ${timeoutMs} ms`;
    return { status: "timed-out", severity: "soft", reason };
  }

  /** Why not; null when it is set and announced again. */
  async #restore(resource: AddressResource): Promise<string | null> {
    const ip = parseIpBytes(resource.ip);
    if (ip === null) return `"${resource.ip}" is not an IP address`;
    const table = await this.#kernel.read();
    const choice = chooseInterface(table, ip, resource.interface);
    if (choice.kind === "none") return choice.reason;
    const link = linkProblem(choice.interface);
    if (link !== null) return link;
    const on = await this.#placeFor(resource, { table, ip, chosen: choice.interface });
    // Without detection: it was ours a moment ago.
    const { detectsDuplicates: _detects, ...change } = changeOf(resource, on, ip);
    await this.#kernel.add(change);
    this.#announceFirst(resource, on, ip);
    return null;
  }

  async #stop(resource: AddressResource, ip: Uint8Array): Promise<Verdict> {
    this.#cancelAnnouncements(resource);
    const hadOwn = await removeOwn(this.#kernel, await this.#kernel.read(), ip);
    // Read again after each: promoting changes who is primary.
    for (let rounds = 0; rounds < 16; rounds += 1) {
      const table = await this.#kernel.read();
      const [found] = findAddress(table, ip, resource.interface);
      if (found === undefined)
        return { status: "ok", severity: "none", reason: rounds === 0 && !hadOwn ? "was not set" : "removed" };
      await removeGently(this.#kernel, table, found.on, found.address);
    }
    return failed(`Cannot stop ${nameOf(resource)}: somebody sets it again and again`);
  }

  async #monitor(resource: AddressResource, ip: Uint8Array): Promise<Verdict> {
    const table = await this.#kernel.read();
    const [found] = findAddress(table, ip, resource.interface);
    if (found === undefined && this.#guard.keeps(resource)) {
      const problem = await this.#guard.putBack(resource);
      return problem === null
        ? { status: "ok", severity: "none", reason: "taken away by somebody, and put back" }
        : { status: "not-running", severity: "none", reason: `not set: ${problem}` };
    }
    if (found === undefined) {
      // Of a start or stop that was cut off: who is to start elsewhere must not have it here, without the address or with it.
      const left = table.interfaces.find(({ name }) => name === ownName(ip));
      if (left !== undefined) return failed(`Address ${resource.ip}: its interface ${left.name} is left, without it`);
      return { status: "not-running", severity: "none", reason: "not set" };
    }
    const broken = `Address ${resource.ip} on ${found.on.name}: `;
    const wanted = wantedName(resource, resource.interface);
    if (wanted !== undefined && wanted !== found.on.name) return failed(`${broken}wrong interface, wants ${wanted}`);
    if (macBytes(resource)?.equals(found.on.hardwareAddress) === false)
      return failed(`${broken}another hardware address, wants ${resource.mac}`);
    if (found.address.isDuplicate)
      return failed(`${broken}somebody else has it too (duplicate address detection)`, "hard");
    const link = linkProblem(found.on);
    if (link !== null) return failed(broken + link);
    return { status: "ok", severity: "none", reason: `on ${found.on.name}` };
  }

  /** The first announcement belongs to the start: clients are waiting for it, not for the cluster's bookkeeping. */
  #announceFirst(resource: AddressResource, on: Interface, ip: Uint8Array): void {
    this.announce(resource);
    if (this.#announceAtMs[0] !== 0) return;
    const [first, ...later] = this.#timers.get(resource.ip) ?? [];
    clearTimeout(first);
    this.#timers.set(resource.ip, later);
    // Not awaited: netlink has sent it when this returns, and arping takes a second that the start need not wait for.
    void this.#send({ interface: on, ip, prefix: resource.prefix });
  }

  async #send(change: AddressChange): Promise<void> {
    try {
      await this.#kernel.announce(change);
    } catch (error) {
      this.#onProblem(`Cannot announce ${ipText(change.ip)}: ${(error as Error).message}`);
    }
  }

  /** An address that somebody took away behind our back is not ours to announce. */
  async #announceIfHere(resource: AddressResource): Promise<void> {
    try {
      const ip = parseIpBytes(resource.ip);
      if (ip === null) return;
      const [found] = findAddress(await this.#kernel.read(), ip, resource.interface);
      if (found === undefined || !this.#timers.has(resource.ip)) return;
      await this.#send({ interface: found.on, ip, prefix: found.address.prefix });
    } catch (error) {
      this.#onProblem(`Cannot announce ${resource.ip}: ${(error as Error).message}`);
    }
  }

  #cancelAnnouncements({ ip }: AddressResource): void {
    this.#timers.get(ip)?.forEach(clearTimeout);
    this.#timers.delete(ip);
  }
}

/** So many of `first`, and when more are wanted, one after another. */
function announceTimes(first: readonly number[], times: number): readonly number[] {
  const last = first.at(-1) ?? 0;
  const more = Array.from(
    { length: Math.max(0, times - first.length) },
    (_, index) => last + (index + 1) * announcePeriodMs,
  );
  return [...first.slice(0, times), ...more];
}

function changeOf(resource: AddressResource, on: Interface, ip: Uint8Array): AddressChange {
  const { label, detectsDuplicates, mac } = resource;
  return {
    interface: on,
    ip,
    // On an interface of its own it must not make a route of its subnet.
    prefix: mac === undefined ? resource.prefix : ip.length * 8,
    ...(label === undefined ? {} : { label: `${on.name}:${label}`.slice(0, labelCharactersMax) }),
    ...(detectsDuplicates === undefined ? {} : { detectsDuplicates }),
  };
}

/** Of one operation. */
interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

interface Found {
  readonly on: Interface;
  readonly address: InterfaceAddress;
}

/** Every place where `ip` is set. Not the loopback, unless configured: real servers of LVS have the virtual address there. */
function findAddress(table: AddressTable, ip: Uint8Array, configured: string | undefined): readonly Found[] {
  return table.addresses.flatMap((address) => {
    if (Buffer.compare(address.ip, ip) !== 0) return [];
    const on = table.interfaces.find(({ index }) => index === address.interfaceIndex);
    return on === undefined || (on.isLoopback && on.name !== configured) ? [] : [{ on, address }];
  });
}

function linkProblem({ name, isUp, hasCarrier }: Interface): string | null {
  if (!isUp) return `${name} is down: ip link set ${name} up`;
  return hasCarrier ? null : `${name} has no carrier: look at the cable or switch`;
}

function failed(reason: string, severity: "soft" | "hard" | "fatal" = "soft"): Verdict {
  return { status: "failed", severity, reason };
}

function nameOf(resource: Operation["resource"]): string {
  return resource.kind === "address" ? `address ${resource.ip}/${resource.prefix}` : `"${resource.name}"`;
}
