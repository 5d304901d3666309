import type { AddressResource } from "../../model/cluster-config.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { AddressKernel, AddressWatch } from "./address-kernel.ts";

/**
 * Watches over addresses that run here: what somebody else takes away is put back at once, without a restart of the service.
 *
 * The kernel tells of every change through a socket, which is looked at a few times a second: a look costs a microsecond, and only a change costs a
 * table. A start or stop of the
 * address ends the watch until it has ended well, so that nothing here works against it. To put an address
 * back is no start: by all accounts it is active here until a stop has ended.
 */
const lookPeriodMs = 200;
/** More often within the window, and somebody works against us: the core is asked to decide. */
const restoresMax = 5;
const windowMs = 10_000;

/** What the guard asks of the agent. */
export interface GuardHooks {
  /** True when it is set here, on whatever interface. */
  isSet(resource: AddressResource): Promise<boolean>;
  /** Sets and announces it. Rejects, or resolves to why not; null when it is set. */
  restore(resource: AddressResource): Promise<string | null>;
  onRestored(resource: AddressResource): void;
  /** It was gone and stays away: somebody works against us, or it cannot be set. */
  onLost(resource: AddressResource, why: string): void;
}

/** One for all addresses of a node. Without a kernel that tells of changes only monitors find that one is gone, and put it back. */
export class AddressGuard {
  readonly #kernel: AddressKernel;
  readonly #hooks: GuardHooks;
  readonly #kept = new Map<ResourceId, AddressResource>();
  /** When addresses were put back, within the window. */
  readonly #restoredAt = new Map<ResourceId, readonly number[]>();
  #watch: AddressWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Something may have happened before the watch began. */
  #mustLook = false;
  #isLooking = false;

  constructor(kernel: AddressKernel, hooks: GuardHooks) {
    this.#kernel = kernel;
    this.#hooks = hooks;
  }

  /** It runs here from now on. */
  keep(resource: AddressResource): void {
    this.#kept.set(resource.id, resource);
    if (this.#watch !== null || this.#kernel.watch === undefined) return;
    this.#watch = this.#kernel.watch();
    this.#mustLook = true;
    this.#timer = setInterval(() => void this.#look(), lookPeriodMs).unref();
  }

  keeps({ id }: AddressResource): boolean {
    return this.#kept.has(id);
  }

  /** A start or stop works on it, or it does not run here any more. */
  release({ id }: AddressResource): void {
    this.#kept.delete(id);
    if (this.#kept.size === 0) this.#endWatch();
  }

  /** Of an address that is kept and is not there. @returns why not; null when it is back */
  async putBack(resource: AddressResource): Promise<string | null> {
    const problem = this.#mayRestore(resource.id)
      ? await this.#hooks.restore(resource).catch((error: unknown) => (error as Error).message)
      : `it was taken away ${restoresMax} times within ${windowMs / 1000} s`;
    if (problem === null) {
      this.#hooks.onRestored(resource);
      return null;
    }
    this.release(resource);
    return problem;
  }

  close(): void {
    this.#endWatch();
    this.#kept.clear();
  }

  /** Where nothing is kept, nobody wakes five times a second for it. */
  #endWatch(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#watch?.close();
    this.#watch = null;
  }

  async #look(): Promise<void> {
    const hasChanged = this.#watch?.hasChanged() === true || this.#mustLook;
    if (this.#isLooking || !hasChanged) return;
    this.#mustLook = false;
    this.#isLooking = true;
    try {
      for (const resource of this.#kept.values()) await this.#lookAfter(resource);
    } finally {
      this.#isLooking = false;
    }
  }

  async #lookAfter(resource: AddressResource): Promise<void> {
    if (await this.#hooks.isSet(resource)) return;
    // Meanwhile an operation may have begun.
    if (!this.keeps(resource)) return;
    const problem = await this.putBack(resource);
    if (problem !== null) this.#hooks.onLost(resource, problem);
  }

  #mayRestore(id: ResourceId): boolean {
    const now = performance.now();
    const lately = (this.#restoredAt.get(id) ?? []).filter((at) => now - at < windowMs);
    if (lately.length >= restoresMax) return false;
    this.#restoredAt.set(id, [...lately, now]);
    return true;
  }
}
