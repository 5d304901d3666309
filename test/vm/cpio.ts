/** A file, folder or device in an archive; `content` null is a folder. */
export interface CpioEntry {
  /** Without a slash at the beginning. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array | null;
}

/** An archive as Linux takes for its first root file system ("newc": cpio(5), usr/gen_init_cpio.c). */
export function makeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const [index, entry] of [...entries, { path: "TRAILER!!!", mode: 0, content: null }].entries()) {
    const name = Buffer.from(`${entry.path}\0`);
    const content = entry.content ?? new Uint8Array();
    const fields = [index + 1, entry.mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
    parts.push(padded(Buffer.concat([header, name])), padded(Buffer.from(content)));
  }
  return Buffer.concat(parts);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
