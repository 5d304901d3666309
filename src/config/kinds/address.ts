import { createHash } from "node:crypto";
import { z } from "zod";
import type { AddressResource, AnnouncePolicy } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { isNetworkOrBroadcast, parseIp, parseIpWithPrefix } from "../ip.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { asMapping, asText, type Mapping } from "../raw.ts";
import { durationOrZero, flag, operations, text } from "../schema-parts.ts";
import { spanOr } from "../written.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const labelWanted = "1 to 8 letters, digits, dots, underscores or hyphens";
const announceTimesMax = 60;
const timesWanted = `a whole number from 1 to ${announceTimesMax}`;
/** More often would be a flood for nothing. */
const refreshMsMin = 1_000;
const macWanted = "derived, or a hardware address of one's own such as 02:00:c0:a8:01:64";
const ipWanted = "an address with its prefix length such as 192.168.1.100/24";

const announce = z.strictObject({
  times: z
    .int({ error: timesWanted })
    .min(1, { error: timesWanted })
    .max(announceTimesMax, { error: timesWanted })
    .meta({ description: "How often neighbours are told, at once and within seconds. Default: 5." })
    .optional(),
  refresh: durationOrZero("How often they are told again for as long as it is here; 0: not.", "0").optional(),
});

/** A virtual address, set and announced by hale itself. */
export const address = defineKind({
  key: "address",
  schema: z.strictObject({
    ip: text(ipWanted, "Address and prefix length."),
    interface: z
      .string()
      .regex(/^[^\s/]{1,15}$/, { error: "an interface name such as eth0" })
      .meta({ description: "Default: the interface that has an address in the same subnet." })
      .optional(),
    label: z
      .string({ error: labelWanted })
      .regex(/^[A-Za-z0-9_.-]{1,8}$/, { error: labelWanted })
      .meta({ description: "IPv4: what ip address shows after the interface's name." })
      .optional(),
    mac: z
      .string({ error: macWanted })
      .regex(/^(derived|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5})$/, { error: macWanted })
      .meta({
        description: "A hardware address that goes along, on an interface of its own; derived: made of the address.",
      })
      .optional(),
    "duplicate-detection": flag("IPv6: ask before it is used whether somebody has it.", false).optional(),
    announce: announce.optional(),
    ...operations,
  }),
  nameOf: (body) => mainText(body, "ip")?.split("/")[0],
  check,
  build(body, place): AddressResource {
    const { ip, prefix } = parseIpWithPrefix(body.ip) ?? { ip: body.ip, prefix: 32 };
    const device = body.interface === undefined ? {} : { interface: body.interface };
    const label = body.label === undefined ? {} : { label: body.label };
    const detects = body["duplicate-detection"] === true ? { detectsDuplicates: true as const } : {};
    const mac = body.mac === undefined ? {} : { mac: macOf(body.mac, ip) };
    const told = body.announce === undefined ? {} : { announce: policyOf(body.announce) };
    const base = buildBase(body.ip.split("/")[0] ?? body.ip, body, place);
    return { ...base, kind: "address", ip, prefix, ...device, ...label, ...mac, ...detects, ...told };
  },
  isOf: (resource) => resource.kind === "address",
  write(resource) {
    const device = resource.interface === undefined ? {} : { interface: resource.interface };
    const { name: _name, ...times } = { name: "", ...writeBase(resource) };
    const name = resource.name === resource.ip ? {} : { name: resource.name };
    const label = resource.label === undefined ? {} : { label: resource.label };
    const detects = resource.detectsDuplicates === true ? { "duplicate-detection": true } : {};
    const mac = resource.mac === undefined ? {} : { mac: resource.mac };
    const told = resource.announce === undefined ? {} : { announce: writePolicy(resource.announce) };
    return {
      ip: `${resource.ip}/${resource.prefix}`,
      ...device,
      ...label,
      ...mac,
      ...detects,
      ...told,
      ...name,
      ...times,
    };
  },
});

const announceTimesDefault = 5;

function policyOf({ times = announceTimesDefault, refresh }: z.infer<typeof announce>): AnnouncePolicy {
  return { times, refreshMs: spanOr(refresh, 0) };
}

function writePolicy({ times, refreshMs }: AnnouncePolicy): object {
  return { times, refresh: refreshMs === 0 ? 0 : formatDuration(refreshMs) };
}

const macPattern = /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/;

/** Derived, it is 02:00 and the IPv4 address, or 02:06 and four bytes that follow from the IPv6 address. */
function macOf(written: string, ip: string): string {
  if (written !== "derived") return written.toLowerCase();
  const bytes = parseIp(ip) ?? [];
  const tail =
    bytes.length === 4 ? bytes : [...createHash("sha256").update(Buffer.from(bytes)).digest().subarray(0, 4)];
  return [2, bytes.length === 4 ? 0 : 6, ...tail].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function check(path: Path, body: Mapping): Problem[] {
  const ip = asText(body["ip"]);
  if (ip === undefined) return [];
  const at = [...path, "ip"];
  const parsed = parseIpWithPrefix(ip);
  if (parsed === undefined) return [{ path: at, found: describeValue(ip), wanted: ipWanted }];
  const isIpv4 = parsed.bytes.length === 4;
  if (!isIpv4 && body["label"] !== undefined)
    return [
      {
        path: [...path, "label"],
        atKey: true,
        found: "a label of an IPv6 address",
        wanted: "none: only IPv4 has them",
      },
    ];
  if (isIpv4 && body["duplicate-detection"] === true) {
    const found = "duplicate detection of an IPv4 address";
    return [{ path: [...path, "duplicate-detection"], atKey: true, found, wanted: "none: only IPv6 has it" }];
  }
  const refresh = asMapping(body["announce"])["refresh"];
  const refreshMs = parseDuration(refresh) ?? 0;
  if (refreshMs > 0 && refreshMs < refreshMsMin)
    return [{ path: [...path, "announce", "refresh"], found: describeValue(refresh), wanted: "at least 1s, or 0" }];
  const mac = asText(body["mac"]);
  // The second bit of the first byte says "locally administered", the first one "to many".
  if (mac !== undefined && macPattern.test(mac) && (Number.parseInt(mac.slice(0, 2), 16) & 3) !== 2)
    return [
      { path: [...path, "mac"], found: describeValue(mac), wanted: `one that nobody was given: 02:…, or derived` },
    ];
  if (mac !== undefined && body["label"] !== undefined)
    return [{ path: [...path, "label"], atKey: true, found: "a label beside mac", wanted: "one of them" }];
  if (!isNetworkOrBroadcast(parsed)) return [];
  const found = `${describeValue(ip)}, the network or broadcast address`;
  return [{ path: at, found, wanted: "an address that a host may have" }];
}
