import { readFileSync } from "node:fs";
import type { Libc } from "../native/libc.ts";
import type { AddressKernel } from "./address-kernel.ts";
import { announcementFrames, openFrameSocket, sendFrames } from "./announcement.ts";
import {
  addAddress,
  addMacvlan,
  readAddressTable,
  removeAddress,
  removeLink,
  setLinkUp,
  watchAddresses,
} from "./rtnetlink.ts";

/** The fast way: system calls in this thread, no program. Each takes some 10 to 100 µs; all answer at once. */
export function createNetlinkKernel(libc: Libc): AddressKernel {
  let frameSocket: number | null = null;
  return {
    read: () => readAddressTable(libc),
    add: (change) => addAddress(libc, change),
    remove: (change) => removeAddress(libc, change),
    links: {
      add: (own) => addMacvlan(libc, own),
      up: (name) => setLinkUp(libc, name),
      remove: (name) => removeLink(libc, name),
    },
    watch: () => watchAddresses(libc),
    announce({ interface: on, ip }) {
      if (on.hasNoArp || on.hardwareAddress.length !== 6) return;
      frameSocket ??= openFrameSocket(libc);
      const isRouter = ip.length === 16 && forwards(on.name);
      sendFrames(libc, frameSocket, on, announcementFrames(ip, on.hardwareAddress, isRouter));
    },
    close() {
      if (frameSocket !== null) libc.close(frameSocket);
      frameSocket = null;
    },
  };
}

function forwards(interfaceName: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, "utf8").startsWith("1");
  } catch {
    // No /proc, or the interface is just gone: not a router.
    return false;
  }
}
