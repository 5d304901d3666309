import { expect, it } from "vitest";
import type { OcfResource } from "../../model/cluster-config.ts";
import { parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { ocfEnvironment } from "./ocf-environment.ts";

const second = durationMs(1_000);
const cache: OcfResource = {
  kind: "ocf",
  id: resourceId(parseServiceId("cache@n2"), "redis"),
  name: "redis",
  provider: "heartbeat",
  type: "redis",
  parameters: { port: "6379" },
  startTimeoutMs: second,
  stopTimeoutMs: second,
  monitorTimeoutMs: second,
  monitorIntervalMs: second,
};
const call = {
  action: "start",
  timeoutMs: 1_000,
  intervalMs: 0,
  level: 0,
  node: parseNodeId("n2"),
  root: "/ocf",
} as const;

it("[CLN-8] an instance has the name of its clone's resource, and is told which of how many it is", () => {
  expect(ocfEnvironment({ ...cache, clone: { number: 1, max: 2 } }, call)).toMatchObject({
    OCF_RESOURCE_INSTANCE: "cache__redis",
    OCF_RESKEY_port: "6379",
    OCF_RESKEY_CRM_meta_clone: "1",
    OCF_RESKEY_CRM_meta_clone_max: "2",
    OCF_RESKEY_CRM_meta_clone_node_max: "1",
    OCF_RESKEY_CRM_meta_globally_unique: "false",
  });
});

it("[CLN-8] what is no clone is told nothing of one", () => {
  expect(Object.keys(ocfEnvironment(cache, call)).filter((name) => name.includes("clone"))).toEqual([]);
});

it("[PRO-4] what is promotable is told so", () => {
  expect(ocfEnvironment({ ...cache, clone: { number: 1, max: 2, isPromotable: true } }, call)).toMatchObject({
    OCF_RESKEY_CRM_meta_promotable: "true",
    OCF_RESKEY_CRM_meta_promoted_max: "1",
  });
});
