import type { MetadataAnswer } from "../../model/agent-metadata.ts";
import { metadataBytesMax, parseAgentMetadata } from "../agent-metadata/agent-metadata.ts";
import type { ProgramRunner } from "../process/program-runner.ts";
import { lastLine } from "../process/limit-line.ts";

/** How to ask. */
export interface ReadMetadataOptions {
  readonly runner: ProgramRunner;
  /** Default `/usr/lib/ocf`. */
  readonly root?: string;
}

/** Agents that compute their metadata take up to a second; some ask the network and hang. */
const timeoutMs = 10_000;

/** Asks the agent `provider:type` for its metadata; takes 10 to 50 ms. For checks of the configuration, not for operations. */
export async function readOcfMetadata(
  provider: string,
  type: string,
  { runner, root = "/usr/lib/ocf" }: ReadMetadataOptions,
  signal: AbortSignal,
): Promise<MetadataAnswer> {
  const failed = (reason: string): MetadataAnswer => ({
    ok: false,
    reason: `Cannot read ocf agent "${provider}:${type}": ${reason}`,
    isMissing: false,
  });
  // A name with a slash would leave the folder; a leading dot is hidden by the standard.
  if (![provider, type].every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) {
    return failed("not a name of provider and type");
  }
  const program = `${root}/resource.d/${provider}/${type}`;
  const { end, output } = await runner.run(
    {
      argv: [program, "meta-data"],
      environment: {
        OCF_ROOT: root,
        OCF_RESOURCE_INSTANCE: type,
        OCF_RESOURCE_TYPE: type,
        OCF_RESOURCE_PROVIDER: provider,
      },
      timeoutMs,
      outputName: `metadata-${provider}-${type}`,
      outputBytesMax: metadataBytesMax,
      errors: "discard",
    },
    signal,
  );
  if (end.kind === "not-started") return { ok: false, reason: end.reason, isMissing: end.isMissing };
  if (end.kind !== "exited" || end.code !== 0) return failed(`${JSON.stringify(end)} ${lastLine(output)}`);
  try {
    return { ok: true, metadata: parseAgentMetadata(output) };
  } catch (error) {
    return failed((error as Error).message);
  }
}
