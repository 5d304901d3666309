import { constants } from "node:fs";
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { DiskRecord } from "../../model/disk.ts";
import { ClusterError } from "../../model/errors.ts";
import type { Journal, JournalContent } from "../../ports/journal.ts";
import { makeFolder } from "../process/make-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { chainStart, type ChainLink, encodeFrame, fileHeader } from "./frame.ts";
import { readJournal } from "./read-journal.ts";

/** What waits is put into one frame up to about this many bytes; a single longer append has its own. */
const batchBytesMax = 1024 * 1024;

/** One call that waits for the disk. */
interface Job {
  readonly kind: "append" | "rewrite";
  readonly records: readonly DiskRecord[];
  readonly done: () => void;
  readonly fail: (error: ClusterError) => void;
}

/**
 * The journal in a folder. Life: `load` once, then any number of `append` and `rewrite`, then `close`.
 *
 * Invariant: `#file` is open for appending and its length is that of `#link`'s frame's end, unless a write is under way or failed.
 */
export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #path: string;
  #unlock: (() => Promise<void>) | null = null;
  #file: FileHandle | null = null;
  #link: ChainLink = chainStart;
  #jobs: Job[] = [];
  #working: Promise<void> | null = null;
  #failure: ClusterError | null = null;

  /** @param folder is made (0700) when it is not there */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, "journal");
  }

  /** @throws ClusterError STATE_UNUSABLE: no such folder can be, no permission, taken by another daemon, or of a newer version */
  async load(): Promise<JournalContent> {
    try {
      makeFolder(this.#folder, 0o700);
      this.#unlock = await lockFolder(this.#folder);
      return await this.#read();
    } catch (error) {
      await this.#unlock?.();
      this.#unlock = null;
      this.#failure = error instanceof ClusterError ? error : unusable(this.#path, "read", error);
      throw this.#failure;
    }
  }

  append(records: readonly DiskRecord[]): Promise<void> {
    return this.#enqueue("append", records);
  }

  rewrite(records: readonly DiskRecord[]): Promise<void> {
    return this.#enqueue("rewrite", records);
  }

  async close(): Promise<void> {
    while (this.#working !== null) await this.#working;
    this.#failure ??= new ClusterError("STATE_UNUSABLE", `Cannot write "${this.#path}": the journal is closed`);
    await this.#file?.close();
    this.#file = null;
    await this.#unlock?.();
    this.#unlock = null;
  }

  async #read(): Promise<JournalContent> {
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (bytes === null) {
      await this.#replace([]);
      return { records: [], state: "none", detail: `${this.#path}: new` };
    }
    const read = readJournal(bytes);
    const detail = `${this.#path}: ${read.detail}`;
    if (read.state === "foreign") throw new ClusterError("STATE_UNUSABLE", foreignText(this.#path, read.detail));
    // A damaged journal is left as it is, for whoever wants to look at it, until the daemon rewrites it.
    if (read.state === "damaged") return { records: [], state: "damaged", detail };
    this.#file = await openForAppend(this.#path);
    this.#link = read.link;
    if (read.end < bytes.length) {
      await this.#file.truncate(read.end);
      await this.#file.sync();
    }
    return { records: read.records, state: "good", detail };
  }

  #enqueue(kind: Job["kind"], records: readonly DiskRecord[]): Promise<void> {
    return new Promise((done, fail) => {
      if (this.#failure !== null) return fail(this.#failure);
      this.#jobs.push({ kind, records, done, fail });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    // The first turn waits, so that appends of one step of the core go together.
    await Promise.resolve();
    while (this.#jobs.length > 0 && this.#failure === null) await this.#doNext();
    this.#working = null;
    if (this.#failure === null) return;
    for (const job of this.#jobs.splice(0)) job.fail(this.#failure);
  }

  async #doNext(): Promise<void> {
    const { jobs, payload } = takeBatch(this.#jobs);
    try {
      if (jobs[0]?.kind === "rewrite") await this.#replace(jobs[0].records);
      else await this.#write(payload);
      for (const job of jobs) job.done();
    } catch (error) {
      this.#failure = unusable(this.#path, "write", error);
      for (const job of jobs) job.fail(this.#failure);
    }
  }

  async #write(payload: Uint8Array): Promise<void> {
    if (this.#file === null) throw new Error("it is damaged and was not rewritten");
    const { bytes, link } = encodeFrame(payload, this.#link);
    await writeAll(this.#file, bytes);
    this.#link = link;
  }

  /** Written beside, synced, renamed, folder synced: at every moment the old or the new content is there, whole. */
  async #replace(records: readonly DiskRecord[]): Promise<void> {
    const beside = `${this.#path}.new`;
    const file = await open(beside, "w", 0o600);
    let link = chainStart;
    try {
      await writeAll(file, fileHeader);
      const rest: Job[] = records.map((record) => ({ kind: "append", records: [record], done: ignore, fail: ignore }));
      while (rest.length > 0) {
        const frame = encodeFrame(takeBatch(rest).payload, link);
        await writeAll(file, frame.bytes);
        link = frame.link;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.#path);
    await syncFolder(this.#folder);
    await this.#file?.close();
    this.#file = await openForAppend(this.#path);
    this.#link = link;
  }
}

/** Takes from the front: one rewrite, or appends while they fit a batch. */
function takeBatch(jobs: Job[]): { readonly jobs: readonly Job[]; readonly payload: Uint8Array } {
  if (jobs[0]?.kind === "rewrite") return { jobs: jobs.splice(0, 1), payload: new Uint8Array(0) };
  const texts: string[] = [];
  let length = 0;
  let count = 0;
  for (const job of jobs) {
    if (job.kind === "rewrite" || length > batchBytesMax) break;
    count += 1;
    const added = job.records.map((record) => JSON.stringify(record));
    for (const text of added) length += text.length;
    texts.push(...added);
  }
  return { jobs: jobs.splice(0, count), payload: Buffer.from(`[${texts.join(",")}]`, "utf8") };
}

function ignore(): void {}

/** O_DSYNC: a write is as good as write and fdatasync, in one trip to the threads that do it. A takeover has three in a row. */
function openForAppend(path: string): Promise<FileHandle> {
  return open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_DSYNC);
}

/** A disk that is nearly full takes a part. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at)).bytesWritten;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What to do about it, by errno. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room, then start haled again",
  EDQUOT: "the quota is used up; make room, then start haled again",
  EIO: "the disk does not take it; check the disk (kernel log), then start haled again",
  EROFS: "the file system is read-only; check the disk (kernel log) and mount it for writing",
  EACCES: "not permitted; haled must own the folder (root, 0700)",
  EPERM: "not permitted; haled must own the folder (root, 0700)",
  ENOTDIR: "something that is not a folder is in the way; move that, or set HALE_STATE",
  EISDIR: "a folder is where a file is wanted; move it away",
  ENOENT: "the folder cannot be made there (a link to nowhere, a file system of the kernel's own); set HALE_STATE",
  ELOOP: "its links lead in a circle; mend them, or set HALE_STATE",
  ENAMETOOLONG: "the path is too long; set HALE_STATE to a shorter one",
};

function unusable(path: string, doing: "read" | "write", cause: unknown): ClusterError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : remedies[code];
  const why = remedy === undefined ? message : `${code}, ${remedy}`;
  return new ClusterError("STATE_UNUSABLE", `Cannot ${doing} the journal "${path}": ${why}`, { cause });
}

function foreignText(path: string, detail: string): string {
  return `Cannot use the journal "${path}": ${detail}; install the version of hale that wrote it, or a newer one`;
}
