import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reach } from "../../ports/reach.ts";
import { libcProblem, loadLibc } from "../native/libc.ts";
import { type Echo, echoRequest, replySequence } from "./echo.ts";
import { familyOf, socketAddress } from "./socket-address.ts";

const sockRaw = 3;
const cloexecAndNonblock = 0o2000000 | 0o4000;
const protocols = { 4: { family: 2, protocol: 1 }, 6: { family: 10, protocol: 58 } } as const;

const pollMs = 10;
/** Of one look at a socket: somebody else's answers come in here as well. */
const repliesPerPollMax = 256;

/**
 * ICMP echo on raw sockets of our own, opened for each count: nothing is left over from the one before, and between counts the kernel
 * copies nobody's packets for us. The daemon has the right to it anyway, for gratuitous ARP.
 */
export class IcmpReach implements Reach {
  async count(hosts: readonly string[], timeoutMs: number): Promise<number> {
    const libc = loadLibc();
    if (libc === null) throw new Error(`no ICMP without koffi: ${libcProblem()}`);
    const sockets = new Map<4 | 6, number>();
    try {
      for (const version of new Set(hosts.map(familyOf))) {
        const { family, protocol } = protocols[version];
        const fd = libc.socket(family, sockRaw | cloexecAndNonblock, protocol);
        if (fd < 0) throw new Error(`no raw socket for ICMP: errno ${libc.errno()}`);
        sockets.set(version, fd);
      }
      const token = randomBytes(8);
      const answered = new Set<number>();
      const ask = (): void => {
        for (const [index, host] of hosts.entries()) {
          if (answered.has(index)) continue;
          const version = familyOf(host);
          const packet = echoRequest({ version, sequence: index, token });
          const to = socketAddress(host);
          // What cannot be sent has no way there: it is not reached.
          libc.sendto(sockets.get(version) ?? -1, packet, packet.length, 0, to, to.length);
        }
      };
      const take = (): void => {
        const buffer = Buffer.alloc(2048);
        for (const [version, fd] of sockets) {
          for (let read = 0; read < repliesPerPollMax; read += 1) {
            const size = libc.recv(fd, buffer, buffer.length, 0);
            if (size < 0) break;
            const echo: Echo = { version, token };
            const sequence = replySequence(buffer.subarray(0, size), echo);
            if (sequence !== null && sequence < hosts.length) answered.add(sequence);
          }
        }
      };
      const begin = performance.now();
      let asked = 0;
      for (;;) {
        const passedMs = performance.now() - begin;
        // One packet may be lost: again at half of the time.
        if (asked === 0 || (asked === 1 && passedMs >= timeoutMs / 2)) {
          ask();
          asked += 1;
        }
        take();
        if (answered.size === hosts.length || passedMs >= timeoutMs) return answered.size;
        await sleep(pollMs);
      }
    } finally {
      for (const fd of sockets.values()) libc.close(fd);
    }
  }
}
