/** What may be imported: rooms (or node modules, or packages) by name, or everything. */
export type Allowed = ReadonlySet<string> | "everything";

/** What one room may take from outside of itself. */
export interface RoomRule {
  readonly rooms: Allowed;
  readonly nodeModules: Allowed;
  readonly packages: Allowed;
}

/** The parsed file `DEPS`. */
export interface Rules {
  /** Keyed by folder, such as "src/core". */
  readonly rooms: ReadonlyMap<string, RoomRule>;
  /** What `*.test.ts` may take on top of what its room may. */
  readonly tests: RoomRule;
  /** Room to its folders in order: a folder imports only folders before it. */
  readonly orders: ReadonlyMap<string, readonly string[]>;
  /** Room whose folders may not import each other, to the folders that any of them may import. */
  readonly aparts: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Parse `DEPS`: one line per room, `room rooms | node modules | packages`, and lines `tests`, `order`, `apart`.
 *
 * @throws SyntaxError when a line has another shape, or names a room that has no line
 */
export function parseRules(text: string): Rules {
  const rooms = new Map<string, RoomRule>();
  const orders = new Map<string, readonly string[]>();
  const aparts = new Map<string, ReadonlySet<string>>();
  let tests: RoomRule = { rooms: new Set(), nodeModules: new Set(), packages: new Set() };

  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [name = "", ...words] = line.split(/\s+/);
    if (name === "order" || name === "apart") {
      const [room = "", ...folders] = words;
      if (name === "order") orders.set(room, folders);
      else aparts.set(room, new Set(folders));
      continue;
    }
    const columns = line.slice(name.length).split("|");
    if (columns.length !== 3) {
      throw new SyntaxError(`Cannot read DEPS line ${index + 1}: ${columns.length} columns, 3 wanted`);
    }
    const [inRooms = "", nodeModules = "", packages = ""] = columns;
    const rule = { rooms: parseList(inRooms), nodeModules: parseList(nodeModules), packages: parseList(packages) };
    if (name === "tests") tests = rule;
    else rooms.set(name, rule);
  }
  checkNames({ rooms, tests, orders, aparts });
  return { rooms, tests, orders, aparts };
}

function parseList(text: string): Allowed {
  const words = text.trim().split(/\s+/);
  if (words.includes("*")) return "everything";
  return new Set(words.filter((word) => word !== "-" && word !== ""));
}

function checkNames({ rooms, tests, orders, aparts }: Rules): void {
  const named = [...rooms.values(), tests].flatMap(({ rooms: list }) => (list === "everything" ? [] : [...list]));
  for (const room of [...named, ...orders.keys(), ...aparts.keys()]) {
    if (!rooms.has(room)) throw new SyntaxError(`Cannot read DEPS: room "${room}" has no line`);
  }
}
