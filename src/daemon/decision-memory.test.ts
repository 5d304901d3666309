import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import type { NodeVerdict } from "../model/snapshot.ts";
import { wallMs } from "../model/units.ts";
import { DecisionMemory } from "./decision-memory.ts";
import { daemonLimits } from "./limits.ts";

const [web, db] = ["web", "db"].map(parseServiceId) as [never, never];
const nodes: readonly NodeVerdict[] = [{ node: parseNodeId("n1"), verdict: "runs it", reasons: [] }];
const past = (entry: number) => ({ entry, at: wallMs(entry), text: "stopped -> starting" });

describe("each node's case in past decisions", () => {
  it("[SVC-50] is told of those of this daemon's life, by service and entry", () => {
    const memory = new DecisionMemory();
    memory.add([{ service: web, entry: 7, nodes }]);
    expect(memory.recall(web, [past(7), past(3)])).toEqual([{ ...past(7), nodes }, past(3)]);
    expect(memory.recall(db, [past(7)])).toEqual([past(7)]);
  });

  it("is forgotten of the oldest first", () => {
    const memory = new DecisionMemory();
    for (let entry = 1; entry <= daemonLimits.decisionsMax + 2; entry += 1)
      memory.add([{ service: web, entry, nodes }]);
    const [second, third] = memory.recall(web, [past(2), past(3)]);
    expect([second?.nodes, third?.nodes]).toEqual([undefined, nodes]);
  });
});
