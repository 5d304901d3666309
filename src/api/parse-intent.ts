import { z } from "zod";
import { isName, isServiceName, parseNodeId, parseServiceId } from "../model/ids.ts";
import { type Intent, shutdownPolicies } from "../model/intent.ts";
import { wallMs } from "../model/units.ts";

const service = z
  .string({ error: "the name of a service" })
  .refine(isServiceName, { error: "the name of a service", abort: true })
  .transform(parseServiceId);
const node = z
  .string({ error: "the name of a node" })
  .refine(isName, { error: "the name of a node", abort: true })
  .transform(parseNodeId);

const schedulable = [
  z.strictObject({ kind: z.literal("enable-service"), service }),
  z.strictObject({ kind: z.literal("disable-service"), service }),
  z.strictObject({ kind: z.literal("start-service"), service }),
  z.strictObject({ kind: z.literal("stop-service"), service }),
  z.strictObject({ kind: z.literal("restart-service"), service }),
  z.strictObject({ kind: z.literal("freeze-service"), service }),
  z.strictObject({ kind: z.literal("unfreeze-service"), service }),
  z.strictObject({ kind: z.literal("relocate-service"), service, to: node.exactOptional() }),
  z.strictObject({ kind: z.literal("clear-service"), service }),
  z.strictObject({ kind: z.literal("standby-node"), node }),
  z.strictObject({ kind: z.literal("online-node"), node }),
  z.strictObject({ kind: z.literal("freeze-node"), node }),
  z.strictObject({ kind: z.literal("unfreeze-node"), node }),
  z.strictObject({ kind: z.literal("begin-maintenance") }),
  z.strictObject({ kind: z.literal("end-maintenance") }),
  z.strictObject({ kind: z.literal("release-node"), node }),
  z.strictObject({
    kind: z.literal("shutdown-node"),
    node,
    services: z.enum(shutdownPolicies, { error: shutdownPolicies.join(", ") }),
  }),
  z.strictObject({ kind: z.literal("stop-cluster") }),
] as const;

const laterWanted = 'a wish that may wait, such as { "kind": "enable-service", "service": "web" }';
/** The last time that a calendar of ECMAScript has. */
const latest = 8_640_000_000_000_000;
const time = z
  .int({ error: "milliseconds since 1970" })
  .min(0, { error: "milliseconds since 1970" })
  .max(latest, { error: "milliseconds since 1970" })
  .transform(wallMs);

const kinds = [
  ...schedulable,
  z.strictObject({
    kind: z.literal("schedule"),
    what: z.discriminatedUnion("kind", schedulable, { error: laterWanted }),
    at: time,
  }),
  z.strictObject({ kind: z.literal("cancel-scheduled"), id: z.int({ error: "its number" }) }),
  z.strictObject({ kind: z.literal("fence-node"), node }),
  z.strictObject({ kind: z.literal("confirm-off-node"), node }),
  z.strictObject({ kind: z.literal("remove-node"), node }),
  z.strictObject({ kind: z.literal("readmit-node"), node }),
] as const;

const intentSchema = z.discriminatedUnion("kind", kinds, {
  // zod raises "invalid_type" here too, for what is no object, though its types do not say so.
  error: (issue) => ((issue.code as string) === "invalid_type" ? intentWanted : kindsWanted),
});

const intentWanted = 'an intent such as { "kind": "enable-service", "service": "web" }';
const kindsWanted = `one of ${kinds.map((kind) => kind.shape.kind.value).join(", ")}`;

/** An intent, or the first thing that keeps the body from being one. */
export type ParsedIntent =
  | { readonly ok: true; readonly intent: Intent }
  | { readonly ok: false; readonly field: string; readonly message: string };

/** @param body whatever the client sent */
export function parseIntent(body: unknown): ParsedIntent {
  const parsed = intentSchema.safeParse(body);
  if (parsed.success) return { ok: true, intent: parsed.data };
  const [issue] = parsed.error.issues;
  const unknownKey = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  const field = path.join(".");
  const wanted = unknownKey === undefined ? issue?.message : "no such field";
  const where = field === "" ? "" : ` field ${JSON.stringify(field)}:`;
  return {
    ok: false,
    field,
    message: `Cannot accept the intent:${where} found ${describe(body, path)}, wanted ${wanted}`,
  };
}

function describe(body: unknown, path: readonly PropertyKey[]): string {
  let value = body;
  for (const part of path) {
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  }
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
