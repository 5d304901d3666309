import type { ResourceId } from "../model/ids.ts";

/** What can be seen of this machine without a daemon. Nothing is judged here. */
export interface NodeFacts {
  /** This node's name; null: the host name cannot be one, `nameProblem` says why. */
  readonly name: string | null;
  readonly nameProblem: string | null;
  readonly isRoot: boolean;
  /** What is wrong with the key file; null: nothing. */
  readonly keysProblem: string | null;
  readonly stateFolder: {
    readonly path: string;
    readonly isThere: boolean;
    readonly isWritable: boolean;
    /** null: not known. */
    readonly freeBytes: number | null;
  };
  /** Why the kernel lets no process run in real time; null: it does. */
  readonly realTimeProblem: string | null;
  /** null: nobody here who could tell. */
  readonly isClockSynchronized: boolean | null;
  /** Of every configured address of this node, in the order of links. */
  readonly addresses: readonly AddressFacts[];
  /** null: none is configured. */
  readonly watchdog: {
    readonly device: string;
    readonly isThere: boolean;
    /** The program that has it open; null: none that could be seen. */
    readonly holder: string | null;
  } | null;
  /** The disk that is the arbiter; null: there is none. `problem` null: it is this cluster's, and has a slot for this node. */
  readonly arbiterDisk: { readonly path: string; readonly problem: string | null } | null;
  /** Resources whose program is not here or cannot be run, of services that this node may run. */
  readonly missingPrograms: readonly { readonly resource: ResourceId; readonly program: string }[];
  /** What this machine starts at boot although the cluster does, of services that this node may run. */
  readonly bootStarts: readonly BootStart[];
  /** What files of this machine have it mount, export or set although it is the cluster's, of services that this node may run. */
  readonly hostClaims: readonly HostClaim[];
}

/** A line in a file of the machine that claims what is a resource's. */
export interface HostClaim {
  readonly resource: ResourceId;
  readonly file: string;
  readonly line: number;
  /** `mounts /dev/sdb1 at /srv`. */
  readonly what: string;
}

/** Something of the machine starts at boot what the cluster starts, too. */
export interface BootStart {
  readonly resource: ResourceId;
  /** The unit or the script, as its own tools name it. */
  readonly name: string;
  /** The link that has it started. */
  readonly link: string;
  readonly by: "systemd" | "init";
}

/** An address of this node. */
export interface AddressFacts {
  readonly link: number;
  readonly address: string;
  /** null: no interface has it. */
  readonly interface: string | null;
  readonly isUp: boolean;
  readonly mtu: number | null;
  /** Protocols (`UDP`, `TCP`) whose port another program has. Only looked at while no daemon runs. */
  readonly busy: readonly string[];
}
