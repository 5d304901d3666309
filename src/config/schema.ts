import { z } from "zod";
import { amountWanted, parseAmount } from "./amount.ts";
import { parseDayWindow } from "./day-window.ts";
import { resourceKinds } from "./kinds/resource-kinds.ts";
import { duration, durationOrZero, flag, name, namePattern, nameWanted, parameter, text } from "./schema-parts.ts";

/*
 * The one description of cluster.yaml: the parser checks against it, the types of `build-config.ts` are inferred from it, and
 * `hale config schema` prints it as JSON Schema. `error` texts say what is wanted; the parser puts place and finding before them.
 * Nothing here transforms a value, because a transformed schema has no JSON Schema.
 */

const nodeName = z.string({ error: "the name of a node" }).meta({ pattern: namePattern });

const heartbeat = z.strictObject({
  keepalive: duration("Period of heartbeats on each link.", "250ms").optional(),
  warntime: duration("Silence that is logged.", "3 keepalives").optional(),
  deadtime: duration("Silence that means dead; at least 3 keepalives.", "6 keepalives").optional(),
  initdead: duration("Patience with absent nodes after this node's own start.", "30s").optional(),
  "daemon-grace": durationOrZero("How long a daemon whose kernel is alive may take to come back.", "10s").optional(),
  transport: z.literal("unicast", { error: '"unicast"' }).meta({ default: "unicast" }).optional(),
  port: z
    .int({ error: "a port from 1 to 65535" })
    .min(1, { error: "a port from 1 to 65535" })
    .max(65535, { error: "a port from 1 to 65535" })
    .meta({ description: "UDP and TCP port of the nodes.", default: 6940 })
    .optional(),
});

const fenceStep = z.strictObject({
  device: z.string({ error: "the name of a device under fencing.devices" }),
  plug: parameter.meta({ description: "The device's name for the node." }).optional(),
  delay: durationOrZero("Wait before this step, in each attempt.", "0").optional(),
});

/** A node's last level: its own watchdog. */
export const watchdogLevel = "watchdog";

const amount = z
  .union([z.number(), z.string()], { error: amountWanted })
  .refine((value) => parseAmount(value) !== undefined, { error: amountWanted });
const amounts = (meaning: string) =>
  z.record(name, amount, { error: "amounts by name such as { memory: 16G }" }).meta({ description: meaning });

const votesWanted = "a whole number of votes from 0 to 15";

const node = z.strictObject({
  addresses: z
    .array(z.string({ error: "an IPv4 or IPv6 address" }), { error: "a list of addresses, one per link" })
    .min(1, { error: "at least one address" })
    .max(8, { error: "at most 8 addresses" })
    .meta({ description: "One address per link; the same number on every node." }),
  votes: z
    .int({ error: votesWanted })
    .min(0, { error: votesWanted })
    .max(15, { error: votesWanted })
    .meta({ description: "How much its word counts for quorum; 0 is a member without a vote.", default: 1 })
    .optional(),
  fence: z
    .array(
      z.union([fenceStep, z.array(fenceStep).min(1, { error: "at least one step" }), z.literal(watchdogLevel)], {
        error: `a step such as { device: pdu, plug: 1 }, a list of steps, or, at the end, ${watchdogLevel}`,
      }),
      { error: "a list of steps such as { device: pdu, plug: 1 }" },
    )
    .meta({
      description:
        "Levels, tried in order. A level is one step, or a list of steps that must all confirm. The last may be watchdog: when all devices have failed, its own resets the node.",
    })
    .optional(),
  offers: amounts("What there is for services that say what they need.").optional(),
});

/** What `quorum.arbiter.witness` must be. */
const witnessWanted = "an address and a port such as 192.168.1.20:6941 or [fd00::20]:6941";

/** What `quorum.arbiter.disk` must be. */
const diskWanted = "an absolute path such as /dev/disk/by-id/scsi-360014";

const reachlist = z
  .array(z.string({ error: "an IPv4 or IPv6 address" }), { error: "a list of addresses such as [192.168.1.1]" })
  .min(1, { error: "at least one address" })
  .max(8, { error: "at most 8 addresses" })
  .meta({
    description: "Hosts outside the cluster: of two nodes, the one that reaches more of them fences the other first.",
  });

const waitForAll = flag("After a start no view before every node was there at one moment.", false);

