import type { FenceCall, FenceOutcome } from "../model/operation.ts";

/** Runs fence agents. */
export interface FenceDevice {
  /** Never rejects. `confirmed` only when the device has verified the action; a time-out is a failure. */
  run(call: FenceCall, signal: AbortSignal): Promise<FenceOutcome>;
}
