import type { EntryBody } from "../model/entry.ts";
import { entryBytesMax } from "./packet-format.ts";

/**
 * The bodies of entries are JSON inside the binary packet: they are the manager's words, they grow with every feature, and they
 * are rare. What the wire guarantees of them is what keeps a wrong body from breaking a reader: the kind is known, each field of
 * it is there with the right type, lists hold what they should, and everything below is plain JSON of bounded size and depth.
 * The values (is that a service? is that configuration right?) are the manager's to judge: it must do so anyway, on every member
 * in the same way, when the entry is delivered.
 *
 * Unknown fields pass, so that a newer minor version may say more to older ones; an unknown kind does not.
 */

/** Deeper than any configuration (7), far from any stack's limit. */
const depthMax = 32;

type FieldType = "text" | "text or null" | "number" | "flag" | "texts" | "objects" | "object";

type TypeOf<Value> = [Value] extends [string]
  ? "text"
  : [Value] extends [string | null]
    ? "text or null"
    : Value extends number
      ? "number"
      : Value extends boolean
        ? "flag"
        : Value extends readonly (infer Item)[]
          ? Item extends string
            ? "texts"
            : "objects"
          : "object";

/** Fields that may be missing are not listed, and not checked. */
type Shape<Body> = {
  readonly [Field in Exclude<keyof Body, "kind"> as undefined extends Body[Field] ? never : Field]: TypeOf<Body[Field]>;
};

/** One line per kind: a kind or a field added to the model does not compile until it is here. */
const shapes: { readonly [Kind in EntryBody["kind"]]: Shape<Extract<EntryBody, { readonly kind: Kind }>> } = {
  view: { members: "objects", coordinator: "text" },
  electorate: { voters: "texts", reason: "text" },
  left: { node: "text", incarnation: "text", voters: "texts" },
  halted: { members: "objects" },
  config: { config: "object", digest: "text", author: "text" },
  intent: { intent: "object", author: "text" },
  observed: { node: "text", incarnation: "text", since: "number", services: "objects" },
  "service-result": { node: "text", incarnation: "text", service: "text", attempt: "number", result: "object" },
  degraded: {
    node: "text",
    incarnation: "text",
    service: "text",
    attempt: "number",
    resources: "texts",
    reason: "text",
  },
  score: { node: "text", incarnation: "text", service: "text", attempt: "number", round: "number", value: "number" },
  notified: { node: "text", incarnation: "text", clone: "text", operation: "text", entry: "number" },
  due: { id: "number", wall: "number" },
  retry: { service: "text", attempt: "number" },
  failback: { service: "text", attempt: "number" },
  leaving: { node: "text", incarnation: "text" },
  "fence-begun": { target: "text", incarnation: "text or null", by: "text", attempt: "number", reason: "text" },
  "fence-result": {
    target: "text",
    incarnation: "text or null",
    by: "text",
    attempt: "number",
    confirmed: "flag",
    devices: "texts",
    reason: "text",
  },
  "switched-on": { target: "text", incarnation: "text or null", by: "text" },
  "assumed-off": { target: "text", incarnation: "text or null", by: "text", reason: "text" },
  "quarantine-over": { node: "text", until: "number" },
  watchdog: { node: "text", incarnation: "text", config: "number", timeoutMs: "number", detail: "text" },
  device: { node: "text", incarnation: "text", device: "text", isWorking: "flag", reason: "text" },
  unfenced: { node: "text", incarnation: "text", since: "number", devices: "texts" },
  "lives-on": { node: "text", incarnation: "text", since: "number" },
  "self-fenced": { target: "text", incarnation: "text or null", by: "text", since: "number", reason: "text" },
};

const shapesByKind = new Map<string, Readonly<Record<string, FieldType>>>(Object.entries(shapes));
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @throws RangeError when the body is longer than an entry may be: the core limits what it accepts */
export function encodeEntryBody(body: EntryBody): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(body));
  if (bytes.length > entryBytesMax) {
    throw new RangeError(`Cannot send entry "${body.kind}": ${bytes.length} bytes, at most ${entryBytesMax}`);
  }
  return bytes;
}

/** Total: null for everything that is no entry body. */
export function parseEntryBody(bytes: Uint8Array): EntryBody | null {
  if (bytes.length > entryBytesMax) return null;
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return null; // Not UTF-8 or not JSON: the caller counts it.
  }
  return isEntryBody(value) ? value : null;
}

/** True when `value` has the shape of its kind and is plain JSON. */
export function isEntryBody(value: unknown): value is EntryBody {
  if (!isObject(value) || typeof value["kind"] !== "string") return false;
  const shape = shapesByKind.get(value["kind"]);
  if (shape === undefined) return false;
  const hasShape = Object.entries(shape).every(([field, type]) => hasType(value[field], type));
  return hasShape && isPlain(value, depthMax);
}

function hasType(value: unknown, type: FieldType): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "text or null":
      return typeof value === "string" || value === null;
    case "number":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "objects":
      return Array.isArray(value) && value.every((item) => isObject(item));
    case "object":
      return isObject(value);
  }
}

/** JSON has no cycles, but it has `1e999`, depth, and a key that copies as a prototype. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth - 1));
  return Object.entries(value).every(([key, item]) => key !== "__proto__" && isPlain(item, depth - 1));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
