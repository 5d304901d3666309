/** A network of a lab and the addresses on it. All lies inside namespaces: labs may have the same. */
export interface LabNetwork {
  readonly name: string;
  /** From 0; also the number of the interface in every host: network 0 is `eth0`. */
  readonly index: number;
  /** The first three numbers of its addresses, `10.77.0`. */
  readonly prefix: string;
}

/** One plug in the switch: a host's interface on one network. */
export interface Port {
  /** Name on the switch's side, `n1.front`: what `tcpdump -i` in the switch takes. */
  readonly name: string;
  readonly network: LabNetwork;
  /** Name on the host's side, `eth0`. */
  readonly interface: string;
  readonly ip: string;
  readonly mac: string;
}

/** Hosts get the numbers 1 to 199 in their order, `client` 250; 200 to 249 are free for virtual addresses. */
export const hostsMax = 199;
/** @see hostsMax */
export const clientNumber = 250;
const networksMax = 8;
const interfaceNameLengthMax = 15;

/** @throws RangeError when there are more than eight, two of one name, or a name that cannot be an interface */
export function planNetworks(names: readonly string[]): readonly LabNetwork[] {
  if (names.length < 1 || names.length > networksMax) {
    throw new RangeError(`Cannot make ${names.length} networks: wants 1 to ${networksMax}`);
  }
  if (new Set(names).size < names.length) throw new RangeError(`Cannot make networks ${names.join(", ")}: name twice`);
  return names.map((name, index) => ({ name: checkedName(name), index, prefix: `10.${77 + index}.0` }));
}

/**
 * The plug of host `name` on `network`.
 *
 * @param number 1 to 250, the last byte of its addresses
 * @throws RangeError when `name.network` is too long to be an interface
 */
export function planPort(name: string, number: number, network: LabNetwork): Port {
  const port = `${checkedName(name)}.${network.name}`;
  if (port.length > interfaceNameLengthMax) {
    throw new RangeError(`Cannot plug in "${name}": "${port}" is longer than ${interfaceNameLengthMax} characters`);
  }
  const hex = (value: number) => value.toString(16).padStart(2, "0");
  return {
    name: port,
    network,
    interface: `eth${network.index}`,
    ip: `${network.prefix}.${number}`,
    mac: `02:4c:41:42:${hex(network.index)}:${hex(number)}`,
  };
}

/** Names end up in shell commands and interface names, so they are kept plain. */
function checkedName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) return name;
  throw new RangeError(`Cannot use ${JSON.stringify(name)} in a lab: wants letters, digits, "_", "-"`);
}
