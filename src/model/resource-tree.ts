import type { ResourceConfig } from "./cluster-config.ts";

/**
 * What of a service stands on what, by positions in its list of resources.
 *
 * A resource is started after those that it names (`after`), or after the one above it, and stopped before them. Its *subtree* is itself and all that
 * stands on it, directly or through others. All that it is started after stands above it in the list, so there is no cycle, and a list where nobody
 * names anything is the tree with one branch.
 */
export interface ResourceTree {
  /** Those that each is started after, directly. */
  readonly below: readonly (readonly number[])[];
  /** Those that stand on each, directly or through others; from top to bottom. */
  readonly upon: readonly (readonly number[])[];
  /** Those marked `independent` or `critical: false` whose subtree has it, itself included; the nearest (lowest in the list) first. */
  readonly roots: readonly (readonly number[])[];
  /** True of each that the service cannot do without. */
  readonly isCritical: readonly boolean[];
}

const known = new WeakMap<readonly ResourceConfig[], ResourceTree>();

/** Made once for each list. */
export function treeOf(resources: readonly ResourceConfig[]): ResourceTree {
  let tree = known.get(resources);
  if (tree === undefined) {
    tree = makeTree(resources);
    known.set(resources, tree);
  }
  return tree;
}

function makeTree(resources: readonly ResourceConfig[]): ResourceTree {
  const below = resources.map(({ after }, position) => {
    if (after === undefined) return position === 0 ? [] : [position - 1];
    return after.map((id) => resources.findIndex((other) => other.id === id)).filter((other) => other >= 0);
  });
  const upon: number[][] = resources.map(() => []);
  const roots = resources.map((_, position) => {
    const under = new Set(below[position]);
    // Whoever is found is looked at too: a set that is walked takes what is added to it meanwhile.
    for (const other of under) for (const further of below[other] ?? []) under.add(further);
    for (const other of under) upon[other]?.push(position);
    return [position, ...under].filter((other) => isMarked(resources[other])).toSorted((a, b) => b - a);
  });
  const isCritical = roots.map((own) => own.every((root) => resources[root]?.critical !== false));
  return { below, upon, roots, isCritical };
}

function isMarked(resource: ResourceConfig | undefined): boolean {
  return resource?.independent === true || resource?.critical === false;
}

/** The resource there and all that stands on it, from top to bottom. */
export function subtreeOf(tree: ResourceTree, root: number): readonly number[] {
  return [root, ...(tree.upon[root] ?? [])];
}
