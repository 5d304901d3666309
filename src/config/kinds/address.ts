import { z } from "zod";
import type { AddressResource } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { isNetworkOrBroadcast, parseIpWithPrefix } from "../ip.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const ipWanted = "an address with its prefix length such as 192.168.1.100/24";

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
    ...operations,
  }),
  nameOf: (body) => mainText(body, "ip")?.split("/")[0],
  check,
  build(body, place): AddressResource {
    const { ip, prefix } = parseIpWithPrefix(body.ip) ?? { ip: body.ip, prefix: 32 };
    const device = body.interface === undefined ? {} : { interface: body.interface };
    const base = buildBase(body.ip.split("/")[0] ?? body.ip, body, place);
    return { ...base, kind: "address", ip, prefix, ...device };
  },
  isOf: (resource) => resource.kind === "address",
  write(resource) {
    const device = resource.interface === undefined ? {} : { interface: resource.interface };
    const { name: _name, ...times } = { name: "", ...writeBase(resource) };
    const name = resource.name === resource.ip ? {} : { name: resource.name };
    return { ip: `${resource.ip}/${resource.prefix}`, ...device, ...name, ...times };
  },
});

function check(path: Path, body: Mapping): Problem[] {
  const ip = asText(body["ip"]);
  if (ip === undefined) return [];
  const at = [...path, "ip"];
  const parsed = parseIpWithPrefix(ip);
  if (parsed === undefined) return [{ path: at, found: describeValue(ip), wanted: ipWanted }];
  if (!isNetworkOrBroadcast(parsed)) return [];
  const found = `${describeValue(ip)}, the network or broadcast address`;
  return [{ path: at, found, wanted: "an address that a host may have" }];
}
