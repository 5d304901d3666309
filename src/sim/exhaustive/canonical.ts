import type { Entry } from "../../model/entry.ts";
import { bootOf, type Incarnation } from "../../model/incarnation.ts";
import { never } from "../../model/units.ts";
import type { ViewId } from "../../model/view.ts";
import { entryKey } from "../group/entry-key.ts";

/**
 * One text per state: two states with the same text behave the same from here on.
 *
 * Instants are written as spans from now. What lies so far back that no rule of the group looks there is all the same, and so are all
 * deadlines that have come. A field that is not named here is written as it is: a new field of the core can make states differ that
 * are the same, never the other way round.
 */

/** Instants to come: once they are there, they are there. */
const deadlines = new Set(["deadline", "notBefore", "slowUntil", "at"]);

/** Instants that have passed, and how far back a rule looks: with keepalive 100 ms, deadtime 300 ms. */
const pasts: ReadonlyMap<string, number> = new Map([
  ["heardAt", 600],
  ["deafSince", 400],
  ["twoWaySince", 400],
  ["changingSince", 300],
  ["idleSince", 900],
  ["wideSince", 2_600],
  ["calmSince", 1_200],
  ["orderedAt", 1_000],
  ["askedAt", 1_000],
  ["steppedAt", 200],
]);

/**
 * Not written: what stays for a life (`setup`; the life is told apart elsewhere), what only the lease and the status are made of, and
 * the order of heartbeats, which a world keeps itself (see `SmallWorld`).
 */
const ignored = new Set([
  "setup",
  "seed",
  "leaseUntil",
  "echo",
  "sentAt",
  "wantedAt",
  "loopLateMs",
  "stamped",
  "enteredAt",
  "port",
  "probedAt",
]);

/** Parts without instants, which many states share. */
const timeless = new Set(["beat", "log", "setup", "answers", "messages", "pending", "lastDelivered", "viewMembers"]);

const texts = new WeakMap<object, string>();

/** @param now the clock that the instants inside are of */
export function canonicalText(value: unknown, now: number): string {
  return written(value, "", now);
}

/** The text of a value without instants of its own: a message, a record. Kept for as long as the value. */
export function timelessText(value: object): string {
  let text = texts.get(value);
  if (text === undefined) {
    text = object(value, "", 0);
    texts.set(value, text);
  }
  return text;
}

/** 53 bits: among a million worlds, two are taken for one in one of 18,000 walks. */
export function digest(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

function written(value: unknown, key: string, now: number): string {
  if (typeof value === "number") return instant(value, key, now);
  if (typeof value !== "object" || value === null) return String(value);
  return timeless.has(key) ? timelessText(value) : object(value, key, now);
}

function instant(value: number, key: string, now: number): string {
  if (value === never) return "~";
  if (deadlines.has(key)) return value <= now ? "0" : String(Math.ceil(value - now));
  const span = pasts.get(key);
  return span === undefined ? String(value) : String(Math.min(span, Math.round(now - value)));
}

function object(value: object, key: string, now: number): string {
  if (Array.isArray(value)) return `[${value.map((item) => written(item, "", now)).join()}]`;
  if (value instanceof Map) return object([...value.entries()], key, now);
  if ("counter" in value) return viewText(value as ViewId);
  if ("body" in value && "index" in value) return `${(value as Entry).index} ${keyOf(value as Entry)}`;
  if ("entries" in value && "trimmed" in value) return logText(value as LogLike);
  if (key === "held") return heldText(value as { readonly at: number }, now);
  let text = "{";
  for (const field in value) {
    if (ignored.has(field)) continue;
    // Of its instant of beginning an electing node asks only whether it was the first one of its life.
    text += field === "since" ? ";" : `${written((value as Record<string, unknown>)[field], field, now)};`;
  }
  return `${text}}`;
}

function heldText(held: { readonly at: number }, now: number): string {
  const { at, ...rest } = held;
  return `${Math.min(1_000, Math.round(now - at))}${object(rest, "", now)}`;
}

interface LogLike {
  readonly entries: readonly Entry[];
  readonly length: number;
  readonly trimmed: number;
  readonly electorates: readonly object[];
}

/** The array behind a log may be longer than the log. */
function logText(log: LogLike): string {
  const keys = log.entries.slice(0, log.length - log.trimmed).map(keyOf);
  return `<${log.trimmed} ${keys.join("|")} ${object(log.electorates, "", 0)}>`;
}

/** `3/b.1`: counter, proposer, boot counter of its life. In these worlds a life is named by its boot counter. */
function viewText({ counter, proposer, incarnation }: ViewId): string {
  return `${counter}/${proposer}.${lifeText(incarnation)}`;
}

export function lifeText(incarnation: Incarnation): number {
  return bootOf(incarnation);
}

const keys = new WeakMap<Entry, string>();

/** What makes an entry this one: everything but its stamp. */
export function keyOf(entry: Entry): string {
  let key = keys.get(entry);
  if (key === undefined) {
    key = entryKey(entry);
    keys.set(entry, key);
  }
  return key;
}
