import { isAbsolute, join } from "node:path";
import type { MetadataAnswer } from "../../model/agent-metadata.ts";
import { metadataBytesMax, parseAgentMetadata } from "../agent-metadata/agent-metadata.ts";
import { lastLine } from "../process/limit-line.ts";
import type { ProgramRunner } from "../process/program-runner.ts";

/** How to ask. */
export interface ReadFenceMetadataOptions {
  readonly runner: ProgramRunner;
  /** Where agents are looked up by name. Default `/usr/sbin`. */
  readonly folder?: string;
}

/** Python starts slowly, and some agents load the libraries of a cloud first. */
const timeoutMs = 20_000;

/** Asks a fence agent what it is and which parameters it has; 50 to 500 ms. For checks of the configuration. */
export async function readFenceMetadata(
  agent: string,
  { runner, folder = "/usr/sbin" }: ReadFenceMetadataOptions,
  signal: AbortSignal,
): Promise<MetadataAnswer> {
  const { end, output } = await runner.run(
    {
      argv: [isAbsolute(agent) ? agent : join(folder, agent)],
      environment: {},
      input: "action=metadata\n",
      timeoutMs,
      outputName: `metadata-${agent.replaceAll(/[^A-Za-z0-9._-]/g, "_")}`,
      outputBytesMax: metadataBytesMax,
      errors: "discard",
    },
    signal,
  );
  const failed = (reason: string): MetadataAnswer => ({
    ok: false,
    reason: `Cannot read fence agent "${agent}": ${reason}`,
    isMissing: false,
  });
  if (end.kind === "not-started") return { ok: false, reason: end.reason, isMissing: end.isMissing };
  if (end.kind === "timed-out") return failed(`it has not described itself after ${timeoutMs / 1_000} s`);
  if (end.kind !== "exited" || end.code !== 0) return failed(`${JSON.stringify(end)} ${lastLine(output)}`);
  try {
    return { ok: true, metadata: parseAgentMetadata(output) };
  } catch (error) {
    return failed((error as Error).message);
  }
}
