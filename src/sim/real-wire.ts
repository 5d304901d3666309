import type { ClusterConfig } from "../model/cluster-config.ts";
import type { Keys } from "../wire/keys.ts";
import { Opener } from "../wire/opener.ts";
import { Sealer } from "../wire/sealer.ts";
import type { MachineWire } from "./machine.ts";

/** Packets as real, signed bytes: what is not written, or read wrongly, shows. Slower than carried packets by half. */
export function realWire(config: ClusterConfig, keys: Keys): MachineWire {
  const { cluster } = config;
  const nodes = config.nodes.map((node) => node.id);
  return {
    opener: (self) => new Opener({ cluster, keys, self, nodes }),
    sealer: (self, incarnation, channel) => new Sealer({ cluster, keys, self, incarnation, channel }),
  };
}
