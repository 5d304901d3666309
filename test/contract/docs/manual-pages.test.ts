import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { buildProgram } from "../../../src/cli/build-program.ts";
import { fakeContext } from "../../../src/cli/fixtures/fake-context.fixture.ts";
import { parseConfig } from "../../../src/config/parse-config.ts";
import { configJsonSchema } from "../../../src/config/schema.ts";
import { readKeys } from "../../../src/wire/keys.ts";

async function page(name: string): Promise<string> {
  return readFile(new URL(`../../../docs/man/${name}`, import.meta.url), "utf8");
}

/** The indented block below a heading. */
function example(text: string): string {
  const block = /## EXAMPLE\n\n((?: {4}.*\n|\n)+)/.exec(text)?.[1] ?? "";
  return block.replaceAll(/^ {4}/gm, "");
}

it("cluster.yaml(5) has an example that is right", async () => {
  expect(parseConfig(example(await page("cluster.yaml.5.md")), "cluster.yaml")).toMatchObject({ ok: true });
});

it("README.md has an example that is right", async () => {
  const text = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const block = /```yaml\n([^]*?)```/.exec(text)?.[1] ?? "";
  expect(parseConfig(block, "cluster.yaml")).toMatchObject({ ok: true });
});

it("cluster.yaml(5) names every key of the schema", async () => {
  const text = await page("cluster.yaml.5.md");
  const keys = new Set<string>();
  JSON.stringify(configJsonSchema(), (key, value: unknown) => {
    if (key === "properties") for (const name of Object.keys(value as object)) keys.add(name);
    return value;
  });
  expect([...keys].filter((key) => !text.includes(key))).toEqual([]);
  expect(keys.size).toBeGreaterThan(30);
});

it("authkeys(5) has an example that is right", async () => {
  expect(readKeys(example(await page("authkeys.5.md")))).toMatchObject({ ok: true, keys: { signWith: 2 } });
});

it("whatever the pages tell to type is there", async () => {
  const program = buildProgram(fakeContext().context, () => undefined);
  const known = new Map(
    program.commands.map((command) => [command.name(), command.commands.map((inner) => inner.name())]),
  );
  const pages = [
    "docs/man/haled.8.md",
    "docs/man/cluster.yaml.5.md",
    "docs/man/authkeys.5.md",
    "docs/errors.md",
    "README.md",
    "packaging/README.md",
  ];
  const texts = await Promise.all(
    pages.map(async (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8")),
  );
  const told = texts.join("\n").matchAll(/`hale ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g);
  const wrong = [...told].filter(([, command = "", inner]) => {
    const inners = known.get(command);
    return inners === undefined || (inners.length > 0 && inner !== undefined && !inners.includes(inner));
  });
  expect(wrong.map(([text]) => text)).toEqual([]);
});

it("hale(1) names every command and option", async () => {
  const text = await page("hale.1.md");
  const missing: string[] = [];
  const walk = (command: ReturnType<typeof buildProgram>): void => {
    for (const option of command.options) {
      if (
        option.long !== "--version" &&
        option.long !== undefined &&
        !text.includes(option.long) &&
        !text.includes(option.short ?? "?")
      ) {
        missing.push(`${command.name()} ${option.long}`);
      }
    }
    for (const inner of command.commands) {
      if (!text.includes(inner.name())) missing.push(inner.name());
      walk(inner);
    }
  };
  walk(buildProgram(fakeContext().context, () => undefined));
  expect(missing).toEqual([]);
});
