import { createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { ClusterError } from "../model/errors.ts";

/**
 * The shared keys: one signs, all are believed. Rotation without a gap: give every node the new key as an accepted one, then let
 * `auth` name it on every node, then take the old one away.
 */
export interface Keys {
  /** Number of the key that signs. */
  readonly signWith: number;
  /** Every key that is believed, by number. A KeyObject: HMAC with raw bytes is five times slower on newer Node. */
  readonly byNumber: ReadonlyMap<number, KeyObject>;
}

/** A mistake in the key file. Line and column count from 1. Never quotes a secret. */
export interface KeyProblem {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Shorter secrets can be guessed offline from one recorded packet. */
export const secretCharactersMin = 16;

const keyNumberMax = 255;

interface Word {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Reads the text of `authkeys`, heartbeat's format with one method:
 *
 *     auth 2
 *     1 hmac-sha256 the-old-secret-of-at-least-16
 *     2 hmac-sha256 the-new-secret-of-at-least-16
 *
 * Empty lines and lines that begin with `#` do not count.
 *
 * @param name of the file, for the error
 * @throws ClusterError KEYS_INVALID with every mistake, a line each
 */
export function parseKeys(text: string, name = "the key file"): Keys {
  const read = readKeys(text);
  if (read.ok) return read.keys;
  const lines = read.problems.map(({ line, column, text: what }) => `  line ${line}, column ${column}: ${what}`);
  throw new ClusterError("KEYS_INVALID", [`Cannot use ${name}: ${lines.length} to mend`, ...lines].join("\n"));
}

/** Like `parseKeys`, with the mistakes as a value, in the order of the file. */
export function readKeys(
  text: string,
): { readonly ok: true; readonly keys: Keys } | { readonly ok: false; readonly problems: readonly KeyProblem[] } {
  const problems: KeyProblem[] = [];
  const byNumber = new Map<number, KeyObject>();
  const lines = text.split(/\r?\n/).map((line, index) => splitWords(line, index + 1));
  const report = (at: Word, what: string): void => {
    problems.push({ line: at.line, column: at.column, text: what });
  };
  const auths: (readonly Word[])[] = [];
  for (const words of lines) {
    if (words[0] === undefined || words[0].text.startsWith("#")) continue;
    if (words[0].text === "auth") auths.push(words);
    else readKeyLine(words, byNumber, report);
  }
  const signWith = readAuth(auths, { lineCount: lines.length, byNumber }, report);
  if (problems.length === 0) return { ok: true, keys: { signWith, byNumber } };
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

type Report = (at: Word, what: string) => void;

function readKeyLine(words: readonly Word[], byNumber: Map<number, KeyObject>, report: Report): void {
  const [number, method, secret, surplus] = words;
  if (number === undefined) return;
  const value = parseKeyNumber(number.text);
  if (value === null) return report(number, `"auth" or a key number from 1 to ${keyNumberMax} is wanted`);
  if (byNumber.has(value)) report(number, `key ${value} is here twice`);
  if (method === undefined) return report(endOf(words), `key ${value} has no method, "hmac-sha256" is wanted`);
  if (method.text !== "hmac-sha256") {
    return report(method, `method ${JSON.stringify(method.text)} is not supported, "hmac-sha256" is wanted`);
  }
  if (secret === undefined) return report(endOf(words), `key ${value} has no secret`);
  if (surplus !== undefined) report(surplus, "a secret is one word, without spaces");
  if (secret.text.length < secretCharactersMin) {
    report(secret, `the secret has ${secret.text.length} characters, at least ${secretCharactersMin} are wanted`);
  }
  byNumber.set(value, createSecretKey(secret.text, "utf8"));
}

function readAuth(
  auths: readonly (readonly Word[])[],
  file: { readonly lineCount: number; readonly byNumber: ReadonlyMap<number, KeyObject> },
  report: Report,
): number {
  const [first, second] = auths;
  if (first === undefined) {
    report({ text: "", line: file.lineCount, column: 1 }, 'no line "auth NUMBER" says which key signs');
    return 0;
  }
  if (second?.[0] !== undefined) report(second[0], '"auth" is here twice');
  const [, number, surplus] = first;
  if (number === undefined) {
    report(endOf(first), '"auth" wants the number of the key that signs');
    return 0;
  }
  if (surplus !== undefined) report(surplus, '"auth" wants one number');
  const value = parseKeyNumber(number.text);
  if (value === null) report(number, `"auth" wants a key number from 1 to ${keyNumberMax}`);
  else if (!file.byNumber.has(value)) report(number, `key ${value} is not in the file`);
  return value ?? 0;
}

function parseKeyNumber(text: string): number | null {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) return null;
  const value = Number(text);
  return value <= keyNumberMax ? value : null;
}

function splitWords(text: string, line: number): readonly Word[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], line, column: match.index + 1 }));
}

/** Just behind the last word: where the missing one belongs. */
function endOf(words: readonly Word[]): Word {
  const last = words.at(-1);
  if (last === undefined) return { text: "", line: 1, column: 1 };
  return { text: "", line: last.line, column: last.column + last.text.length + 1 };
}
