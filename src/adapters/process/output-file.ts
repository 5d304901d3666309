import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";

const nothing = Buffer.alloc(0);

/**
 * One program's output: a file that is read from its end and cut back while it grows.
 *
 * Opened to append, so that after a cut the writer goes on at the new end and leaves no hole.
 */
export class OutputFile {
  readonly fd: number;
  readonly #bytesMax: number;
  /** The end of what was cut away. */
  #kept: Buffer = nothing;
  #isCut = false;

  /** @throws Error of node:fs when the file cannot be made */
  constructor(path: string, bytesMax: number) {
    this.#bytesMax = bytesMax;
    // O_NOFOLLOW: the folder is ours alone, and if it is not, nobody shall choose what we truncate.
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND | constants.O_NOFOLLOW;
    this.fd = openSync(path, flags, 0o600);
  }

  /** Cuts the file when it has passed `fileBytesMax`, remembering its end. */
  bound(fileBytesMax: number): void {
    if (fstatSync(this.fd).size <= fileBytesMax) return;
    this.#kept = this.#readEnd();
    this.#isCut = true;
    ftruncateSync(this.fd, 0);
  }

  /** The end of all that was written, whole characters; leaves at most that on disk. */
  finish(): string {
    this.bound(this.#bytesMax);
    const last = this.#isCut ? Buffer.concat([this.#kept, this.#readEnd()]) : this.#readEnd();
    return decodeEnd(last, this.#bytesMax);
  }

  close(): void {
    closeSync(this.fd);
  }

  #readEnd(): Buffer {
    const size = fstatSync(this.fd).size;
    if (size === 0) return nothing;
    const wanted = Math.min(size, this.#bytesMax);
    const buffer = Buffer.alloc(wanted);
    const read = readSync(this.fd, buffer, 0, wanted, size - wanted);
    return buffer.subarray(0, read);
  }
}

/** The last `bytesMax` bytes as text: no half character at the cut, no byte that a terminal obeys. */
export function decodeEnd(bytes: Buffer, bytesMax: number): string {
  let from = Math.max(0, bytes.length - bytesMax);
  if (from > 0) {
    while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  }
  const text = bytes.subarray(from).toString("utf8");
  // Agents print colours, progress bars and, when they break, anything: keep line ends and tabs, show the rest.
  const harmless = text.replaceAll(/[^\P{Cc}\t\n]/gu, "\ufffd");
  // A replacement character is three bytes where one was; hold the promise of the limit.
  return Buffer.byteLength(harmless) <= bytesMax ? harmless : shorten(harmless, bytesMax);
}

function shorten(text: string, bytesMax: number): string {
  let end = text.slice(-bytesMax);
  while (Buffer.byteLength(end) > bytesMax)
    end = end.slice(Math.max(1, Math.floor((Buffer.byteLength(end) - bytesMax) / 3)));
  return end;
}
