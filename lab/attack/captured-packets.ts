import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../lab.ts";

const count = 60;

/** Datagrams of the cluster as they were on the first network just now. */
export async function capturePackets(lab: Lab, port: number): Promise<readonly Buffer[]> {
  const file = join(lab.folder, "captured");
  await lab.inSwitch(`tcpdump -i ${lab.networks[0]?.name} -c ${count} -w ${file} udp port ${port}`);
  return payloadsOf(await readFile(file));
}

/** The UDP payloads of a capture file of Ethernet and IPv4. */
function payloadsOf(file: Buffer): readonly Buffer[] {
  const [fileHeader, recordHeader, headers] = [24, 16, 14 + 20 + 8];
  const payloads: Buffer[] = [];
  for (let at = fileHeader; at < file.length; ) {
    const start = at + recordHeader;
    const end = start + file.readUInt32LE(at + 8);
    payloads.push(file.subarray(start + headers, end));
    at = end;
  }
  return payloads;
}