const quorum = z.union(
  [
    z.literal("majority"),
    z.strictObject({
      "wait-for-all": waitForAll.optional(),
      arbiter: z.strictObject({
        witness: text(witnessWanted, "Address and port of a machine that runs `hale witness`: 192.168.1.20:6941."),
      }),
    }),
    z.strictObject({
      "wait-for-all": waitForAll.optional(),
      arbiter: z.strictObject({
        disk: text(
          diskWanted,
          "Path of a block device or a file that all nodes share, made by `hale arbiter-disk init`.",
        ),
      }),
    }),
    z.strictObject({
      "wait-for-all": waitForAll.optional(),
      arbiter: z.union([z.literal("fencing"), z.strictObject({ reachlist })], {
        error: '"fencing", { reachlist: [ADDRESS, …] }, { witness: ADDRESS:PORT } or { disk: PATH }',
      }),
      prefer: nodeName
        .meta({ description: "This node fences at once, the other after the delay. Default: the first node." })
        .optional(),
      delay: durationOrZero("How long the node that is not preferred waits.", "2s").optional(),
    }),
    z.strictObject({ "wait-for-all": waitForAll }),
  ],
  { error: '"majority", { arbiter: fencing }, { arbiter: { witness: ADDRESS:PORT } } or { arbiter: { disk: PATH } }' },
);

const device = z
  .object({
    agent: text("the name of a fence agent such as fence_ipmilan", "Name of a fence agent, or its absolute path."),
    timeout: duration("A longer action has failed.", "60s").optional(),
    unfence: z
      .boolean({ error: "true or false" })
      .meta({ description: "It cuts off instead of switching off; each node has itself switched on again." })
      .optional(),
    monitor: z
      .strictObject({
        interval: durationOrZero("Time between two looks whether it works; 0: none.", "60s").optional(),
        timeout: duration("A longer look has failed.", "20s").optional(),
      })
      .optional(),
    action: z
      .enum(["off-on", "off", "reboot"], { error: "off-on, off or reboot" })
      .meta({ description: "What is done to a node: off, then on again; off; or a reboot.", default: "off-on" })
      .optional(),
  })
  .catchall(parameter)
  .meta({ description: "A fence device; every other key is a parameter of the agent." });

const fencing = z.union(
  [
    z.literal("none"),
    z.strictObject({
      devices: z.record(name, device, { error: "a mapping of device names to agents" }).optional(),
      none: z
        .strictObject({
          "assume-off-after": durationOrZero(
            "A lost node counts as off after this.",
            "10s, at least 4 deadtimes",
          ).optional(),
        })
        .optional(),
      watchdog: z
        .strictObject({
          device: text("the absolute path of a watchdog such as /dev/watchdog", "The watchdog, the same on every node.")
            .meta({ default: "/dev/watchdog" })
            .optional(),
          timeout: duration("A node that is not fed for this long is reset.", "10s").optional(),
        })
        .optional(),
    }),
  ],
  { error: '{ devices: … }, { watchdog: … } or "none"' },
);

/** Only for what is no mapping at all; unknown keys are told by the parser's own error map. */
const resourceError = (issue: z.core.$ZodRawIssue) =>
  issue.code === "invalid_type" ? "a resource such as { address: { ip: 192.168.1.100/24 } }" : undefined;

const resource = z
  .strictObject(Object.fromEntries(resourceKinds.map(({ key, schema }) => [key, schema.optional()])), {
    error: resourceError,
  })
  .meta({ minProperties: 1, maxProperties: 1, description: "Exactly one kind of resource." });

const failbackWanted = 'true, false or { between: "02:00-04:00" }';
const dayWindow = z
  .string({ error: "a time of day such as 02:00-04:00" })
  .refine((value) => parseDayWindow(value) !== undefined, { error: "a time of day such as 02:00-04:00" })
  .meta({ description: "From and to, in local time." });
const wholeNumber = (from: number, to: number) =>
  z
    .int({ error: `a whole number from ${from} to ${to}` })
    .min(from, { error: `a whole number from ${from} to ${to}` })
    .max(to, { error: `a whole number from ${from} to ${to}` });

const relationWanted = "the name of a service, or { service: NAME, soft: true }";
const serviceName = z.string({ error: relationWanted }).meta({ pattern: namePattern });
const relations = (meaning: string) =>
  z
    .array(
      z.union(
        [serviceName, z.strictObject({ service: serviceName, soft: flag("Where it can be had.", false).optional() })],
        {
          error: relationWanted,
        },
      ),
      { error: "a list of services" },
    )
    .meta({ description: meaning })
    .optional();

const clonesWanted = "all, or a whole number from 1 to 32";

