import type { ConfigFile } from "../machine.ts";
import type { Random } from "../random.ts";
import { type Shape, shapeConfig } from "./shapes.ts";

/** A file that an administrator puts on all nodes while the cluster runs: the same nodes and services, by other numbers. */
export function drawFile(shape: Shape, random: Random): ConfigFile {
  return shapeConfig(shape, {
    deadtimeMs: random.pick([1000, 1500, 1500, 3000]),
    votes: random.pick([1, 1, 2]),
    watchdogS: random.pick([16, 25]),
    assumeOffS: random.pick([20, 40]),
    stopTimeoutS: random.pick([4, 8]),
    policy: random.pick(["restart", "relocate"]),
  });
}
