import { address } from "./address.ts";
import { delay } from "./delay.ts";
import { exec } from "./exec.ts";
import { filesystem } from "./filesystem.ts";
import type { ResourceKind } from "./kind.ts";
import { lsb } from "./lsb.ts";
import { lvm } from "./lvm.ts";
import { nfsExport } from "./nfs-export.ts";
import { ocf } from "./ocf.ts";
import { rhcs } from "./rhcs.ts";
import { samba } from "./samba.ts";
import { systemd } from "./systemd.ts";

/** Every kind of resource that a file may have. */
export const resourceKinds: readonly ResourceKind[] = [
  address,
  filesystem,
  lvm,
  nfsExport,
  systemd,
  samba,
  ocf,
  lsb,
  rhcs,
  exec,
  delay,
];

/** The kind of a key in the file; undefined when there is none. */
export function kindOfKey(key: string): ResourceKind | undefined {
  return resourceKinds.find((kind) => kind.key === key);
}
