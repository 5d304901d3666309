import type { ProgramResult, ProgramRunner } from "../process/program-runner.ts";
import type { AddressKernel, Interface, InterfaceAddress } from "./address-kernel.ts";
import { ipText, parseIpBytes } from "../native/ip-bytes.ts";

/** `ip` and `arping` are quick or stuck; nothing useful lies between. */
const timeoutMs = 5000;

/**
 * The way without koffi: iproute2 and iputils-arping, 2 to 5 ms per question.
 *
 * Weaker in one point: an IPv6 address is not announced, for Debian has no program for it in its base; neighbours find out when their
 * cache entry times out, 30 s or so.
 */
export function createIpKernel(runner: ProgramRunner): AddressKernel {
  const run = async (argv: readonly string[], outputBytesMax?: number): Promise<ProgramResult> => {
    const bytes = outputBytesMax === undefined ? {} : { outputBytesMax };
    const outputName = `ip-${argv[0] ?? ""}-${(sequence += 1) % 16}`;
    return runner.run({ argv, environment: {}, timeoutMs, outputName, ...bytes }, new AbortController().signal);
  };
  return {
    async read() {
      const links = parseJson(await run(["ip", "-json", "address"], 1024 * 1024));
      return { interfaces: links.map((link) => toInterface(link, links)), addresses: links.flatMap(toAddresses) };
    },
    async add(change) {
      const { interface: on, ip, prefix, label, detectsDuplicates = false } = change;
      const argv = ["ip", "address", "add", `${ipText(ip)}/${prefix}`, "dev", on.name];
      if (ip.length === 4 && prefix < 31) argv.push("broadcast", "+");
      if (ip.length === 4 && label !== undefined) argv.push("label", label);
      if (ip.length === 16 && !detectsDuplicates) argv.push("nodad");
      expect(await run(argv), /File exists|already assigned/);
    },
    async remove({ interface: on, ip, prefix }) {
      expect(await run(["ip", "address", "del", `${ipText(ip)}/${prefix}`, "dev", on.name]), /Cannot assign|not found/);
    },
    async announce({ interface: on, ip }) {
      if (ip.length !== 4 || on.hasNoArp) return;
      for (const form of ["-U", "-A"]) expect(await run(["arping", form, "-c", "1", "-I", on.name, ipText(ip)]), /^$/);
    },
    links: {
      async add({ name, parent, hardwareAddress }) {
        const mac = hexPairs(hardwareAddress);
        const what = ["link", parent.name, "name", name, "address", mac, "type", "macvlan", "mode", "bridge"];
        expect(await run(["ip", "link", "add", ...what]), /^(?!)/);
      },
      async up(name) {
        expect(await run(["ip", "link", "set", name, "up"]), /^(?!)/);
      },
      async remove(name) {
        expect(await run(["ip", "link", "del", name]), /Cannot find device/);
      },
    },
    close: () => undefined,
  };
}

let sequence = 0;

function expect({ end, output }: ProgramResult, alsoFine: RegExp): void {
  if (end.kind === "exited" && (end.code === 0 || alsoFine.test(output))) return;
  throw new Error(explain(end, output));
}

function explain(end: ProgramResult["end"], output: string): string {
  if (end.kind === "not-started") return `${end.reason}: install iproute2 and iputils-arping`;
  const said = output.trim().replaceAll(/\s+/g, " ");
  return end.kind === "exited" ? `exit code ${end.code}: ${said}` : `${end.kind}: ${said}`;
}

/** The part of `ip -json address` that is used. */
interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly address?: string;
  /** Of one that stands on another one. */
  readonly link?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly IpAddress[];
}

interface IpAddress {
  readonly local?: string;
  readonly prefixlen: number;
  readonly secondary?: boolean;
  readonly tentative?: boolean;
  readonly dadfailed?: boolean;
}

function parseJson(result: ProgramResult): readonly IpLink[] {
  expect(result, /^(?!)/);
  // The format of our own machine's iproute2; a change of it shows in the contract suite.
  return (JSON.parse(result.output) as readonly Partial<IpLink>[]).filter(
    (link): link is IpLink => link.ifindex !== undefined && link.flags !== undefined && link.addr_info !== undefined,
  );
}

function hexPairs(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function toInterface({ ifindex, ifname, address, flags, link }: IpLink, links: readonly IpLink[]): Interface {
  const parent = links.find((other) => link !== undefined && other.ifname === link);
  const has = (flag: string): boolean => flags.includes(flag);
  const isMac = address !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(address);
  return {
    ...(parent === undefined ? {} : { parentIndex: parent.ifindex }),
    index: ifindex,
    name: ifname,
    hardwareAddress: isMac ? Buffer.from(address.replaceAll(":", ""), "hex") : Buffer.alloc(0),
    isUp: has("UP"),
    hasCarrier: has("UP") && has("LOWER_UP"),
    isLoopback: has("LOOPBACK"),
    hasNoArp: has("NOARP") || has("POINTOPOINT") || has("LOOPBACK"),
  };
}

function toAddresses({ ifindex, addr_info: addresses }: IpLink): readonly InterfaceAddress[] {
  return addresses.flatMap(({ local, prefixlen, secondary, tentative, dadfailed }) => {
    const ip = local === undefined ? null : parseIpBytes(local);
    if (ip === null) return [];
    return [
      {
        interfaceIndex: ifindex,
        ip,
        prefix: prefixlen,
        isSecondary: ip.length === 4 && secondary === true,
        isTentative: tentative === true,
        isDuplicate: dadfailed === true,
      },
    ];
  });
}
