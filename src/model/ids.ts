import type { Brand } from "./brand.ts";

/** A configured node: its host name. */
export type NodeId = Brand<string, "NodeId">;

/** A service: its key in the configuration, or `KEY@NODE` for the instance of a clone on one node. */
export type ServiceId = Brand<string, "ServiceId">;

/** A resource: `service/name`, where the name is the kind's main value or the configured `name:`. */
export type ResourceId = Brand<string, "ResourceId">;

/** A fence device: its key in the configuration. */
export type DeviceId = Brand<string, "DeviceId">;

/** A heartbeat link: position of the address pair in every node's `addresses`, from 0. */
export type LinkId = Brand<number, "LinkId">;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** True for what may name a node, a service or a device: 1 to 63 of letters, digits, dot, underscore, hyphen. */
export function isName(text: string): boolean {
  return namePattern.test(text);
}

const witnessPattern = /^witness\.[0-9a-f]{12}$/;

/** True for what names a witness's disk among the voters; no node may be called so. */
export function isWitness(name: string): boolean {
  return witnessPattern.test(name);
}

/** Names a witness's disk for good. @param digits 12 hexadecimal ones, drawn when the disk was new */
export function witnessId(digits: string): NodeId {
  const name = `witness.${digits}`;
  if (!isWitness(name)) throw new RangeError(`Cannot name a witness ${JSON.stringify(digits)}: wants 12 hex digits`);
  return name as NodeId;
}

/** @throws RangeError when `text` cannot be a host name */
export function parseNodeId(text: string): NodeId {
  return parseName(text, "node") as NodeId;
}

/** True for what may name a service, or one instance of a clone: `web`, `web@n1`. */
export function isServiceName(text: string): boolean {
  const parts = text.split("@");
  return parts.length <= 2 && parts.every(isName);
}

/** @throws RangeError when `text` cannot name a service */
export function parseServiceId(text: string): ServiceId {
  if (isServiceName(text)) return text as ServiceId;
  return parseName(text, "service") as ServiceId;
}

/** The id of the instance of `clone` on `node`. */
export function instanceId(clone: ServiceId, node: NodeId): ServiceId {
  return `${clone}@${node}` as ServiceId;
}

/** @throws RangeError when `text` cannot name a device */
export function parseDeviceId(text: string): DeviceId {
  return parseName(text, "device") as DeviceId;
}

/** The id of the resource called `name` in `service`. */
export function resourceId(service: ServiceId, name: string): ResourceId {
  return `${service}/${name}` as ResourceId;
}

/** @throws RangeError when `index` is not an integer from 0 to 7 */
export function parseLinkId(index: number): LinkId {
  if (!Number.isInteger(index) || index < 0 || index > 7) throw new RangeError(`Cannot use link ${index}: not 0 to 7`);
  return index as LinkId;
}

function parseName(text: string, what: string): string {
  if (isName(text)) return text;
  throw new RangeError(`Cannot use ${JSON.stringify(text)} as ${what} name: wants 1 to 63 letters, digits, ". _ -"`);
}
