import { expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

const head = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] } }\nfencing: none\n";
const quorum = 'quorum: { arbiter: { witness: "10.0.0.9:6941" } }\n';

/** Lines of `services`, one each: what stands between the braces, but for the resources. */
function read(...services: readonly string[]): ReturnType<typeof parseConfig> {
  const lines = services.map((service) => {
    const [name = "", ...rest] = service.split(": ");
    const port = name.charCodeAt(0);
    return `  ${name}: { ${rest.join(": ")}${rest.length > 0 ? ", " : ""}resources: [{ address: { ip: 10.0.0.${port}/24 } }] }`;
  });
  return parseConfig(`${head}${quorum}services:\n${lines.join("\n")}\n`, "c.yaml");
}

function mistakesIn(...services: readonly string[]): readonly string[] {
  const parsed = read(...services);
  return parsed.ok ? [] : parsed.errors.map((error) => formatConfigError(error).replace("c.yaml:", ""));
}

const onlyA = "domain: { nodes: [a], restricted: true }";
const onlyB = "domain: { nodes: [b], restricted: true }";

it.each<readonly [readonly string[], readonly string[]]>([
  [["x: after: [y]", "y"], []],
  [["x: with: [y], apart: [{ service: z, soft: true }]", "y", "z: exclusive: true, after: [x, y]"], []],
  [["x: after: [x]"], ["6:16: services.x.after[0]: found the service itself, wanted another one"]],
  [["x: after: [y, y]", "y"], ['6:19: services.x.after[1]: found "y" again, wanted each service once']],
  [
    ["x: after: [y]", "y: after: [{ service: z, soft: true }]", "z: after: [x]"],
    ["8:16: services.z.after[0]: found a cycle: z after x after y after z, wanted an order that has a beginning"],
  ],
  [
    ["x: with: [y], apart: [y]", "y"],
    [
      '6:27: services.x.apart[0]: found "y", with which it is to be together (services.x.with[0]), wanted together or apart',
    ],
  ],
  [
    ["x: with: [y]", "y: with: [z]", "z: apart: [x]"],
    ['8:16: services.z.apart[0]: found "x", with which it is kept together by others, wanted together or apart'],
  ],
  [
    ["x: with: [y]", "y: exclusive: true"],
    ['6:15: services.x.with[0]: found "y", though y is exclusive, wanted services that may share a node'],
  ],
  [
    [`x: with: [y], ${onlyA}`, `y: ${onlyB}`],
    [
      '6:15: services.x.with[0]: found "y", but no node is in the restricted domains of all of x, y, wanted domains with a node in common',
    ],
  ],
  [
    [`x: apart: [y], ${onlyA}`, `y: ${onlyA}`],
    [
      '6:16: services.x.apart[0]: found "y", though node a is the only one that both may run on, wanted a second node for one of them',
    ],
  ],
  [["x: after: y", "y"], ['6:15: services.x.after: found "y", wanted a list of services']],
  [
    ["x: after: [{ service: y, hard: true }]", "y"],
    ['6:30: services.x.after[0].hard: found key "hard", wanted one of service, soft'],
  ],
])("[REL-7] %j -> %j", (services, expected) => {
  expect(mistakesIn(...services)).toEqual(expected);
});

it("writes relations so that they are read again as the same", () => {
  const parsed = read("x: after: [y, { service: z, soft: true }], with: [y], exclusive: false", "y", "z: apart: [x]");
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  const again = parseConfig(writeConfig(parsed.config), "c.yaml");
  expect(again).toMatchObject({ ok: true, config: parsed.config });
  expect(parsed.config.services[0]).toMatchObject({
    after: [{ service: "y" }, { service: "z", soft: true }],
    with: [{ service: "y" }],
  });
});
