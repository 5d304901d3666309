import { z } from "zod";
import { durationPattern, durationWanted, parseDuration } from "./duration.ts";

/* What the schema of the file and those of the kinds of resources are made of. @see schema.ts */

/** A span above 0. */
export const duration = (meaning: string, fallback: string) =>
  z
    .string({ error: durationWanted })
    .regex(durationPattern, { error: durationWanted, abort: true })
    .refine((value) => (parseDuration(value) ?? 0) > 0, { error: "whole milliseconds, from 1ms to a year" })
    .meta({ description: meaning, default: fallback });

const zeroWanted = `${durationWanted}, or 0`;
/** Where 0 has a meaning of its own; it may be written without a unit. */
export const durationOrZero = (meaning: string, fallback: string) =>
  z
    .union(
      [
        z.literal(0),
        z
          .string({ error: zeroWanted })
          .regex(durationPattern, { error: zeroWanted, abort: true })
          .refine((value) => parseDuration(value) !== undefined, { error: "whole milliseconds, at most a year" }),
      ],
      { error: zeroWanted },
    )
    .meta({ description: meaning, default: fallback });

/** true or false. */
export const flag = (meaning: string, fallback: boolean) =>
  z.boolean({ error: "true or false" }).meta({ description: meaning, default: fallback });

/** A text that is not empty. @param wanted for the message */
export const text = (wanted: string, description: string) =>
  z.string({ error: wanted }).min(1, { error: wanted }).meta({ description });

/** Numbers and booleans are passed as they are written in the file. */
export const parameter = z.union([z.string(), z.number(), z.boolean()], { error: "a text, a number, true or false" });

/** What a name must be, for the message. */
export const nameWanted =
  "a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit";
/** For the JSON Schema; `check-names.ts` tells what is wrong. */
export const namePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
/** Of a node, a device, a service, a resource. */
export const name = z.string({ error: nameWanted }).meta({ pattern: namePattern });

const failuresWanted = "a whole number of failures from 1 to 100";

const resourceNames = "a list of names of resources above it; [] for none";

/** What every kind of resource may say of its place in the service. */
export const placement = {
  after: z
    .array(z.string({ error: "the name of a resource" }), { error: resourceNames })
    .meta({ description: "Started after these, stopped before them. Default: the resource above it." })
    .optional(),
  independent: flag("What fails from here on is restarted without the rest.", false).optional(),
  critical: flag("The service cannot do without it and what stands on it.", true).optional(),
};

/** What every kind of resource may say of its operations. */
export const operations = {
  ...placement,
  name: name.meta({ description: "Unique in the service. Default: the resource's main value." }).optional(),
  start: z.strictObject({ timeout: duration("A longer start has failed.", "60s").optional() }).optional(),
  stop: z.strictObject({ timeout: duration("A longer stop has failed.", "60s").optional() }).optional(),
  monitor: z
    .strictObject({
      interval: durationOrZero("Time between monitors; 0: none.", "10s").optional(),
      timeout: duration("A longer monitor has failed.", "20s").optional(),
      "failures-to-act": z
        .int({ error: failuresWanted })
        .min(1, { error: failuresWanted })
        .max(100, { error: failuresWanted })
        .meta({ description: "So many monitors in a row must fail before anything is done.", default: 1 })
        .optional(),
    })
    .optional(),
};

/** Keys of a resource that are hale's own, where all others are parameters of its agent. */
export const ownKeys: readonly string[] = ["agent", ...Object.keys(operations)];
