import type { AddressResource } from "../../model/cluster-config.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { RemovedAddress } from "../../ports/address-warden.ts";
import { parseIpBytes } from "../native/ip-bytes.ts";
import type { AddressKernel, AddressWatch } from "./address-kernel.ts";
import { removeOwn } from "./own-interface.ts";
import { removeGently } from "./remove-address.ts";

/**
 * Removes addresses of services that somebody sets on a node where the services do not run: by hand, by a network manager, or what was left over.
 *
 * The core says which ones these are, and says it anew before an operation on one begins. Beside its own kernel's word about changes it looks when the list
 * is new. Loopback does not count: real servers of LVS have the addresses there.
 */
const lookPeriodMs = 500;
/** More often within the window, and somebody works against us: it is let be until the window has passed. */
const removalsMax = 5;
const windowMs = 60_000;

/** One for all addresses of a node. Without a kernel that tells of changes nothing is done. */
export class AddressRemoval {
  readonly #kernel: AddressKernel;
  #tell: (removed: RemovedAddress) => void = () => undefined;
  #unwanted: readonly AddressResource[] = [];
  #watch: AddressWatch | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Something may be there already, or was let be. */
  #mustLook = false;
  #looking: Promise<void> | null = null;
  readonly #removedAt = new Map<ResourceId, readonly number[]>();

  constructor(kernel: AddressKernel) {
    this.#kernel = kernel;
  }

  onRemoved(tell: (removed: RemovedAddress) => void): void {
    this.#tell = tell;
  }

  keepAway(addresses: readonly AddressResource[]): void {
    this.#unwanted = addresses;
    this.#mustLook = true;
    if (addresses.length === 0) return this.close();
    if (this.#watch !== null || this.#kernel.watch === undefined) return;
    this.#watch = this.#kernel.watch();
    this.#timer = setInterval(() => this.#look(), lookPeriodMs).unref();
  }

  /** It is about to be started. Resolves when no removal of it is under way. */
  async allow({ ip }: AddressResource): Promise<void> {
    this.#unwanted = this.#unwanted.filter((other) => other.ip !== ip);
    await this.#looking;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#watch?.close();
    this.#watch = null;
  }

  #look(): void {
    const hasChanged = this.#watch?.hasChanged() === true || this.#mustLook;
    if (this.#looking !== null || !hasChanged) return;
    this.#mustLook = false;
    this.#looking = this.#removeAll().finally(() => {
      this.#looking = null;
    });
  }

  async #removeAll(): Promise<void> {
    for (const resource of this.#unwanted) {
      try {
        await this.#remove(resource);
      } catch (error) {
        this.#tell({ resource: resource.id, what: `cannot be removed: ${(error as Error).message}` });
      }
    }
  }

  async #remove(resource: AddressResource): Promise<void> {
    const ip = parseIpBytes(resource.ip);
    const table = await this.#kernel.read();
    const isUnwanted = (): boolean => this.#unwanted.includes(resource);
    const found = table.addresses.flatMap((address) => {
      const on = table.interfaces.find(({ index }) => index === address.interfaceIndex);
      const isIt = ip !== null && Buffer.compare(address.ip, ip) === 0;
      return isIt && on !== undefined && !on.isLoopback ? [{ address, on }] : [];
    });
    const [first] = found;
    if (ip === null || first === undefined || !isUnwanted()) return;
    const lately = (this.#removedAt.get(resource.id) ?? []).filter((at) => performance.now() - at < windowMs);
    if (lately.length >= removalsMax) {
      this.#mustLook = true;
      return;
    }
    const isLast = lately.length === removalsMax - 1;
    this.#removedAt.set(resource.id, [...lately, performance.now()]);
    await removeOwn(this.#kernel, table, ip);
    for (const { address, on } of found) if (isUnwanted()) await removeGently(this.#kernel, table, on, address);
    const again = isLast ? `, for the ${removalsMax}th time within a minute: let be until that is over` : "";
    this.#tell({ resource: resource.id, what: `was set on ${first.on.name} by somebody: removed${again}` });
  }
}
