import { execFileSync } from "node:child_process";
import { loadLibc } from "../../src/adapters/native/libc.ts";

const iproute = "ip";
const newNetworkNamespace = 0x40000000;

/** True where a test may make namespaces of its own. */
export const canMakeSandbox = process.getuid?.() === 0 && loadLibc() !== null;

/**
 * Moves this test process (its main thread, where sockets are opened, and programs started by `startByNode`) into a network namespace of its own, with
 * a cable between `hale0` (192.168.7.11/24, fd07::11/64) and `hale1`, whose frames the test reads as the neighbour would.
 */
export function enterNetworkSandbox(): void {
  if (loadLibc()?.unshare(newNetworkNamespace) !== 0) throw new Error("Cannot make a network namespace");
  ip("link set lo up");
  ip("link add name hale0 type veth peer name hale1");
  ip("link set hale1 up");
  ip("link set hale0 up");
  ip("address add 192.168.7.11/24 dev hale0");
  ip("address add fd07::11/64 dev hale0 nodad");
}

/** Runs `ip` in the sandbox; words are split at blanks. */
export function ip(words: string): string {
  return execFileSync(iproute, words.split(" "), { encoding: "utf8" });
}

/** Hears every frame that comes in on `interfaceName`, until closed. */
export function listenForFrames(interfaceName: string): { frames(): readonly Buffer[]; close(): void } {
  const libc = loadLibc();
  if (libc === null) throw new Error("Cannot listen: no koffi");
  const allProtocols = Buffer.from([0, 3]);
  const fd = libc.socket(17, 3 | 0o2000000, allProtocols.readUInt16LE(0));
  const address = Buffer.alloc(20);
  address.writeUInt16LE(17, 0);
  allProtocols.copy(address, 2);
  const [link] = JSON.parse(ip(`-json link show ${interfaceName}`)) as readonly { readonly ifindex: number }[];
  address.writeInt32LE(link?.ifindex ?? 0, 4);
  if (fd < 0 || libc.bind(fd, address, 20) !== 0)
    throw new Error(`Cannot listen on ${interfaceName}: errno ${libc.errno()}`);
  const doNotWait = 0x40;
  return {
    frames() {
      const frames: Buffer[] = [];
      const buffer = Buffer.alloc(2048);
      for (;;) {
        const size = libc.recv(fd, buffer, buffer.length, doNotWait);
        if (size < 0) return frames;
        frames.push(Buffer.from(buffer.subarray(0, size)));
      }
    },
    close: () => void libc.close(fd),
  };
}
