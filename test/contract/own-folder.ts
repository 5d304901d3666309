import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/**
 * A folder of the tests around the call: named now, made before the first of them, gone after the last. Not made now: where all of them
 * are filtered out, no hook would take it away again.
 */
export function ownFolder(name: string): string {
  const folder = join(tmpdir(), `hale-${name}-${randomUUID()}`);
  beforeAll(() => {
    mkdirSync(folder, { mode: 0o700 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
