import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkAgents } from "../../src/config/check-agents.ts";
import { checkOcfAgents } from "../../src/config/check-ocf-agents.ts";
import { formatConfigError } from "../../src/config/config-error.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { openFenceAgents } from "../../src/main/fence-agents.ts";
import { openResourceAgents } from "../../src/main/resource-agents.ts";
import type { AgentMetadata } from "../../src/model/agent-metadata.ts";

// The files of docs/recipes are right: by hale's reader, and by what the agents that are installed here say of themselves.

const folder = "docs/recipes";
const pages = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
const never = new AbortController().signal;
const fenceAgentsHere = openFenceAgents();
const resourceAgentsHere = openResourceAgents({});

/** What stands between the fences of a page. */
function yamlOf(page: string): string {
  const [, yaml = ""] = /^```yaml\n([^]*?)^```$/m.exec(readFileSync(join(folder, page), "utf8")) ?? [];
  return yaml;
}

async function metadataOf(
  agents: {
    metadata(agent: string, signal: AbortSignal): Promise<{ readonly ok: boolean; readonly metadata?: AgentMetadata }>;
  },
  names: readonly string[],
): Promise<ReadonlyMap<string, AgentMetadata>> {
  const known = new Map<string, AgentMetadata>();
  for (const name of new Set(names)) {
    const { metadata } = await agents.metadata(name, never);
    if (metadata !== undefined) known.set(name, metadata);
  }
  return known;
}

describe("recipes", () => {
  test("are all listed", () => {
    const listed = readFileSync(join(folder, "README.md"), "utf8");
    expect(pages.length).toBeGreaterThan(5);
    for (const page of pages) expect(listed).toContain(`(${page})`);
  });

  test.each(pages)("%s is read, and its agents know what they are told", async (page) => {
    const text = yamlOf(page);
    const parsed = parseConfig(text, page);
    expect(parsed.ok ? [] : parsed.errors.map(formatConfigError)).toEqual([]);
    if (!parsed.ok) return;
    const { fencing, services } = parsed.config;
    const fence = fencing.kind === "devices" ? fencing.devices.map(({ agent }) => agent) : [];
    const ocf = services.flatMap(({ resources }) =>
      resources.flatMap((resource) => (resource.kind === "ocf" ? [`${resource.provider}:${resource.type}`] : [])),
    );
    const fenceAgents = await metadataOf(fenceAgentsHere, fence);
    const ocfAgents = await metadataOf(resourceAgentsHere, ocf);
    expect(new Set(fenceAgents.keys())).toEqual(new Set(fence));
    const ofDebian = ocf.filter((name) => name.startsWith("heartbeat:"));
    for (const name of ofDebian) expect(ocfAgents.has(name), name).toBe(true);
    expect(checkAgents(text, page, fenceAgents).map(formatConfigError)).toEqual([]);
    expect(checkOcfAgents(text, page, ocfAgents).map(formatConfigError)).toEqual([]);
  });
});
