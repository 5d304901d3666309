import { describe, expect, test } from "vitest";
import { ClusterError } from "../../model/errors.ts";
import { parseScenario } from "./parse-scenario.ts";

const cluster = [
  "cluster:",
  "  cluster: office",
  "  nodes: { n1: { addresses: [10.0.0.1] }, n2: { addresses: [10.0.0.2] }, n3: { addresses: [10.0.0.3] } }",
  "  fencing: none",
  "  services: { web: { resources: [lsb: { script: /etc/init.d/web, name: web }] } }",
];

function errorsOf(...lines: readonly string[]): readonly string[] {
  try {
    parseScenario(lines.join("\n"), { fileName: "story.yaml" });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return `${error.code} ${error.message}`.split("\n");
  }
  return [];
}

describe("parseScenario", () => {
  test("reads every step", () => {
    const scenario = parseScenario(
      [
        "name: all there is",
        ...cluster,
        "start: [n1, n2]",
        "agents: { web/web: { start: 300ms } }",
        "steps:",
        "  - { at: 1s, power-off: n1 }",
        "  - { at: 2s, cut: [[n1], [n2, n3]], link: 0, one-way: true }",
        "  - { at: 3s, heal: true }",
        "  - { at: 4s, lose: 0.3 }",
        "  - { at: 5s, pause: n2, for: 3s }",
        "  - { at: 6s, crash-daemon: n2 }",
        "  - { at: 7s, fail: web/web }",
        "  - { at: 8s, refuse: web/web, operation: start, on: n1, times: 2 }",
        "  - { at: 9s, run: service relocate web --to n2 }",
        "  - { at: 10s, expect: { services: { web: { owner: n2, state: started } }, fenced: [] } }",
        "until: 20s",
      ].join("\n"),
      { fileName: "story.yaml" },
    );
    expect(scenario.steps.map(({ atMs, step }) => [atMs, step.kind])).toEqual([
      [1000, "power-off"],
      [2000, "cut"],
      [3000, "heal"],
      [4000, "lose"],
      [5000, "pause"],
      [6000, "crash-daemon"],
      [7000, "fail"],
      [8000, "refuse"],
      [9000, "run"],
      [10_000, "expect"],
    ]);
    expect(scenario.start).toEqual(["n1", "n2"]);
    expect(scenario.agents.get("web/web" as never)).toEqual({ start: 300, stop: 100, monitor: 100 });
    expect(scenario.steps[5]?.step).toEqual({ kind: "crash-daemon", node: "n2", restartMs: null });
  });

  test("says every error at once, each with its place", () => {
    expect(
      errorsOf(
        "name: wrong",
        ...cluster,
        "steps:",
        "  - { at: 1s, power-off: n9 }",
        "  - { at: 3 s, heal: true }",
        "  - { at: 2s, explode: n1 }",
        "  - { at: 4s, run: service move web }",
        "  - { at: 3s, pause: n1, for: 1s, on: n2 }",
        "until: 2s",
      ),
    ).toEqual([
      "SCENARIO_INVALID Cannot use scenario story.yaml: 7 errors",
      'story.yaml:8:26: found "n9", wanted n1 or n2 or n3',
      'story.yaml:9:11: found "3 s", wanted a duration such as 250ms, 1.5s or 10m',
      expect.stringContaining("story.yaml:10:5: found at, explode, wanted one of power-off, power-on"),
      'story.yaml:11:20: found "move", wanted service enable, disable, start, stop, restart, relocate, freeze, unfreeze, clear',
      'story.yaml:12:35: found key "on", wanted at, pause, for, what',
      "story.yaml:12:11: the step before comes later, wanted steps in order of time",
      "story.yaml:13:8: the last step comes later",
    ]);
  });

  test("errors of an inline configuration point into the scenario", () => {
    const errors = errorsOf(
      "name: x",
      "cluster:",
      "  cluster: office",
      "  nodes: { n1: { addresses: [] } }",
      "until: 1s",
    );
    expect(errors.some((error) => error.startsWith("story.yaml:4:"))).toBe(true);
  });

  test("a configuration of its own file is read through the given door", () => {
    const text = ["name: x", "cluster: some.yaml", "until: 1s"].join("\n");
    const file = cluster.slice(1).join("\n");
    const scenario = parseScenario(text, {
      fileName: "story.yaml",
      readFile: (path) => (path === "some.yaml" ? file : ""),
    });
    expect(scenario.config.cluster).toBe("office");
  });
});
