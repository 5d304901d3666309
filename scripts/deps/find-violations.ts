import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { findCycles } from "./find-cycles.ts";
import { type Module, parseModule } from "./parse-module.ts";
import type { Allowed, RoomRule, Rules } from "./rules.ts";

interface Place {
  readonly room: string;
  /** First folder below the room, undefined for a file directly in it. */
  readonly folder: string | undefined;
}

/**
 * Check every file against the rules of `DEPS` and of the style guide.
 *
 * @param sources text of every TypeScript file, keyed by its path from the root, such as "src/core/step.ts"
 * @returns one line per violation, `path:line: what`, in order of path; empty when all is well
 */
export function findViolations(sources: ReadonlyMap<string, string>, rules: Rules): readonly string[] {
  const found: string[] = [];
  const graph = new Map<string, readonly string[]>();

  for (const path of [...sources.keys()].toSorted()) {
    const module = parseModule(sources.get(path) ?? "");
    const place = placeOf(path, rules);
    if (place === undefined) {
      found.push(`${path}:1: lies in no room of DEPS`);
      continue;
    }
    found.push(...shapeViolations(path, module), ...orderedFolderViolations(path, place, rules));
    for (const { specifier, line } of module.imports) {
      const what = importViolation(path, place, specifier, rules);
      if (what !== undefined) found.push(`${path}:${line}: ${what}`);
    }
    graph.set(
      path,
      module.imports.filter(isRelative).map(({ specifier }) => resolveFrom(path, specifier)),
    );
  }
  const cycles = findCycles(graph).map((cycle) => `${cycle[0]}:1: import cycle: ${cycle.join(" -> ")} -> ${cycle[0]}`);
  return [...found, ...cycles];
}

function shapeViolations(path: string, module: Module): readonly string[] {
  const found = module.exportStars.map((line) => `${path}:${line}: export * (name what is exported, where it lives)`);
  // Tools such as vitest prescribe a default export in their configuration files.
  const defaults = path.endsWith(".config.ts") ? [] : module.defaultExports;
  found.push(...defaults.map((line) => `${path}:${line}: default export (give it a name)`));
  if (/^index\.tsx?$/.test(posix.basename(path))) found.push(`${path}:1: barrel (name the file after its concept)`);
  return found;
}

function orderedFolderViolations(path: string, place: Place, rules: Rules): readonly string[] {
  const order = rules.orders.get(place.room);
  if (order === undefined || place.folder === undefined || order.includes(place.folder)) return [];
  return [`${path}:1: folder "${place.folder}" has no place in the order of ${place.room} in DEPS`];
}

function importViolation(path: string, place: Place, specifier: string, rules: Rules): string | undefined {
  const rule = rules.rooms.get(place.room);
  const allowing = [rule, isTest(path) ? rules.tests : undefined].filter((one) => one !== undefined);
  if (specifier.startsWith(".")) return relativeViolation(path, place, specifier, { allowing, rules });
  const isNode = isBuiltin(specifier);
  const name = isNode ? `node:${specifier.replace(/^node:/, "")}` : packageOf(specifier);
  if (allowing.some((one) => allows(isNode ? one.nodeModules : one.packages, name))) return undefined;
  return `${place.room} may not import ${name}`;
}

function relativeViolation(
  path: string,
  place: Place,
  specifier: string,
  { allowing, rules }: { readonly allowing: readonly RoomRule[]; readonly rules: Rules },
): string | undefined {
  const target = resolveFrom(path, specifier);
  const other = placeOf(target, rules);
  if (other?.room === place.room) return insideViolation(place, other, rules);
  if (other !== undefined && isTest(target)) return `a test may not be imported: ${target}`;
  if (allowing.some(({ rooms }) => rooms === "everything" || (other !== undefined && rooms.has(other.room)))) {
    return undefined;
  }
  return `${place.room} may not import ${other?.room ?? target} (${target})`;
}

/** The inner direction of a room: ordered folders, and folders that stay apart. */
function insideViolation(from: Place, to: Place, rules: Rules): string | undefined {
  if (from.folder === undefined || from.folder === to.folder) return undefined;
  const order = rules.orders.get(from.room);
  if (order !== undefined) {
    if (to.folder === undefined) return `folder ${from.folder} may not import files directly in ${from.room}`;
    if (order.indexOf(to.folder) >= order.indexOf(from.folder)) {
      return `folder ${from.folder} may not import ${to.folder}, which comes after it in ${from.room}`;
    }
  }
  const shared = rules.aparts.get(from.room);
  if (shared !== undefined && to.folder !== undefined && !shared.has(to.folder)) {
    return `folder ${from.folder} may not import ${to.folder}: folders of ${from.room} stay apart`;
  }
  return undefined;
}

/** The longest room that holds `path`. */
function placeOf(path: string, rules: Rules): Place | undefined {
  const rooms = [...rules.rooms.keys()].filter((room) => path.startsWith(`${room}/`));
  const room = rooms.toSorted((a, b) => b.length - a.length)[0];
  if (room === undefined) return undefined;
  const below = path.slice(room.length + 1).split("/");
  return { room, folder: below.length > 1 ? below[0] : undefined };
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}

function isRelative({ specifier }: { readonly specifier: string }): boolean {
  return specifier.startsWith(".");
}

function resolveFrom(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier);
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function allows(allowed: Allowed, name: string): boolean {
  return allowed === "everything" || allowed.has(name);
}