const service = z.strictObject({
  clones: z
    .union([z.literal("all"), z.int().min(1).max(32)], { error: clonesWanted })
    .meta({ description: "Run it on several nodes at once: on all of its domain, or on so many of them." })
    .optional(),
  notify: z
    .union([z.boolean(), z.strictObject({ timeout: duration("A longer notify has failed.", "60s") })], {
      error: "true, false, or { timeout: SPAN }",
    })
    .meta({ description: "Its agent is told of what is done with the other instances: OCF's notify.", default: false })
    .optional(),
  promotable: flag("One of its instances is promoted: the agent knows promote and demote.", false).optional(),
  after: relations("Started after these, stopped before them."),
  with: relations("On one node with these."),
  apart: relations("On no node with these."),
  exclusive: flag("No other service on its node.", false).optional(),
  needs: amounts("What it takes of what its node offers.").optional(),
  enabled: flag("The wish before any operator spoke.", true).optional(),
  domain: z
    .strictObject({
      nodes: z.array(nodeName, { error: "a list of node names" }).optional(),
      ordered: flag("The earlier node is preferred.", false).optional(),
      restricted: flag("Only these nodes may run the service.", false).optional(),
      failback: z
        .union([z.boolean(), z.strictObject({ between: dayWindow })], { error: failbackWanted })
        .meta({
          description: "Return to a better node when it comes back: at once, or at this time of day.",
          default: false,
        })
        .optional(),
      priority: z
        .record(nodeName, wholeNumber(1, 100), { error: "a priority for each node of the domain" })
        .meta({ description: "By node, 1 is best; nodes of one priority are equal." })
        .optional(),
      stickiness: wholeNumber(0, 100)
        .meta({ description: "So many places better must a node be for a failback.", default: 0 })
        .optional(),
    })
    .optional(),
  recovery: z
    .strictObject({
      policy: z
        .enum(["restart", "relocate", "disable"], { error: "restart, relocate or disable" })
        .meta({ default: "restart" })
        .optional(),
      "max-restarts": z
        .int({ error: "a whole number from 0 to 1000" })
        .min(0, { error: "a whole number from 0 to 1000" })
        .max(1000, { error: "a whole number from 0 to 1000" })
        .meta({ default: 3 })
        .optional(),
      within: duration("Restarts older than this no longer count.", "10m").optional(),
    })
    .optional(),
  "without-quorum": z
    .enum(["stop", "freeze"], { error: "stop or freeze; to ignore the loss of quorum would be two owners" })
    .meta({
      description:
        "What a node does with it when its lease has run out. freeze: keep what runs; needs fence devices for all its nodes.",
      default: "stop",
    })
    .optional(),
  resources: z
    .array(resource, { error: "a list of resources" })
    .min(1, { error: "at least one resource" })
    .meta({ description: "Started top to bottom, stopped bottom to top." }),
});

const quarantine = z.union(
  [
    z.literal("none"),
    z.strictObject({
      losses: z
        .int({ error: "a whole number from 2 to 100" })
        .min(2, { error: "a whole number from 2 to 100" })
        .max(100, { error: "a whole number from 2 to 100" })
        .meta({ description: "A node that was lost this often", default: 3 })
        .optional(),
      within: duration("within this time", "1h").optional(),
      for: duration("is in quarantine until this long after its last loss.", "1h").optional(),
    }),
  ],
  { error: '{ losses: 3, within: 1h, for: 1h } or "none"' },
);

/** cluster.yaml as it is written: nothing filled in, nothing looked up. */
export const documentSchema = z
  .strictObject({
    cluster: z.string({ error: nameWanted }).meta({ pattern: namePattern, description: "Name of the cluster." }),
    engine: z.literal("embedded", { error: '"embedded"' }).meta({ default: "embedded" }).optional(),
    heartbeat: heartbeat.optional(),
    nodes: z
      .record(name, node, { error: "a mapping of node names to addresses" })
      .meta({ description: "At most 32; host names as keys. Their order is the order of preference." }),
    quorum: quorum.optional(),
    fencing,
    quarantine: quarantine.optional(),
    services: z.record(name, service, { error: "a mapping of service names to services" }).optional(),
  })
  .meta({ title: "cluster.yaml of hale" });

/** The whole file, checked. */
export type ClusterDocument = z.infer<typeof documentSchema>;
/** One step of a node's `fence`. */
export type StepDocument = z.infer<typeof fenceStep>;
/** One entry of `services`. */
export type ServiceDocument = NonNullable<ClusterDocument["services"]>[string];
/** One entry of a service's `resources`: exactly one key is there. */
export type ResourceDocument = ServiceDocument["resources"][number];

/** The schema for editors and for `hale config schema` (JSON Schema 2020-12). */
export function configJsonSchema(): object {
  return z.toJSONSchema(documentSchema, { io: "input", reused: "ref" });
}
