import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DelayResource } from "../../model/cluster-config.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { makeFolder } from "../process/make-folder.ts";
import { createStepAgent, done, notRunning, type StepAgentOptions, type Steps } from "../process/step-agent.ts";

/** What it is made of. */
export interface DelayAgentOptions extends StepAgentOptions {
  /** Where it marks what has been waited for; on tmpfs, so that a boot forgets it. */
  readonly folder: string;
}

/** Waits at the start, at the stop, or both. That it has waited is a file, so that a new daemon finds it "running". */
export function createDelayAgent({ folder, ...options }: DelayAgentOptions): ResourceAgent {
  const markOf = (id: ResourceId): string => join(folder, encodeURIComponent(id));
  const steps: Steps<DelayResource> = {
    start: async ({ id, waitStartMs }, work) => {
      if (existsSync(markOf(id))) return done("had waited already");
      await work.pause(waitStartMs);
      makeFolder(folder, 0o700);
      writeFileSync(markOf(id), "");
      return done(`waited ${waitStartMs} ms`);
    },
    stop: async ({ id, waitStopMs }, work) => {
      if (!existsSync(markOf(id))) return done("was not waiting");
      await work.pause(waitStopMs);
      rmSync(markOf(id), { force: true });
      return done(`waited ${waitStopMs} ms`);
    },
    monitor: async ({ id }) => Promise.resolve(existsSync(markOf(id)) ? done("has waited") : notRunning("not waiting")),
  };
  return createStepAgent("delay", steps, options);
}
