import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HaleCluster, labKeys } from "../lab/hale-cluster.ts";
import { sharedInHost } from "../lab/host-disk.ts";
import type { Lab } from "../lab/lab.ts";
import { type Arbiter, SharedDisk, WitnessHost, witnessPort } from "./arbiter.ts";

/** What decides who goes on: three nodes by majority, or two by one of the arbiters; or three whose services freeze without quorum. */
export const setupNames = ["majority", "race", "witness", "disk", "freeze"] as const;

export type SetupName = (typeof setupNames)[number];

/** What a site is made of beside its nodes. */
export interface Setup {
  /** Hosts that are no nodes. */
  readonly hosts: readonly string[];
  readonly quorum?: unknown;
  /** Of every service. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** A vote beside those of the nodes. */
  readonly arbiter: ((lab: Lab) => Arbiter) | null;
  /** Before the cluster is founded. */
  readonly prepare: (lab: Lab) => Promise<void>;
  /** Once all nodes are members. */
  readonly complete: (cluster: HaleCluster) => Promise<void>;
}

const witnessHost = "third";
const disk = "arbiter.img";
const diskBytes = 1 << 20;
const nothing = { hosts: [], arbiter: null, prepare: async () => {}, complete: async () => {} };

/** @param nodes of the cluster, the preferred one first */
export function makeSetup(name: SetupName, nodes: readonly string[]): Setup {
  switch (name) {
    case "majority":
      return nothing;
    case "freeze":
      return { ...nothing, policy: { "without-quorum": "freeze" } };
    case "race":
      return { ...nothing, quorum: { arbiter: "fencing", prefer: nodes[0] } };
    case "witness":
      return {
        ...nothing,
        hosts: [witnessHost],
        arbiter: (lab) => new WitnessHost(lab.host(witnessHost)),
        // Addresses go by the number of the host, and this one is the last.
        quorum: { arbiter: { witness: `10.77.0.${nodes.length + 1}:${witnessPort}` } },
        prepare: async (lab) => {
          await lab.host(witnessHost).writeFile("/etc/hale/witness/lab.keys", labKeys, 0o600);
        },
      };
    case "disk":
      return {
        ...nothing,
        arbiter: (lab) => new SharedDisk(join(lab.shared, disk)),
        quorum: { arbiter: { disk: `${sharedInHost}/${disk}` } },
        prepare: async (lab) => writeFile(join(lab.shared, disk), new Uint8Array(diskBytes)),
        complete: async (cluster) => {
          await cluster.must(cluster.nodes[0] ?? "", ["arbiter-disk", "init", `${sharedInHost}/${disk}`]);
        },
      };
  }
}
