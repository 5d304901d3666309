import type { ResourceConfig } from "../../model/cluster-config.ts";

/** What of a machine a resource uses, by the names that the machine's own files have for it too. */
export interface ResourceClaims {
  /** A file system. `directory` has no slash at its end. */
  readonly mount?: { readonly device: string; readonly directory: string };
  readonly address?: string;
  /** A folder that is exported. */
  readonly exported?: string;
}

/** Also of Debian's agents, and of Red Hat's, that do the same. */
export function claimsOf(resource: ResourceConfig): ResourceClaims {
  switch (resource.kind) {
    case "filesystem":
      return { mount: { device: resource.device, directory: resource.directory } };
    case "address":
      return { address: resource.ip };
    case "ocf":
      return resource.provider === "heartbeat" ? claimsOfAgent(resource.type, resource.parameters) : {};
    case "rhcs": {
      const { mountpoint, device = "", address } = resource.parameters;
      return {
        ...(mountpoint === undefined ? {} : { mount: { device, directory: withoutSlash(mountpoint) } }),
        ...(address === undefined ? {} : { address: withoutPrefix(address) }),
      };
    }
    case "systemd":
    case "lsb":
    case "exec":
    case "samba":
    case "delay":
      return {};
  }
}

function claimsOfAgent(type: string, { device = "", directory, ip }: Readonly<Record<string, string>>): ResourceClaims {
  if (type === "Filesystem" && directory !== undefined)
    return { mount: { device, directory: withoutSlash(directory) } };
  if (type === "exportfs" && directory !== undefined) return { exported: withoutSlash(directory) };
  return ["IPaddr", "IPaddr2", "IPv6addr"].includes(type) && ip !== undefined ? { address: withoutPrefix(ip) } : {};
}

export function withoutSlash(folder: string): string {
  return folder.length > 1 ? folder.replace(/\/+$/, "") : folder;
}

function withoutPrefix(address: string): string {
  return address.replace(/\/.*/, "");
}
