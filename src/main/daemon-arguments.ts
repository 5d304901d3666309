import { version } from "./version.ts";

const usage = `Usage: haled

The daemon of one node of a hale cluster, in the foreground. It takes no arguments but --help and --version.
Folders: HALE_ETC (/etc/hale), HALE_STATE (/var/lib/hale), HALE_RUN (/run/hale). More: man haled.
`;

/** What `haled` answers to arguments. A daemon that took none of them amiss would join the cluster for somebody who wants to read its help. */
export interface ArgumentsAnswer {
  readonly code: 0 | 2;
  readonly text: string;
}

/** @returns null when there are none: it is to run */
export function answerArguments(words: readonly string[]): ArgumentsAnswer | null {
  if (words.length === 0) return null;
  const text = words.join(" ");
  if (text === "--version" || text === "-V") return { code: 0, text: `${version}\n` };
  if (text === "--help" || text === "-h") return { code: 0, text: usage };
  return { code: 2, text: `haled: Cannot use ${JSON.stringify(text)}: it takes no such arguments\n\n${usage}` };
}
