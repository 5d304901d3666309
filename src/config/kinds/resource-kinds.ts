import { address } from "./address.ts";
import { exec } from "./exec.ts";
import type { ResourceKind } from "./kind.ts";
import { lsb } from "./lsb.ts";
import { ocf } from "./ocf.ts";

/** Every kind of resource that a file may have. */
export const resourceKinds: readonly ResourceKind[] = [address, ocf, lsb, exec];

/** The kind of a key in the file; undefined when there is none. */
export function kindOfKey(key: string): ResourceKind | undefined {
  return resourceKinds.find((kind) => kind.key === key);
}
