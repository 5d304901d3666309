/**
 * Files that import each other in a circle.
 *
 * Depth first with three colours; each circle is reported once, from the edge that closes it, so that mending what is
 * reported and running again finds the rest.
 *
 * @param graph imported paths of each path; paths without an entry are outside and ignored
 * @returns each cycle as paths in import order, without repeating the first one
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const trail: string[] = [];

  function visit(path: string): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push(trail.slice(start));
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const next of new Set(graph.get(path))) if (graph.has(next)) visit(next);
    trail.pop();
    done.add(path);
  }

  for (const path of graph.keys()) visit(path);
  return cycles;
}
