/** A place where a rule is stated or shown: path and line, for messages. */
export interface Place {
  readonly path: string;
  readonly line: number;
}

/**
 * Rules stated in documents, by id. A rule is a list item that opens with its id in bold: `- **SAFE-1** text`.
 *
 * @param documents path to text
 */
export function statedRules(documents: ReadonlyMap<string, string>): ReadonlyMap<string, Place> {
  return findIds(documents, statement);
}

const statement = /^- \*\*([A-Z]+-?\d+)\*\*/gm;

/** One line per id that two rules have. @param documents path to text */
export function repeatedRules(documents: ReadonlyMap<string, string>): readonly string[] {
  const ids = [...documents.values()].flatMap((text) => [...text.matchAll(statement)].map(([, id]) => id));
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))].map((id) => `two rules are called ${id}`);
}

/**
 * Rules named in test titles, by id: `[SAFE-1]` or `[SAFE-1, V2]` at the start of a quoted title.
 *
 * @param tests path to source text
 */
export function shownRules(tests: ReadonlyMap<string, string>): ReadonlyMap<string, Place> {
  const shown = new Map<string, Place>();
  for (const [list, place] of findIds(tests, /["'`]\[([A-Z]+-?\d+(?:, [A-Z]+-?\d+)*)\]/g)) {
    for (const id of list.split(", ")) if (!shown.has(id)) shown.set(id, place);
  }
  return shown;
}

/** One line per rule without a test and per test of an unknown rule; empty when they agree. */
export function disagreements(
  stated: ReadonlyMap<string, Place>,
  shown: ReadonlyMap<string, Place>,
): readonly string[] {
  const untested = [...stated]
    .filter(([id]) => !shown.has(id))
    .map(([id, at]) => `${at.path}:${at.line}: no test shows ${id}`);
  const unknown = [...shown]
    .filter(([id]) => !stated.has(id))
    .map(([id, at]) => `${at.path}:${at.line}: a test shows ${id}, which no document states`);
  return [...untested, ...unknown].sort();
}

function findIds(texts: ReadonlyMap<string, string>, pattern: RegExp): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>();
  for (const [path, text] of texts) {
    for (const match of text.matchAll(pattern)) {
      const id = match[1];
      if (id !== undefined && !found.has(id))
        found.set(id, { path, line: text.slice(0, match.index).split("\n").length });
    }
  }
  return found;
}
