import { z } from "zod";
import type { SambaResource } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { parseIp } from "../ip.ts";
import { asList, asText, type Mapping } from "../raw.ts";
import { flag, operations, text } from "../schema-parts.ts";
import { defineKind } from "./kind.ts";
import { buildBase, writeBase } from "./operations.ts";

const pathWanted = "an absolute path, without a blank or slash at its end";
const nameWanted = "1 to 15 letters, digits and hyphens";
const addressesWanted = "a list of addresses such as [192.168.1.100]";

/** A file server of a service's own. */
export const samba = defineKind({
  key: "samba",
  schema: z.strictObject({
    config: text(pathWanted, "What is shared, and how, in the words of smb.conf(5)."),
    folder: text(pathWanted, "Passwords, secrets and logs; on the service's file system, so that they go along."),
    "netbios-name": z
      .string({ error: nameWanted })
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,14}$/, { error: nameWanted })
      .meta({ description: "What clients know it by. Default: the service's name." })
      .optional(),
    addresses: z
      .array(z.string({ error: "an IPv4 or IPv6 address" }), { error: addressesWanted })
      .min(1, { error: addressesWanted })
      .meta({ description: "Where it listens, and nowhere else. Default: the addresses of the service." })
      .optional(),
    nmbd: flag("With the name server of NetBIOS, for clients that browse as of old.", false).optional(),
    ...operations,
  }),
  nameOf: () => "samba",
  check,
  build: (body, place): SambaResource => ({
    ...buildBase("samba", body, place),
    kind: "samba",
    config: body.config,
    folder: body.folder,
    netbiosName: body["netbios-name"] ?? netbiosNameOf(place.service),
    // Those of the service, once all its resources are known.
    addresses: body.addresses ?? [],
    ...(body.nmbd === true ? { nmbd: true } : {}),
  }),
  isOf: (resource) => resource.kind === "samba",
  write: ({ config, folder, netbiosName, addresses, nmbd, ...rest }) => ({
    config,
    folder,
    "netbios-name": netbiosName,
    addresses,
    ...(nmbd === true ? { nmbd } : {}),
    ...writeBase(rest),
  }),
});

function netbiosNameOf(service: string): string {
  return service
    .replaceAll(/[^A-Za-z0-9-]/g, "-")
    .slice(0, 15)
    .toUpperCase();
}

function check(path: Path, body: Mapping): Problem[] {
  const paths = ["config", "folder"].flatMap((key): Problem[] => {
    const written = asText(body[key]);
    if (written === undefined || written === "" || /^\/[^\n]*[^\s/]$/.test(written)) return [];
    return [{ path: [...path, key], found: describeValue(written), wanted: pathWanted }];
  });
  const addresses = asList(body["addresses"]).flatMap((value, index): Problem[] => {
    const written = asText(value);
    if (written === undefined || parseIp(written) !== undefined) return [];
    return [{ path: [...path, "addresses", index], found: describeValue(written), wanted: "an IPv4 or IPv6 address" }];
  });
  return [...paths, ...addresses];
}
