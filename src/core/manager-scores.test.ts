import { expect, it } from "vitest";
import { instanceId, parseNodeId, parseServiceId, type ServiceId } from "../model/ids.ts";
import { feed, newDriver, nodeOf, powerOn, run, testConfig, testDaemon, told } from "./manager-driver.fixture.ts";

const db = parseServiceId("db");
const names = ["n1", "n2", "n3"] as const;
const nodes = names.map(parseNodeId);

/** Its agent is slow, and says how new its data is. */
function database(id: ServiceId) {
  return {
    name: id,
    resources: [testDaemon(id)],
    domain: { nodes, ordered: false, restricted: true, failback: false },
  };
}

it("[PRO-3, SVC-32] scores are told though processes of the instances end all the time", () => {
  const instances = nodes.map((node, number) => {
    const id = instanceId(db, node);
    const instance = { of: db, node, number, count: nodes.length };
    return { ...database(id), domain: { ...database(id).domain, nodes: [node] }, instance };
  });
  const driver = newDriver(testConfig(names, [...instances, { ...database(db), beside: [db], promotes: db }]));
  for (const { resources } of instances)
    for (const { id } of resources)
      driver.behaviours.push({ resource: id, action: "monitor", takesMs: 1_000, outcome: { score: 7 }, times: 1_000 });
  powerOn(driver, ...names);
  for (let round = 0; round < 60; round += 1) {
    run(driver, 300);
    for (const { domain, resources } of instances)
      for (const { id } of resources)
        feed(driver, nodeOf(driver, domain.nodes[0] ?? ""), {
          kind: "death-hint",
          hint: { resource: id, what: "process 7 (worker)" },
        });
  }
  expect(told(driver, "n1", "db")).toBe("started on n1");
});
