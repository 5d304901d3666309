import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileJournal } from "../../src/adapters/journal/file-journal.ts";
import { journalContract } from "./journal.contract.ts";

journalContract("file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hale-journal-"));
  const path = join(folder, "journal");
  let journal: FileJournal | null = null;
  return {
    make: () => (journal = new FileJournal(folder)),
    // Inside one process a kill is a close: what a kill can cut off is tested byte by byte beside the adapter.
    kill: () => journal?.close() ?? Promise.resolve(),
    damage: async () => {
      const bytes = await readFile(path);
      const at = bytes.indexOf('"boot"');
      bytes[at + 1] = 0x42;
      await writeFile(path, bytes);
    },
    settle: (promise) => promise,
    dispose: async () => {
      await journal?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
