import type { WallMs } from "../../model/units.ts";
import type { Paint } from "./paint.ts";

/** A point in time where the operator is: `2026-11-21 14:03:22`, with `.123` when asked for milliseconds. */
export type WallText = (at: WallMs, precision?: "ms") => string;

/** How things are to look: everything that a rendering depends on beside its subject. */
export interface Look {
  readonly paint: Paint;
  readonly wallText: WallText;
}
