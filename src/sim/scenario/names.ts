import type { ClusterConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { DeviceId, NodeId, ResourceId } from "../../model/ids.ts";
import { simDisk } from "../sim-arbiter-disk.ts";
import { simWitness } from "../sim-witness.ts";
import type { ValueReader } from "./value-reader.ts";

/** Reads names that must be in the configuration. */
export interface Names {
  readonly config: ClusterConfig;
  node(reader: ValueReader): NodeId | undefined;
  /** A node, or `witness` or `disk` where the configuration has one. */
  place(reader: ValueReader): NodeId | undefined;
  service(reader: ValueReader): string | undefined;
  resource(reader: ValueReader): ResourceId | undefined;
  device(reader: ValueReader): DeviceId | undefined;
}

/** What can be cut off beside the nodes, by the arbiter that it is. */
const thirds: Readonly<Partial<Record<QuorumConfig["kind"], NodeId>>> = { witness: simWitness, disk: simDisk };

/** Names of `config`. */
export function namesOf(config: ClusterConfig): Names {
  const nodes = config.nodes.map((node) => node.id);
  const services = config.services.map((service) => service.id);
  const resources = config.services.flatMap((service) => service.resources.map((resource) => resource.id));
  const devices = config.fencing.kind === "devices" ? config.fencing.devices.map((device) => device.id) : [];
  return {
    config,
    node: (reader) => reader.oneOf(nodes),
    place: (reader) => {
      const third = thirds[config.quorum.kind];
      if (third === undefined || nodes.some((node) => node === config.quorum.kind)) return reader.oneOf(nodes);
      const place = reader.oneOf([...nodes, config.quorum.kind as NodeId]);
      return place === config.quorum.kind ? third : place;
    },
    service: (reader) => reader.oneOf(services),
    resource: (reader) => reader.oneOf(resources),
    device: (reader) =>
      devices.length === 0 ? reader.wrong("there are no fence devices to name") : reader.oneOf(devices),
  };
}
